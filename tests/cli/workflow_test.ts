import { join } from "node:path";
import type { EngineEvent } from "../../engine/events.ts";
import {
  assert,
  assertEquals,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "../../std/assert.ts";
import { Folder } from "./folder.ts";

Deno.test("a run exits 0, with lines on stdout and logs on stderr; a second one is cached within 2 s", async () => {
  await using folder = await Folder.make();
  const first = await folder.run("workflow", "flow.yaml");
  assertEquals(first.code, 0, first.error);
  assertMatch(first.out, /^run \d{8}-\d{6}-cli-[0-9a-f]{4} \(flow\.yaml\)\n/);
  assertStringIncludes(first.out, "first: running (no earlier result)\nfirst: done in ");
  assertMatch(first.out, /done in .*: 2 done · runs\/\d{8}-.*\n$/);
  assertEquals(first.error, "first: a line of the log\nsecond: a line of the log\n");

  const began = performance.now();
  const second = await folder.run("workflow", "flow.yaml");
  assertLess(performance.now() - began, 2000);
  assertStringIncludes(second.out, "first: cached (same inputs)\nsecond: cached (same inputs)\n");
});

Deno.test("--plan prints and writes nothing", async () => {
  await using folder = await Folder.make();
  await folder.run("workflow", "flow.yaml");
  const plan = await folder.run(
    ...[
      "workflow",
      "flow.yaml",
      "--plan",
      "--set",
      "stages.second.with.text=c",
      "--force",
      "first",
    ],
  );
  assertEquals(plan, {
    code: 0,
    out: "first   run      --force\nsecond  run      input text: b → c\n",
    error: "",
  });
  const runs = await folder.run("runs");
  assertEquals(runs.out.split("\n").length, 3);
  assertMatch(runs.out, /\n\S+-cli-\w{4} +cli +done +2 done +\d{4}-/);
});

Deno.test("--graph prints Mermaid or a drawing, and writes nothing", async () => {
  await using folder = await Folder.make();
  const text = `flowchart LR
  s0["first<br/>uses ./stage.ts"]
  s1["second<br/>uses ./stage.ts"]
  s0 -.-> s1
`;
  for (
    const args of [["flow.yaml", "--graph"], ["--graph", "flow.yaml"], [
      "--graph",
      "mermaid",
      "flow.yaml",
    ]]
  ) {
    assertEquals(await folder.run("workflow", ...args), { code: 0, out: text, error: "" });
  }
  const drawn = await folder.run("workflow", "flow.yaml", "--graph", "svg");
  assertEquals([drawn.code, drawn.error], [0, ""]);
  assertMatch(drawn.out, /^<svg [^]*<title>cli<\/title>[^]*<\/svg>\n$/);
  const left = [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
  assertEquals(left, ["flow.yaml", "stage.ts"]);
});

Deno.test("--json prints events and nothing else", async () => {
  await using folder = await Folder.make();
  const { code, out } = await folder.run("workflow", "flow.yaml", "--json", "--only", "first");
  assertEquals(code, 0);
  const events: EngineEvent[] = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(events.map(({ type }) => type), [
    "run-started",
    "stage-planned",
    "stage-planned",
    "stage-started",
    "log",
    "progress",
    "stage-finished",
    "stage-skipped",
    "run-finished",
  ]);
  const file = join(folder.path, "runs", "latest", "events.jsonl");
  assertEquals(await Deno.readTextFile(file), out);
});

Deno.test("a failed stage exits 1", async () => {
  await using folder = await Folder.make();
  const { code, out } = await folder.run(
    "workflow",
    "flow.yaml",
    "--set",
    "stages.first.with.fail=true",
  );
  assertEquals(code, 1);
  assertMatch(
    out,
    /first: failed: as asked \(at stage\.ts:\d+:\d+\)\nsecond: skipped \(needs first, which failed\)\n/,
  );
  const [, log = ""] = /\nlog: (.*)\n$/.exec(out) ?? [];
  assertStringIncludes(await Deno.readTextFile(join(folder.path, log)), "Error: as asked\n    at ");
});

Deno.test("wrong files and arguments exit 2, say what is meant, and run nothing", async () => {
  await using folder = await Folder.make();
  const cases: [string[], string][] = [
    [["workflow", "flow.yaml", "--set", "stages.first.with.txt=1"], 'did you mean "text"?'],
    [["workflow", "flow.yml"], 'did you mean "flow.yaml"?'],
    [["workflow", "flow.yaml", "--only", "frist"], 'did you mean "first"?'],
    [["workflow", "flow.yaml", "--force", "thrid"], "--force thrid: error[unknown-stage]"],
    [["workflow", "flow.yaml", "--pln"], 'did you mean "--plan"?'],
    [["workflow", "flow.yaml", "--device", "cpu"], "expected auto, gpu or software"],
    [["workflow", "flow.yaml", "--graph=png"], 'expected mermaid or svg, got "png"'],
    [["workflow", "flow.yaml", "--graph", "--json"], "leave --json out"],
    [["workflow", "flow.yaml", "--runs"], "--runs needs a value"],
    [["workflow", "flow.yaml", "other.yaml"], 'what is "other.yaml"?'],
    [["workflow"], "an argument is missing"],
    [["workflw"], 'did you mean "workflow"?'],
    [[], "no command given"],
    [["serve", "--port", "many"], "expected a number"],
  ];
  await Promise.all(cases.map(async ([args, words]) => {
    const { code, out, error } = await folder.run(...args);
    assertEquals([code, out], [2, ""], `${args.join(" ")}: ${error}`);
    assertStringIncludes(error, words);
  }));
  const left = [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
  assertEquals(left, ["flow.yaml", "stage.ts"]);
});

/** Resolves once the process has printed a text; what it prints later is read and dropped. */
async function printed(child: Deno.ChildProcess, wanted: string): Promise<void> {
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes(wanted)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the process ended without printing ${wanted}: ${text}`);
    text += value;
  }
  void (async () => {
    while (!(await reader.read()).done);
  })();
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} exits 130, and the same command goes on from there`, async () => {
    await using folder = await Folder.make();
    const args = ["workflow", "flow.yaml", "--set", "stages.second.with.steps=1000"];
    const text = "stages.second.with.text=it's b";
    const child = folder.command(...args, "--set", text, "--json").spawn();
    await printed(child, '"type":"progress","stage":"second"');
    child.kill(signal);
    const error = await new Response(child.stderr).text();
    assertEquals((await child.status).code, 130);
    assertStringIncludes(
      error,
      `To continue: deno task workflow ${args.slice(1).join(" ")} ` +
        "--set 'stages.second.with.text=it'\\''s b' --json",
    );
    const runs = await folder.run("runs");
    assertStringIncludes(runs.out, "interrupted");
    assertStringIncludes(runs.out, "1 done, 1 interrupted");

    const next = await folder.run("workflow", "flow.yaml", "--set", "stages.second.with.steps=2");
    assertEquals(next.code, 0);
    assertStringIncludes(next.out, "first: cached (same inputs)");
    assertStringIncludes(next.out, "second: done");
  });
}

Deno.test("a killed run is told apart from a running one", async () => {
  await using folder = await Folder.make();
  const slow = ["workflow", "flow.yaml", "--set", "stages.first.with.steps=1000", "--json"];
  const child = folder.command(...slow).spawn();
  // Nobody reads the log any more: that must not end the run.
  const stderr = child.stderr.cancel();
  await printed(child, '"type":"progress"');
  assertStringIncludes((await folder.run("runs")).out, "running");
  child.kill("SIGKILL");
  await child.status;
  await stderr;
  assert(!(await folder.run("runs")).out.includes("running"));
  assertStringIncludes((await folder.run("runs")).out, "interrupted");
});
