import { join } from "node:path";
import type { EngineEvent } from "../../engine/events.ts";
import { listRuns, readEvents, readRun } from "../../engine/history.ts";
import { runFiles } from "../../engine/layout.ts";
import { RunRecorder } from "../../engine/record.ts";
import { Secrets } from "../../engine/secrets.ts";
import { StorageError } from "../../engine/storage_error.ts";
import {
  assert,
  assertEquals,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "../../std/assert.ts";
import { type Fault, FAULT_CODES, FaultyFiles } from "./faulty_files.ts";

const STAGES = ["one", "two", "three"];

interface Played {
  readonly id: string | undefined;
  readonly told: EngineEvent[];
  readonly error: unknown;
}

function begin(
  runsFolder: string,
  files: FaultyFiles,
  listener: (event: EngineEvent) => void,
): RunRecorder {
  return RunRecorder.begin({
    runsFolder,
    workflow: {
      name: "faults",
      file: "faults.yaml",
      text: "",
      included: {},
      seed: 1,
      overrides: {},
    },
    decisions: STAGES.map((name) => ({
      instance: { name, stage: name, uses: "make" },
      state: "run" as const,
      reason: "no earlier result",
    })),
    device: {},
    secrets: new Secrets(new Map()),
    listener,
    files,
  });
}

/** A run of three stages on a disk; the fault is over before its end where `heals` is true. */
function play(runsFolder: string, files: FaultyFiles, heals: boolean): Played {
  const told: EngineEvent[] = [];
  let id: string | undefined;
  try {
    const recorder = begin(runsFolder, files, (event) => told.push(event));
    id = recorder.id;
    for (const stage of STAGES) {
      recorder.emit({ type: "stage-started", stage, uses: "make", reason: "new", attempt: 1 });
      recorder.emit({ type: "stage-finished", stage, seconds: 1, outputs: { data: stage } });
    }
    if (heals) files.heal();
    recorder.finish("done");
  } catch (error) {
    return { id, told, error };
  } finally {
    files.heal();
  }
  return { id, told, error: undefined };
}

async function inFolder<T>(check: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "record-faults-" });
  try {
    return await check(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is on disk of a run with a fault is the beginning of what was told, and can be read. */
async function checkFault(folder: string, fault: Fault, heals: boolean): Promise<void> {
  const files = new FaultyFiles(fault);
  const { id, told, error } = play(folder, files, heals);
  const where = `${fault.code} at ${fault.at} (${files.failed}), ${fault.forever}, ${heals}`;
  if (error !== undefined) {
    assert(error instanceof StorageError, `${where}: ${error}`);
    assertStringIncludes(error.message, FAULT_CODES[fault.code]);
  }
  if (id === undefined) {
    assert(error !== undefined, where);
    const clean = !files.failed.some((name) => name.startsWith("remove"));
    if (clean) assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), [], where);
    for (const run of await listRuns(folder)) assertEquals(run.status, "interrupted", where);
    return;
  }
  if (heals) assertEquals(error, undefined, where);
  const onDisk = (await readEvents(folder, id)).map(({ event }) => event);
  assertEquals(onDisk, told.slice(0, onDisk.length), where);
  const text = await Deno.readTextFile(runFiles(folder, id).events);
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  for (const line of whole.split("\n").slice(0, -1)) JSON.parse(line);
  const run = await readRun(folder, id);
  assert(run.status === "done" || error !== undefined && run.status === "interrupted", where);
  if (error === undefined) {
    assertEquals(onDisk, told, where);
    assertEquals(run.stages.map(({ state }) => state), ["done", "done", "done"], where);
  }
}

Deno.test("record on a failing disk: any operation, once or for ever", async () => {
  const sound = new FaultyFiles();
  await inFolder((folder) => Promise.resolve(play(folder, sound, false)));
  assertLess(10, sound.count);
  const codes = Object.keys(FAULT_CODES) as Fault["code"][];
  for (let at = 1; at <= sound.count; at++) {
    for (const [forever, heals] of [[false, false], [true, true], [true, false]] as const) {
      const code = codes[at % codes.length] ?? "ENOSPC";
      const fault = { at, forever, code, tear: at % 2 === 0 };
      await inFolder((folder) => checkFault(folder, fault, heals));
    }
  }
});

Deno.test("an event that was half written when the disk was full is whole once it is not", async () => {
  const sound = new FaultyFiles();
  await inFolder((folder) => Promise.resolve(play(folder, sound, false)));
  for (let at = 6; at < sound.count; at++) {
    await inFolder((folder) =>
      checkFault(folder, { at, forever: true, code: "ENOSPC", tear: true }, true)
    );
  }
});

Deno.test("a record that cannot be begun or ended says where, why and what to do", async () => {
  await inFolder((folder) => {
    const full = new FaultyFiles({ at: 1, forever: true, code: "ENOSPC" });
    const { error: begun } = play(folder, full, false);
    assert(begun instanceof StorageError);
    assertMatch(
      begun.message,
      /^could not begin the record of a run in .*: the disk is full\. Free /,
    );
    const later = new FaultyFiles({ at: 9, forever: true, code: "EROFS" });
    const { error: ended, id = "" } = play(folder, later, false);
    assert(ended instanceof StorageError);
    assertMatch(
      ended.message,
      /^could not write the events of the run to .*: the file system is read/,
    );
    assertStringIncludes(ended.message, join(folder, id));
    return Promise.resolve();
  });
});

Deno.test("a disk that refuses run.json for a while ends nothing", () =>
  inFolder(async (folder) => {
    const files = new FaultyFiles({ at: 8, forever: true, code: "ENOSPC" });
    const recorder = begin(folder, files, () => {});
    recorder.emit({ type: "stage-started", stage: "one", uses: "make", reason: "new", attempt: 1 });
    const until = performance.now() + 4000;
    while (!files.failed.includes("writeSync") && performance.now() < until) {
      await new Promise((done) => setTimeout(done, 20));
    }
    assert(files.failed.includes("writeSync"), String(files.failed));
    files.heal();
    recorder.finish("done");
    assertEquals((await readRun(folder, recorder.id)).status, "done");
  }));
