import { join } from "node:path";
import { ArtifactStore } from "../../engine/artifact_store.ts";
import { listRuns } from "../../engine/history.ts";
import { checkpointsFolder, runFiles, storeFiles } from "../../engine/layout.ts";
import { Lock } from "../../engine/lock.ts";
import { pruneRuns } from "../../engine/prune.ts";
import { ResultIndex } from "../../engine/result_index.ts";
import { StorageError } from "../../engine/storage_error.ts";
import { assert, assertEquals, assertLess, assertStringIncludes } from "../../std/assert.ts";
import { FAULT_CODES, FaultyFiles } from "./faulty_files.ts";
import { states, Workspace } from "./workspace.ts";

const FLOW = `
name: prune
stages:
  data: { uses: make, with: { size: 3 } }
  model: { uses: train, with: { dataset: "\${{ stages.data.outputs.data }}" } }
`;

/** Two runs that share nothing but their metrics' form; the first is to go. */
async function twoRuns(): Promise<Workspace> {
  const work = await Workspace.with(FLOW);
  await work.run({ overrides: ["stages.data.with.name=old"] });
  await work.run();
  await Deno.mkdir(storeFiles(work.runsFolder).quarantine);
  await Deno.writeTextFile(join(storeFiles(work.runsFolder).quarantine, "damaged"), "damaged");
  return work;
}

/** Every run that is listed has its artifacts, whole; every result of the index, too. */
async function checkSound(work: Workspace, where: string): Promise<void> {
  const store = new ArtifactStore(work.runsFolder);
  const runs = await listRuns(work.runsFolder);
  using index = ResultIndex.openForPlan(work.runsFolder);
  const hashes = [
    ...runs.flatMap(({ stages }) => stages.flatMap(({ outputs }) => Object.values(outputs))),
    ...index.all().flatMap(({ result }) =>
      Object.values(result?.outputs ?? {}).map(({ hash }) => hash)
    ),
  ];
  for (const hash of new Set(hashes)) assert(await store.verify(hash), `${where}: ${hash}`);
}

Deno.test("pruning on a failing disk leaves a sound store, and a second one ends it", async () => {
  const sound = new FaultyFiles();
  {
    await using work = await twoRuns();
    await pruneRuns(work.runsFolder, { keep: 1, dryRun: false, files: sound });
  }
  assertLess(7, sound.count);
  const codes = Object.keys(FAULT_CODES) as (keyof typeof FAULT_CODES)[];
  for (let at = 1; at <= sound.count; at++) {
    for (const forever of [false, true]) {
      await using work = await twoRuns();
      const code = codes[at % codes.length] ?? "EIO";
      const files = new FaultyFiles({ at, forever, code });
      const where = `${code} at ${at}, ${forever}`;
      const error = await pruneRuns(work.runsFolder, { keep: 1, dryRun: false, files })
        .then(() => undefined, (thrown) => thrown);
      assert(error instanceof StorageError, `${where}: ${error}`);
      assertStringIncludes(error.message, FAULT_CODES[code]);
      await checkSound(work, where);
      await pruneRuns(work.runsFolder, { keep: 1, dryRun: false });
      const rest = await pruneRuns(work.runsFolder, { keep: 1, dryRun: true });
      assertEquals([rest.bytes, rest.results, rest.runs, rest.leftovers], [0, 0, [], []], where);
      assertEquals((await listRuns(work.runsFolder)).length, 1, where);
      assertEquals(Object.values(states(await work.run())), ["cached", "cached"], where);
    }
  }
});

Deno.test("a run that begins while runs are pruned waits, and finds a sound store", async () => {
  await using work = await twoRuns();
  const pruning = Lock.hold(storeFiles(work.runsFolder).lock);
  let ended = false;
  const run = work.run().finally(() => ended = true);
  await new Promise((done) => setTimeout(done, 150));
  assertEquals([ended, (await listRuns(work.runsFolder)).length], [false, 2]);
  pruning[Symbol.dispose]();
  assertEquals(Object.values(states(await run)), ["cached", "cached"]);
});

Deno.test("checkpoints stay while a run is going on that may go on from them", async () => {
  await using work = await twoRuns();
  const [, old] = await listRuns(work.runsFolder);
  const stage = join(runFiles(work.runsFolder, old?.id ?? "").stages, "data");
  await Deno.mkdir(checkpointsFolder(stage));
  const live = await Lock.share(storeFiles(work.runsFolder).lock);
  const prune = () => pruneRuns(work.runsFolder, { keep: 1, dryRun: false });
  assertEquals((await prune()).runs, []);
  live[Symbol.dispose]();
  assertEquals((await prune()).runs.map(({ name }) => name), [old?.id]);
});

Deno.test("runs and prunings at the same time never disturb each other", async () => {
  await using work = await twoRuns();
  const prune = () => pruneRuns(work.runsFolder, { keep: 1, dryRun: false });
  const runs = [work.run(), prune(), work.run(), prune(), work.run(), prune(), work.run()];
  for (const result of await Promise.all(runs)) {
    if ("status" in result) assertEquals(result.status, "done");
  }
  await checkSound(work, "afterwards");
  await prune();
  assertEquals((await listRuns(work.runsFolder)).length, 1);
});

Deno.test("artifacts stay while the record of a run cannot be read", async () => {
  await using work = await twoRuns();
  const [newest] = await listRuns(work.runsFolder);
  const file = join(work.runsFolder, newest?.id ?? "", "run.json");
  await Deno.writeTextFile(file, "{");
  const report = await pruneRuns(work.runsFolder, { keep: 0, dryRun: false });
  assertEquals([report.runs.length, report.artifacts, report.results], [1, [], 0]);
  assertStringIncludes(report.obstacle ?? "", `the record of ${newest?.id} cannot be read`);
});

Deno.test("what an interrupted run has made stays, and what another folder has is none of it", async () => {
  await using work = await twoRuns();
  await Deno.mkdir(join(work.runsFolder, "notes"));
  await Deno.writeTextFile(join(work.runsFolder, "notes", "mine.txt"), "mine");
  const [newest] = await listRuns(work.runsFolder);
  const file = join(work.runsFolder, newest?.id ?? "", "run.json");
  const record = JSON.parse(await Deno.readTextFile(file));
  // Killed: run.json knows only the plan, the events know what was made.
  const stages = record.stages.map((stage: object) => ({
    ...stage,
    state: "waiting",
    outputs: {},
  }));
  const killed = { ...record, status: "running", endedAt: null, stages, eventsEnd: 0 };
  await Deno.writeTextFile(file, JSON.stringify(killed));
  const events = join(work.runsFolder, newest?.id ?? "", "events.jsonl");
  const lines = (await Deno.readTextFile(events)).trimEnd().split("\n");
  await Deno.writeTextFile(events, `${lines.slice(0, -1).join("\n")}\n`);

  const report = await pruneRuns(work.runsFolder, { keep: 1, dryRun: false });
  assertEquals([report.runs.length, report.obstacle], [1, null]);
  assertEquals((await listRuns(work.runsFolder))[0]?.status, "interrupted");
  await checkSound(work, "afterwards");
  assertEquals(Object.values(states(await work.run())), ["cached", "cached"]);
  assertEquals(await Deno.readTextFile(join(work.runsFolder, "notes", "mine.txt")), "mine");
});

Deno.test("a folder that never became a run goes once it is old", async () => {
  await using work = await twoRuns();
  const folder = join(work.runsFolder, "20200101-000000-dead-0000");
  await Deno.mkdir(folder);
  await Deno.writeTextFile(join(folder, "lock"), "");
  const leftovers = async () =>
    (await pruneRuns(work.runsFolder, { dryRun: true })).leftovers.map(({ name }) => name);
  assert(!(await leftovers()).includes(folder));
  const longAgo = Date.now() / 1000 - 48 * 3600;
  await Deno.utime(join(folder, "lock"), longAgo, longAgo);
  assert((await leftovers()).includes(folder));
});
