import { z } from "zod";
import { assertEquals } from "../../std/assert.ts";
import { issueWords } from "../../std/issue_words.ts";
import { shown } from "../../std/shown.ts";

Deno.test("issueWords: what was expected, and what came", () => {
  const said = (schema: z.ZodType, value: unknown) =>
    schema.safeParse(value, { reportInput: true }).error?.issues.map(issueWords);
  assertEquals(said(z.number(), "many"), ['expected number, got "many"']);
  assertEquals(said(z.number(), NaN), ["expected number, got NaN"]);
  assertEquals(said(z.number(), 5n), ["expected number, got 5"]);
  assertEquals(said(z.int().min(1), 0), ["expected number to be >=1, got 0"]);
  assertEquals(said(z.enum(["a", "b"]), "c"), ['expected one of "a"|"b", got "c"']);
  assertEquals(said(z.enum(["a got b", "c"]), "d"), ['expected one of "a got b"|"c", got "d"']);
  assertEquals(said(z.strictObject({ a: z.string() }), {}), ["expected string, got undefined"]);
  assertEquals(said(z.number().refine(() => false, "expected more"), 1), ["expected more"]);
  assertEquals(said(z.union([z.number(), z.tuple([z.number()])]), "x"), [
    'expected number, or tuple, got "x"',
  ]);
  assertEquals(
    said(z.string(), Array(60).fill(1))?.[0]?.length,
    "expected string, got ".length + 80,
  );
});

Deno.test("shown: JSON where there is some, cut; else text", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const values = [1, NaN, 5n, "a", undefined, null, [1], cycle, { big: 1n }, Symbol("s")];
  assertEquals(values.map((value) => shown(value)), [
    ...["1", "NaN", "5", '"a"', "undefined", "null", "[1]", "[object Object]", "[object Object]"],
    "Symbol(s)",
  ]);
  assertEquals(shown("x".repeat(90), 10), '"xxxxxxxx…');
});
