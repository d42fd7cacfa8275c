import { join } from "node:path";
import type { Comparison } from "../../engine/compare.ts";
import type { RunRecord } from "../../engine/history.ts";
import type { PruneReport } from "../../engine/prune.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../std/assert.ts";
import { Folder } from "./folder.ts";

/** Runs the workflow. Returns the new run's id. */
async function runFlow(folder: Folder, ...more: string[]): Promise<string> {
  const { code, error } = await folder.run("workflow", "flow.yaml", ...more);
  assertEquals(code, 0, error);
  return await Deno.readLink(join(folder.path, "runs", "latest"));
}

async function runsJson<T>(folder: Folder, ...args: string[]): Promise<T> {
  const { code, out, error } = await folder.run("runs", ...args, "--json");
  assertEquals([code, error], [0, ""]);
  return JSON.parse(out);
}

/** Every path below the runs folder, with sizes of files. */
function contents(folder: Folder, path = "runs"): string[] {
  return [...Deno.readDirSync(join(folder.path, path))].flatMap(({ name, isDirectory }) => {
    const inner = join(path, name);
    if (isDirectory) return [inner, ...contents(folder, inner)];
    return [`${inner} ${Deno.lstatSync(join(folder.path, inner)).size}`];
  }).sort();
}

Deno.test("runs are listed, as a table and as JSON", async () => {
  await using folder = await Folder.make();
  assertEquals((await folder.run("runs")).out, "no runs in runs\n");
  assertEquals(await runsJson(folder), { runs: [] });
  const id = await runFlow(folder);
  const { runs } = await runsJson<{ runs: RunRecord[] }>(folder);
  assertEquals(runs.map((run) => [run.id, run.status]), [[id, "done"]]);
});

Deno.test("a run is shown by id, beginning of an id, or latest", async () => {
  await using folder = await Folder.make();
  const id = await runFlow(folder, "--set", "stages.second.with.text=two words");
  const shown = await folder.run("runs", "show", id);
  assertEquals([shown.code, shown.error], [0, ""]);
  for (
    const line of [
      new RegExp(`^run +${id}\n`),
      /\nworkflow +cli \(flow\.yaml\)\n/,
      /\nstatus +done: 2 done\n/,
      /\nversions +engine \d+, deno \d/,
      /\n--set +stages\.second\.with\.text="two words"\n/,
      /\nfirst +\.\/stage\.ts +done +\d+\.\d +no earlier result\n/,
      /\nsecond\.text +[0-9a-f]{64}\n/,
    ]
  ) assertMatch(shown.out, line);
  for (const other of ["latest", id.slice(0, 12)]) {
    assertEquals((await folder.run("runs", "show", other)).out, shown.out);
  }
  const record = await runsJson<RunRecord>(folder, "show", "latest");
  assertEquals([record.id, record.text.slice(0, 9)], [id, "name: cli"]);
  assertMatch(record.stages[1]?.outputs["text"] ?? "", /^[0-9a-f]{64}$/);
});

Deno.test("two runs are compared: what they were given, and what came of it", async () => {
  await using folder = await Folder.make();
  const one = await runFlow(folder);
  const same = await folder.run("runs", "compare", one, "latest");
  assertEquals(same.out, `${one} → ${one}\n\nnothing differs\n`);
  const text = await Deno.readTextFile(join(folder.path, "flow.yaml"));
  const edited = text.replace("{ uses: ./stage.ts }", "{ uses: ./stage.ts, with: { steps: 2 } }");
  await Deno.writeTextFile(join(folder.path, "flow.yaml"), `# edited\n${edited}`);
  const two = await runFlow(folder, "--set", "seed=2");
  for (const [id, rate] of [[one, 0.25], [two, 0.75]] as const) {
    const method = { name: "ours", env: "taxi", task: "full", episodes: 8, successes: 8 * rate };
    await Deno.mkdir(join(folder.path, "runs", id, "report"));
    await Deno.writeTextFile(
      join(folder.path, "runs", id, "report", "report.json"),
      JSON.stringify({
        methods: ["test", "seen"].map((split) => ({
          ...{ ...method, split, successRate: rate },
          ci95: [rate - 0.1, rate + 0.1],
        })),
      }),
    );
  }

  const { out } = await folder.run("runs", "compare", one, two);
  assertStringIncludes(out, `${one} → ${two}\n\nrun\n  seed: 1 → 2\n`);
  assertStringIncludes(out, 'workflow file\n  stages.first.with: none → {"steps":2}\n');
  assertStringIncludes(out, "--set\n  seed: none → 2\n");
  assertStringIncludes(out, "inputs of stages\n  first\n    seed: 1 → 2\n    with.steps: 1 → 2\n");
  assert(!out.includes("# edited"));
  assertMatch(out, /95% interval\)\n +ours \(taxi, full\) +25\.0% \(15\.0–35\.0\) +→ +75\.0% \(65/);

  assertStringIncludes(out, "ours (taxi, full, seen)");
  const { runs, config, results } = await runsJson<Comparison>(folder, "compare", one, two);
  assertEquals(runs, [one, two]);
  assertEquals(config.run, [{ path: "seed", before: 1, now: 2 }]);
  assertEquals(config.inputs.map(({ stage }) => stage), ["first", "second"]);
  // The same text whatever the steps: the same artifact.
  assertEquals(results.outputs, []);
  assertEquals(results.methods[0]?.now?.successRate, 0.75);
});

Deno.test("metrics, states and outputs that differ are named by stage", async () => {
  await using folder = await Folder.make();
  const stage = await Deno.readTextFile(join(folder.path, "stage.ts"));
  await Deno.writeTextFile(
    join(folder.path, "stage.ts"),
    stage.replace(
      'context.log("a line of the log");',
      "context.metric(1, { length: text.length });",
    ),
  );
  const one = await runFlow(folder);
  const two = await runFlow(folder, "--set", "stages.second.with.text=bbb");
  const { out } = await folder.run("runs", "compare", one, two);
  assertStringIncludes(out, "states\n  first: done → cached\n");
  assertMatch(out, /outputs\n {2}second\n {4}text: [0-9a-f]{64} → [0-9a-f]{64}\n/);
  assertStringIncludes(out, "last metrics\n  second\n    length: 1 → 3\n");
});

Deno.test("wrong arguments and runs that are not there exit 2 and say what is meant", async () => {
  await using folder = await Folder.make();
  const [one, two] = [await runFlow(folder), await runFlow(folder)];
  const cases: [string[], string][] = [
    [["shwo", "latest"], 'there is no command "runs shwo"; did you mean "show"?'],
    [["show"], "an argument is missing"],
    [["compare", "latest"], "an argument is missing"],
    [["show", one.replace("cli", "clo")], "did you mean"],
    [["show", one.slice(0, 8)], `2 runs in runs begin with "${one.slice(0, 8)}": `],
    [["show", "../runs"], 'no run "../runs" in runs'],
    [["prune", "--keep", "few"], '--keep: expected a number of runs, like 10, got "few"'],
    [["prune", "--older-than", "30"], "expected an age like 30d, 12h, 90m or 2w"],
    [["prune", "--dry-rnu"], 'did you mean "--dry-run"?'],
    [["prune", "all"], 'what is "all"?'],
  ];
  await Promise.all(cases.map(async ([args, words]) => {
    const { code, out, error } = await folder.run("runs", ...args);
    assertEquals([code, out], [2, ""], `${args.join(" ")}: ${error}`);
    assertStringIncludes(error, words);
  }));
  assertEquals((await runsJson<{ runs: RunRecord[] }>(folder)).runs.map(({ id }) => id), [
    two,
    one,
  ]);
});

Deno.test("prune says what would go, and then exactly that goes", async () => {
  await using folder = await Folder.make();
  const one = await runFlow(folder);
  const two = await runFlow(folder, "--set", "stages.second.with.text=c");
  const { outputs } = (await runsJson<RunRecord>(folder, "show", one)).stages[1] ?? {};
  await Deno.mkdir(join(folder.path, "runs", "artifacts", ".tmp-dead"));
  await Deno.mkdir(join(folder.path, "runs", "quarantine"));
  await Deno.writeTextFile(join(folder.path, "runs", "quarantine", "damaged"), "damaged");

  const before = contents(folder);
  const would = await runsJson<PruneReport>(folder, "prune", "--keep", "1", "--dry-run");
  assertEquals(contents(folder), before);
  assertEquals(would.runs.map(({ name }) => name), [one]);
  assertEquals(would.artifacts.map(({ name }) => name), [outputs?.["text"]]);
  assertEquals([would.results, would.obstacle], [1, null]);
  assertEquals(would.leftovers.map(({ name }) => name).sort(), [
    "runs/artifacts/.tmp-dead",
    "runs/quarantine/damaged",
  ]);

  const pruned = await runsJson<PruneReport>(folder, "prune", "--keep", "1");
  assertEquals(pruned, { ...would, dryRun: false } as PruneReport);
  const after = contents(folder);
  const gone = before.filter((path) => !after.includes(path) && !path.includes("store."));
  const bytes = gone.reduce((sum, line) => sum + Number(line.match(/ (\d+)$/)?.[1] ?? 0), 0);
  assertEquals(bytes, would.bytes);
  assert(gone.every((path) =>
    [...would.runs, ...would.artifacts, ...would.leftovers]
      .some(({ name }) => path.includes(name))
  ));

  assertEquals((await folder.run("runs", "prune")).out, "nothing to remove\n");
  const again = await folder.run("workflow", "flow.yaml", "--set", "stages.second.with.text=c");
  assertStringIncludes(again.out, "2 cached");
  assertEquals((await runsJson<RunRecord>(folder, "show", two)).status, "done");
  assertStringIncludes((await folder.run("workflow", "flow.yaml")).out, "1 cached, 1 done");
});

Deno.test("prune by age and number; latest never points at what is gone", async () => {
  await using folder = await Folder.make();
  const [one, two] = [await runFlow(folder), await runFlow(folder)];
  const ids = async (...args: string[]) =>
    (await runsJson<PruneReport>(folder, "prune", ...args, "--dry-run")).runs.map((run) =>
      run.name
    );
  assertEquals(await ids(), []);
  assertEquals(await ids("--older-than", "1h"), []);
  assertEquals(await ids("--older-than", "0s"), [two, one]);
  assertEquals(await ids("--older-than", "0s", "--keep", "1"), [one]);
  assertEquals(await ids("--keep", "5"), []);
  const text = await folder.run("runs", "prune", "--keep", "1");
  assertMatch(text.out, new RegExp(`^run +${one} +.* kB\nfreed .* kB \\(\\d+ bytes\\)\n$`));
  assertEquals(await Deno.readLink(join(folder.path, "runs", "latest")), two);
  await folder.run("runs", "prune", "--keep", "0");
  assertEquals([...Deno.readDirSync(join(folder.path, "runs", "artifacts"))], []);
  assertEquals((await folder.run("runs")).out, "no runs in runs\n");
  assertEquals((await folder.run("runs", "show", "latest")).code, 2);
  assertStringIncludes((await folder.run("workflow", "flow.yaml")).out, "2 done");
});

Deno.test("prune leaves a run that is going on alone, with all it may use", async () => {
  await using folder = await Folder.make();
  const over = await runFlow(folder);
  await runFlow(folder, "--set", "stages.second.with.text=c");
  const slow = ["workflow", "flow.yaml", "--set", "stages.second.with.steps=40", "--json"];
  const child = folder.command(...slow).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let printed = "";
  while (!printed.includes('"type":"progress","stage":"second"')) {
    const { value, done } = await reader.read();
    assert(!done, printed);
    printed += value;
  }
  const artifacts = contents(folder, "runs/artifacts");
  const report = await runsJson<PruneReport>(folder, "prune", "--keep", "0");
  assertEquals(report.runs.length, 2);
  assert(report.runs.some(({ name }) => name === over));
  assertEquals([report.artifacts, report.results], [[], 0]);
  assertMatch(report.obstacle ?? "", /^\S+-cli-\w{4} is going on and may use them$/);
  assertEquals(contents(folder, "runs/artifacts"), artifacts);
  const { runs } = await runsJson<{ runs: RunRecord[] }>(folder);
  assertEquals(runs.map(({ status }) => status), ["running"]);

  while (!(await reader.read()).done);
  await child.stderr.cancel();
  assertEquals((await child.status).code, 0);
  assertEquals((await runsJson<PruneReport>(folder, "prune")).artifacts.length, 1);
  const again = await folder.run(...slow.slice(0, -1));
  assertStringIncludes(again.out, "2 cached");
});
