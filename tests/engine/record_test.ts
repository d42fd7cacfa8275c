import { join } from "node:path";
import type { EngineEvent, EventBody } from "../../engine/events.ts";
import { readEvents, readRun, type RunRecord } from "../../engine/history.ts";
import { runFiles } from "../../engine/layout.ts";
import { RunRecorder } from "../../engine/record.ts";
import { Secrets } from "../../engine/secrets.ts";
import { StorageError } from "../../engine/storage_error.ts";
import { assert, assertEquals, assertLess, assertThrows } from "../../std/assert.ts";

interface Recording extends AsyncDisposable {
  readonly recorder: RunRecorder;
  readonly runsFolder: string;
  readonly told: EngineEvent[];
}

async function record(stages: number): Promise<Recording> {
  const runsFolder = await Deno.makeTempDir({ prefix: "record-" });
  const told: EngineEvent[] = [];
  const recorder = begin(runsFolder, stages, (event) => told.push(event));
  const remove = () => Deno.remove(runsFolder, { recursive: true });
  return { recorder, runsFolder, told, [Symbol.asyncDispose]: remove };
}

function begin(
  runsFolder: string,
  stages: number,
  listener: (event: EngineEvent) => void,
): RunRecorder {
  return RunRecorder.begin({
    runsFolder,
    workflow: {
      name: "record",
      file: "record.yaml",
      text: "",
      included: {},
      seed: 1,
      overrides: {},
    },
    decisions: Array.from({ length: stages }, (_, index) => ({
      instance: { name: `work (i=${index})`, stage: "work", uses: "make" },
      state: "cached" as const,
      reason: "same inputs",
    })),
    device: {},
    secrets: new Secrets(new Map()),
    listener,
  });
}

function cached(index: number): EventBody {
  const outputs = { data: "a".repeat(64), metrics: "b".repeat(64) };
  return {
    type: "stage-cached",
    stage: `work (i=${index})`,
    reason: "same inputs",
    seconds: 1,
    outputs,
  };
}

Deno.test("a trivial stage costs the record far less than a millisecond, in a run of 5,000", async () => {
  const count = 5000;
  await using run = await record(count);
  const began = performance.now();
  for (let index = 0; index < count; index++) run.recorder.emit(cached(index));
  const milliseconds = (performance.now() - began) / count;
  run.recorder.finish("done");
  assertLess(milliseconds, 0.5);
  const read = await readRun(run.runsFolder, run.recorder.id);
  assertEquals(read, run.recorder.summary);
  assert(read.stages.every(({ state }) => state === "cached"));
});

Deno.test("while a run goes on, readers know what its last event said", async () => {
  await using run = await record(300);
  for (let index = 0; index < 200; index++) run.recorder.emit(cached(index));
  const { id } = run.recorder;
  const text = await Deno.readTextFile(runFiles(run.runsFolder, id).record);
  const onDisk: RunRecord = JSON.parse(text);
  const states = ({ stages }: { stages: RunRecord["stages"] }) =>
    stages.filter(({ state }) => state === "cached").length;
  assertLess(states(onDisk), 200);
  const read = await readRun(run.runsFolder, id);
  assertEquals([states(read), read.status], [200, "running"]);
  assertEquals((await readEvents(run.runsFolder, id)).map(({ event }) => event), run.told);

  // With nothing more to tell, the file follows within its interval.
  const until = performance.now() + 20_000;
  let newest = onDisk;
  while (states(newest) < 200 && performance.now() < until) {
    await new Promise((done) => setTimeout(done, 20));
    newest = JSON.parse(await Deno.readTextFile(join(run.recorder.folder, "run.json")));
  }
  assertEquals(states(newest), 200);
  run.recorder.finish("interrupted");
});

Deno.test("the seconds of a run are those that passed, whatever the clock is set to", async () => {
  await using run = await record(1);
  using _ = clockSet(-3600);
  run.recorder.finish("done");
  const last = run.told.at(-1);
  assert(last?.type === "run-finished");
  assert(last.seconds >= 0 && last.seconds < 60, `${last.seconds} s`);
});

Deno.test("a run's folder that somebody takes away ends nothing before the run's end", async () => {
  await using run = await record(3);
  await Deno.remove(run.recorder.folder, { recursive: true });
  for (let index = 0; index < 3; index++) run.recorder.emit(cached(index));
  await new Promise((done) => setTimeout(done, 300));
  const error = assertThrows(() => run.recorder.finish("done"));
  assert(error instanceof StorageError, `${error}`);
});

Deno.test("two runs that begin in the same second and draw the same number have two folders", async () => {
  await using one = await record(1);
  const drawn = Uint8Array.fromHex(one.recorder.id.slice(-4));
  const real = crypto.getRandomValues;
  let draws = 0;
  crypto.getRandomValues = (array) => {
    real.call(crypto, array);
    if (draws++ === 0 && array instanceof Uint8Array) array.set(drawn);
    return array;
  };
  try {
    const two = begin(one.runsFolder, 1, () => {});
    assert(draws > 0 && one.recorder.id !== two.id, one.recorder.id);
    two.finish("done");
  } finally {
    crypto.getRandomValues = real;
  }
  one.recorder.finish("done");
});

/** The clock of the day, that many seconds off. */
function clockSet(seconds: number): Disposable {
  const now = Date.now;
  Date.now = () => now() + seconds * 1000;
  return { [Symbol.dispose]: () => void (Date.now = now) };
}
