import { assert, assertEquals, assertStringIncludes } from "../../std/assert.ts";
import { checkEnvCommand } from "../../stages/check_env.ts";
import { runRecorded } from "./recorded.ts";

const run = (...args: string[]) => runRecorded(checkEnvCommand, args);

Deno.test("an environment that keeps the contract: exit 0 and a line for each check", async () => {
  const { code, out, err } = await run("taxi", "--episodes", "3");
  assertEquals([code, err], [0, ""]);
  assertStringIncludes(out, "ok   every task starts · pickup, dropoff, full\n");
  const lines = out.split("\n").filter((line) => /^(ok|skip) /.test(line));
  const passed = lines.filter((line) => line.startsWith("ok")).length;
  assert(passed > 15);
  assertStringIncludes(
    out,
    `taxi keeps the contract: ${passed} passed, 0 failed, ${lines.length - passed} skipped`,
  );
});

Deno.test("one that does not: exit 1 and what is wrong", async () => {
  const { code, out } = await run(
    "taxi",
    "--with",
    '{"horizon":1}',
    "--episodes",
    "1",
  );
  assertEquals(code, 1);
  assertStringIncludes(
    out,
    'FAIL the expert reaches success in every task\n       task "pickup": the expert succeeded in none of 1 episodes',
  );
  assertStringIncludes(out, "does not keep the contract");
});

Deno.test("--json prints the report", async () => {
  const { code, out } = await run("taxi", "--json", "--episodes", "1");
  const report = JSON.parse(out);
  assertEquals([code, report.environment, report.passed], [0, "taxi", true]);
});

Deno.test("wrong arguments and modules: exit 2, nothing on stdout", async () => {
  const cases: [string[], string][] = [
    [[], "expected one module, got 0"],
    [["taxi", "lake"], "expected one module, got 2 (taxi lake)"],
    [["taxi", "--speed"], "--speed"],
    [
      ["taxi", "--episodes", "0"],
      '--episodes: expected a positive whole number, got "0"',
    ],
    [["taxi", "--with", "{task"], "--with: expected JSON"],
    [["taxi", "--with", '{"tusk":"full"}'], 'did you mean "task"?'],
    [["taxy"], 'did you mean "taxi"?'],
    [["./nowhere.ts"], "cannot load environment module ./nowhere.ts"],
  ];
  for (const [args, says] of cases) {
    const { code, out, err } = await run(...args);
    assertEquals([code, out], [2, ""], args.join(" "));
    assertStringIncludes(err, says);
  }
});

Deno.test("--help explains and exits 0", async () => {
  const { code, out } = await run("--help");
  assertEquals(code, 0);
  assertStringIncludes(out, "usage: deno task check-env MODULE");
});
