/**
 * The crash harness: a small real workflow is killed with SIGKILL after each event of its journal in
 * turn, and the same command goes on. The final artifacts equal those of an undisturbed run, and nothing
 * that was finished is computed again.
 */
import { readEvents } from "../../engine/history.ts";
import type { EngineEvent } from "../../engine/events.ts";
import type { RunSummary } from "../../engine/summary.ts";
import { assert, assertEquals } from "../../std/assert.ts";

type Executor = "inline" | "local";

/** Runs the victim; gives what it printed, undefined where it was killed. */
async function run(
  runsFolder: string,
  killAt: number,
  executor: Executor,
): Promise<{ run: RunSummary; count: number } | undefined> {
  const { code, signal, stdout, stderr } = await new Deno.Command("deno", {
    args: [
      ...["run", "--allow-read", "--allow-write", "--allow-env", "--allow-run", "--allow-sys"],
      new URL("./victim.ts", import.meta.url).pathname,
      ...[runsFolder, String(killAt), executor],
    ],
  }).output();
  if (signal === "SIGKILL") return undefined;
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

function hashesOf({ stages }: RunSummary): Record<string, unknown> {
  return Object.fromEntries(stages.map(({ instance, outputs }) => [instance, outputs]));
}

async function eventsOf(runsFolder: string, id: string): Promise<EngineEvent[]> {
  return (await readEvents(runsFolder, id)).map(({ event }) => event);
}

async function runIds(runsFolder: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(runsFolder)) {
    if (isDirectory && name.includes("-crash-")) ids.push(name);
  }
  return ids.sort();
}

function stagesWith(events: readonly EngineEvent[], type: EngineEvent["type"]): string[] {
  return events.flatMap((event) => event.type === type && "stage" in event ? [event.stage] : []);
}

/** Kills after that event, goes on, and compares. False where the run was over before that event. */
async function killAndGoOn(
  killAt: number,
  executor: Executor,
  expected: Record<string, unknown>,
): Promise<boolean> {
  const folder = await Deno.makeTempDir({ prefix: "crash-" });
  try {
    if (await run(folder, killAt, executor) !== undefined) return false;
    const [dead = ""] = await runIds(folder);
    const before = await eventsOf(folder, dead);
    assertEquals(before.length, killAt, "every event was recorded before it was told");
    const after = await run(folder, 0, executor);
    assert(after !== undefined);
    const where = `killed after event ${killAt}, ${before.at(-1)?.type} (${executor})`;
    assertEquals(hashesOf(after.run), expected, where);
    const finished = stagesWith(before, "stage-finished");
    const cached = stagesWith(await eventsOf(folder, after.run.id), "stage-cached");
    assertEquals(finished.filter((stage) => !cached.includes(stage)), [], where);
    await assertGoesOn(folder, before, await eventsOf(folder, after.run.id), where);
    return true;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Steps of the training that were saved before the kill are not trained again. */
async function assertGoesOn(
  runsFolder: string,
  before: readonly EngineEvent[],
  after: readonly EngineEvent[],
  where: string,
): Promise<void> {
  const steps = (events: readonly EngineEvent[]) =>
    events.flatMap((event) =>
      event.type === "metric" && event.stage === "policy" ? [event.step] : []
    );
  const known = steps(before);
  if (known.length < 2 || stagesWith(before, "stage-finished").includes("policy")) return;
  // The step that was under way may not have been saved; those before it were.
  const again = steps(after).filter((step) => step < Math.max(...known));
  assertEquals(again, [], where);
  const { reason } = after.find((event) =>
    event.type === "stage-started" && event.stage === "policy"
  ) as { reason: string };
  const [dead = ""] = await runIds(runsFolder);
  assert(reason.includes(`goes on where run ${dead} stopped`), `${where}: ${reason}`);
}

Deno.test("a run killed after any event goes on, and ends with the same artifacts", async () => {
  const folder = await Deno.makeTempDir({ prefix: "crash-" });
  const undisturbed = await run(folder, 0, "inline");
  const again = await run(folder, 0, "local");
  await Deno.remove(folder, { recursive: true });
  assert(undisturbed !== undefined && again !== undefined);
  const expected = hashesOf(undisturbed.run);
  assertEquals(new Set(again.run.stages.map(({ state }) => state)), new Set(["cached"]));
  // Progress comes by the clock, so that another run may have an event more or less.
  const last = undisturbed.count + 1;
  let killAt = 0;
  const killInTurn = async () => {
    while (killAt < last) {
      const event = ++killAt;
      const wasKilled = await killAndGoOn(event, event % 3 === 0 ? "local" : "inline", expected);
      assert(wasKilled || event > undisturbed.count - 3, `event ${event} killed nothing`);
    }
  };
  await Promise.all([killInTurn(), killInTurn()]);
});
