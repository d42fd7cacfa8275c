import { join } from "node:path";
import {
  listRuns,
  readEvents,
  readMetrics,
  readRun,
  readRunRecord,
  RunNotFoundError,
  type RunRecord,
} from "../../engine/history.ts";
import { runFiles, stageFolderName } from "../../engine/layout.ts";
import { assert, assertEquals, assertNotEquals, assertRejects } from "../../std/assert.ts";
import { Workspace } from "./workspace.ts";

const FLOW = `
name: history
stages:
  data:
    uses: make
    matrix: { seed: [1, 2] }
    with: { size: 3 }
`;

/** Makes a finished run look as it did while it ran. */
async function rewind(work: Workspace, id: string): Promise<void> {
  const file = join(work.runsFolder, id, "run.json");
  const record: RunRecord = JSON.parse(await Deno.readTextFile(file));
  const [first, ...rest] = record.stages;
  assert(first !== undefined);
  const stages = [{ ...first, state: "running", endedAt: null }, ...rest];
  await Deno.writeTextFile(
    file,
    JSON.stringify({ ...record, status: "running", endedAt: null, stages }),
  );
}

Deno.test("runs are listed newest first", async () => {
  await using work = await Workspace.with(FLOW);
  assertEquals(await listRuns(work.runsFolder), []);
  const first = await work.run();
  const second = await work.run();
  assertEquals((await listRuns(work.runsFolder)).map(({ id }) => id), [second.id, first.id]);
  assertEquals(await readRun(work.runsFolder, "latest"), second);
});

Deno.test("a run whose owner died is interrupted, one whose owner lives is running", async () => {
  await using work = await Workspace.with(FLOW);
  const { id } = await work.run();
  await rewind(work, id);
  const dead = await readRun(work.runsFolder, id);
  assertEquals(dead.status, "interrupted");
  assertEquals(dead.stages.map(({ state }) => state), ["interrupted", "done"]);
  assert(dead.endedAt !== null);

  using owner = await Deno.open(join(work.runsFolder, id, "lock"), { write: true });
  await owner.lock(true);
  const alive = await readRun(work.runsFolder, id);
  assertEquals([alive.status, alive.endedAt], ["running", null]);
});

Deno.test("a run is interrupted although its process number is in use again", async () => {
  await using work = await Workspace.with(FLOW);
  const { id } = await work.run();
  await rewind(work, id);
  const file = join(work.runsFolder, id, "run.json");
  const record: RunRecord = JSON.parse(await Deno.readTextFile(file));
  // As after a restart of the machine: another process has that number, and nobody holds the lock.
  await Deno.writeTextFile(file, JSON.stringify({ ...record, pid: Deno.pid }));
  assertEquals((await readRun(work.runsFolder, id)).status, "interrupted");
  await Deno.remove(join(work.runsFolder, id, "lock"));
  assertEquals((await readRun(work.runsFolder, id)).status, "interrupted");
});

Deno.test("events that run.json does not have yet count", async () => {
  await using work = await Workspace.with(FLOW);
  const run = await work.run({ concurrency: 1 });
  const files = runFiles(work.runsFolder, run.id);
  const whole: RunRecord = JSON.parse(await Deno.readTextFile(files.record));
  const events = await readEvents(work.runsFolder, run.id);
  const at = (type: string) => events.find(({ event }) => event.type === type)?.end ?? 0;
  const asOf = async (end: number) => {
    const stages = whole.stages.map((stage) => ({
      ...stage,
      ...{ state: "waiting", reason: "no earlier result", outputs: {} },
      ...{ startedAt: null, endedAt: null, computeSeconds: null },
    }));
    const { startedAt: heartbeat } = whole;
    const started = {
      ...whole,
      status: "running",
      endedAt: null,
      stages,
      heartbeat,
      eventsEnd: end,
    };
    await Deno.writeTextFile(files.record, JSON.stringify(started));
  };
  // run.json of the start, events of all of it.
  await asOf(at("run-started"));
  const read = await readRun(work.runsFolder, run.id);
  assertEquals(read.stages, run.stages);
  assertEquals(read.status, "done");

  // Killed while the second stage ran, in the midst of writing a line.
  const bytes = await Deno.readFile(files.events);
  const starts = events.filter(({ event }) => event.type === "stage-started");
  await Deno.writeFile(files.events, bytes.subarray(0, (starts[1]?.end ?? 0) + 20));
  const killed = await readRunRecord(work.runsFolder, run.id);
  assertEquals(killed.stages.map(({ state }) => state), ["done", "interrupted"]);
  assertEquals(killed.status, "interrupted");
  assertEquals(killed.endedAt, starts[1]?.event.time);
});

Deno.test("a spoilt line of the events costs that line", async () => {
  await using work = await Workspace.with(FLOW);
  const { id } = await work.run();
  const before = await readEvents(work.runsFolder, id);
  const { events } = runFiles(work.runsFolder, id);
  const lines = (await Deno.readTextFile(events)).split("\n");
  const spoilt = lines.map((line, index) => index === 2 ? "\0".repeat(line.length) : line);
  await Deno.writeTextFile(events, spoilt.join("\n"));
  assertEquals(await readEvents(work.runsFolder, id), before.filter((_, index) => index !== 2));
});

Deno.test("a run that is not there is an error, whatever its id looks like", async () => {
  await using work = await Workspace.with(FLOW);
  const { id } = await work.run();
  for (const wrong of ["nowhere", "artifacts", "../runs/latest", `${id}/.`, "", "."]) {
    await assertRejects(() => readRun(work.runsFolder, wrong), RunNotFoundError);
    await assertRejects(() => readEvents(work.runsFolder, wrong), RunNotFoundError);
  }
});

Deno.test("a half-written event is left for later", async () => {
  await using work = await Workspace.with(FLOW);
  const { id } = await work.run();
  const before = await readEvents(work.runsFolder, id);
  const file = join(work.runsFolder, id, "events.jsonl");
  await Deno.writeTextFile(file, '{"type":"lo', { append: true });
  assertEquals(await readEvents(work.runsFolder, id), before);
});

Deno.test("metrics of cached stages come from their artifacts", async () => {
  await using work = await Workspace.with(FLOW);
  const first = await work.run();
  const second = await work.run();
  const metrics = await readMetrics(work.runsFolder, second.id);
  assertEquals(metrics.map(({ stage }) => stage), ["data (seed=1)", "data (seed=2)"]);
  assertEquals(metrics[0]?.points, [{ step: 1, values: { size: 3 } }]);
  assertEquals(metrics, await readMetrics(work.runsFolder, first.id));
});

Deno.test("folder names of instances are safe and never shared", () => {
  assertEquals(stageFolderName("rl"), "rl");
  assertEquals(stageFolderName("rl (seed=2, lr=0.1)"), "rl-seed=2+lr=0.1");
  const odd = [
    "rl (x=a/b)",
    "rl (x=a b)",
    "rl (x=../..)",
    "rl (x=a,b)",
    "rl (x=a, b)",
    "rl (x=a+b)",
    `rl (x=${"y".repeat(300)})`,
  ];
  const folders = odd.map(stageFolderName);
  for (const folder of folders) assert(/^[\w=+.-]{1,100}$/.test(folder) && !folder.startsWith("."));
  assertEquals(new Set(folders).size, odd.length);
  assertNotEquals(stageFolderName("a (x=1)"), stageFolderName("a (x=2)"));
});
