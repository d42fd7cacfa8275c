import { z } from "zod";
import { assertEquals } from "../../std/assert.ts";
import { issueWords } from "../../std/issue_words.ts";

Deno.test("issueWords: what was expected, and what came", () => {
  const said = (schema: z.ZodType, value: unknown) =>
    schema.safeParse(value, { reportInput: true }).error?.issues.map(issueWords);
  assertEquals(said(z.number(), "many"), ['expected number, got "many"']);
  assertEquals(said(z.int().min(1), 0), ["expected number to be >=1, got 0"]);
  assertEquals(said(z.enum(["a", "b"]), "c"), ['expected one of "a"|"b", got "c"']);
  assertEquals(said(z.strictObject({ a: z.string() }), {}), ["expected string, got undefined"]);
  assertEquals(said(z.number().refine(() => false, "expected more"), 1), ["expected more"]);
  assertEquals(
    said(z.string(), Array(60).fill(1))?.[0]?.length,
    "expected string, got ".length + 80,
  );
});
