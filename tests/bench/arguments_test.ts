import { assertEquals, assertThrows } from "../../std/assert.ts";
import { readBenchArguments } from "../../bench/arguments.ts";
import { UsageError } from "../../cli/arguments.ts";

Deno.test("all sections are measured unless some are named", () => {
  assertEquals(readBenchArguments([])?.sections, [
    "matmul",
    "training",
    "decode",
    "scaling",
    "envs",
    "engine",
  ]);
  assertEquals(readBenchArguments(["--only", "scaling", "--only", "matmul", "--quick"]), {
    sections: ["matmul", "scaling"],
    quick: true,
    peers: true,
    out: undefined,
  });
  assertEquals(readBenchArguments(["--no-peers", "--out", "r.json"])?.out, "r.json");
  assertEquals(readBenchArguments(["envs", "--only", "matmul"])?.sections, ["matmul", "envs"]);
  assertEquals(readBenchArguments(["--no-peers"])?.peers, false);
});

Deno.test("an unknown section or option is an error with a suggestion", () => {
  const refused = (args: string[], said: string) =>
    assertThrows(() => readBenchArguments(args), UsageError, said);
  refused(["--only", "matmull"], 'did you mean "matmul"?');
  refused(["--quik"], 'did you mean "--quick"?');
  refused(["--out"], "--out needs a value");
  refused(["matmull"], 'there is no section "matmull"; did you mean "matmul"?');
});
