import { assertEquals, assertStringIncludes } from "../../std/assert.ts";
import { checkAgentCommand } from "../../stages/check_agent.ts";
import { runRecorded } from "./recorded.ts";

const run = (...args: string[]) => runRecorded(checkAgentCommand, args);

Deno.test("an agent that keeps the contract: exit 0 and a line for each check", async () => {
  const { code, out, err } = await run("oracle");
  assertEquals([code, err], [0, ""]);
  assertStringIncludes(out, "ok   one comment for each observation · batches of 5 and 1\n");
  assertStringIncludes(
    out,
    "skip a signal that is aborted meanwhile rejects promptly · it answers at once\n",
  );
  assertStringIncludes(out, "oracle keeps the contract: 9 passed, 0 failed, 3 skipped\n");
});

Deno.test("one that does not: exit 1 and what is wrong", async () => {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      file,
      `export default {
        name: "deaf", version: "1", description: "Hears no signal.",
        with: { safeParse: (data: unknown) => ({ success: true, data }) },
        make: () => ({ reflect: (batch: unknown[]) => Promise.resolve(batch.map(() => "Well.")) }),
      };`,
    );
    const { code, out } = await run(file, "--json");
    const { agent, passed, checks } = JSON.parse(out);
    assertEquals([code, agent, passed], [1, "deaf", false]);
    assertEquals(
      checks.filter(({ status }: { status: string }) => status === "failed"),
      [{
        name: "a signal that is aborted already rejects",
        status: "failed",
        message: "it answered although the signal was aborted before; look at it first",
      }],
    );
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("wrong arguments and modules: exit 2, nothing on stdout", async () => {
  const cases: [string[], string][] = [
    [[], "expected one module, got 0"],
    [["none", "--episodes", "3"], "--episodes"],
    [["none", "--patience", "0"], '--patience: expected a positive whole number, got "0"'],
    [["onnx", "--with", "model"], '--with: expected JSON like {"model":"reflector"}'],
    [["onnx", "--with", '{"modle":"here"}'], 'did you mean "model"?'],
    [["oracel"], 'did you mean "oracle"?'],
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
  assertStringIncludes(out, "usage: deno task check-agent MODULE");
});
