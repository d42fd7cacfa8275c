import { join } from "node:path";
import {
  listRuns,
  readEvents,
  readMetrics,
  readRun,
  RunNotFoundError,
  type RunRecord,
} from "../../engine/history.ts";
import { stageFolderName } from "../../engine/layout.ts";
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
  assertEquals(stageFolderName("rl (seed=2, lr=0.1)"), "rl-seed=2,lr=0.1");
  const odd = ["rl (x=a/b)", "rl (x=a b)", "rl (x=../..)", `rl (x=${"y".repeat(300)})`];
  const folders = odd.map(stageFolderName);
  for (const folder of folders) assert(/^[\w=,.-]{1,100}$/.test(folder) && !folder.startsWith("."));
  assertEquals(new Set(folders).size, odd.length);
  assertNotEquals(stageFolderName("a (x=1)"), stageFolderName("a (x=2)"));
});
