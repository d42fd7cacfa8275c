/**
 * Checkpoints on a disk that fails at any step, after kills and after damage: what is found is as it was
 * saved, before or after, and never in between.
 */
import { join } from "node:path";
import { FolderCheckpoints } from "../../engine/checkpoints.ts";
import type { EngineEvent } from "../../engine/events.ts";
import { disk, type Files } from "../../engine/files.ts";
import type { StageContext, StageModule } from "../../engine/module.ts";
import { StorageError } from "../../engine/storage_error.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../std/assert.ts";
import { FAULT_CODES, FaultyFiles, flipBit } from "./faulty_files.ts";
import { stages } from "./modules.ts";
import { states, Workspace } from "./workspace.ts";

/** A stage's folder with metrics. */
class Place implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "checkpoints-" });
  readonly warnings: string[] = [];
  isOpen = true;

  get #metrics(): string {
    return join(this.folder, "metrics.jsonl");
  }

  get metrics(): string {
    return Deno.readTextFileSync(this.#metrics);
  }

  /** As an attempt finds it: no metrics yet. */
  open(files: Files = disk): FolderCheckpoints {
    Deno.writeTextFileSync(this.#metrics, "");
    return new FolderCheckpoints({
      folder: join(this.folder, "checkpoints"),
      metrics: this.#metrics,
      setMetrics: (lines) => Deno.writeFileSync(this.#metrics, lines),
      warn: (message) => this.warnings.push(message),
      requireOpen: () => {
        if (!this.isOpen) throw new Error("over");
      },
    }, files);
  }

  /** Saves steps one after another, with metrics of every step. */
  async save(checkpoints: FolderCheckpoints, ...steps: number[]): Promise<void> {
    for (const step of steps) {
      Deno.writeTextFileSync(this.#metrics, metricsAt(step));
      await checkpoints.save(step, writer(step));
    }
  }

  names(): string[] {
    return [...Deno.readDirSync(join(this.folder, "checkpoints"))].map(({ name }) => name).sort();
  }

  /** Step of the newest checkpoint, everything of it as it was saved. */
  async found(): Promise<number | undefined> {
    const folder = await this.open().latest();
    if (folder === undefined) {
      assertEquals(this.metrics, "");
      return undefined;
    }
    const step = Number(await Deno.readTextFile(join(folder, "inner", "step")));
    assertEquals(await Deno.readFile(join(folder, "tensors")), tensorsAt(step));
    assertEquals(this.metrics, metricsAt(step));
    return step;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

function metricsAt(step: number): string {
  return Array.from({ length: step }, (_, i) => `{"step":${i + 1}}\n`).join("");
}

function tensorsAt(step: number): Uint8Array {
  return new Uint8Array(5000).fill(step);
}

function writer(step: number) {
  return async (folder: string) => {
    await Deno.mkdir(join(folder, "inner"));
    await Deno.writeFile(join(folder, "tensors"), tensorsAt(step));
    await Deno.writeTextFile(join(folder, "inner", "step"), String(step));
  };
}

Deno.test("checkpoints: the newest is found, metrics with it, and two are kept", async () => {
  await using place = new Place();
  assertEquals(await place.found(), undefined);
  await place.save(place.open(), 3);
  assertEquals(await place.found(), 3);
  await place.save(place.open(), 9, 10, 100);
  assertEquals(await place.found(), 100);
  assertEquals(place.names().map((name) => name.split("-")[0]), ["10", "100"]);
  assertEquals(place.warnings, []);
});

Deno.test("checkpoints: a fault at any step of saving leaves what was before, or what comes after", async () => {
  await using sound = new Place();
  await sound.save(sound.open(), 5, 10);
  const counting = new FaultyFiles();
  await sound.save(sound.open(counting), 15);
  assert(counting.count > 15, `${counting.count} operations`);
  const codes = Object.keys(FAULT_CODES) as (keyof typeof FAULT_CODES)[];
  const outcomes = new Set<string>();
  for (let at = 1; at <= counting.count; at++) {
    for (const forever of [false, true]) {
      await using place = new Place();
      await place.save(place.open(), 5, 10);
      const code = codes[(at + Number(forever)) % codes.length] ?? "ENOSPC";
      const faulty = new FaultyFiles({ at, forever, code, tear: at % 2 === 0 });
      const checkpoints = place.open(faulty);
      const error = await place.save(checkpoints, 15).then(() => undefined, (thrown) => thrown);
      const where = `${code} at ${at} (${faulty.failed}), ${forever}: ${error}`;
      assert(error === undefined || error instanceof StorageError, where);
      const found = await place.found();
      outcomes.add(`${error === undefined} ${found}`);
      assert(found === 15 || error !== undefined && found === 10, `${where}: ${found}`);
      assertEquals(place.warnings, [], where);
      if (forever) continue;
      await place.save(checkpoints, 20);
      assertEquals(await place.found(), 20, where);
      assertEquals(place.names().map((name) => name.split("-")[0]), [String(found), "20"], where);
    }
  }
  assertEquals([...outcomes].sort(), ["false 10", "false 15", "true 15"]);
});

Deno.test("checkpoints: a fault while looking is told, and takes nothing away", async () => {
  await using sound = new Place();
  await sound.save(sound.open(), 5, 10);
  const counting = new FaultyFiles();
  await sound.open(counting).latest();
  for (let at = 1; at <= counting.count; at++) {
    await using place = new Place();
    await place.save(place.open(), 5, 10);
    const faulty = new FaultyFiles({ at, forever: true, code: "EMFILE" });
    await assertRejects(
      () => place.open(faulty).latest(),
      StorageError,
      "could not look for checkpoints in",
    );
    assertEquals(await place.found(), 10);
  }
});

Deno.test("checkpoints: one that goes is gone as a whole, even if its removal stops halfway", async () => {
  await using place = new Place();
  await place.save(place.open(), 5, 10);
  const halting = Object.assign(new FaultyFiles(), {
    async remove(path: string) {
      await Deno.remove(join(path, "state", "tensors"));
      throw Object.assign(new Error(FAULT_CODES.EIO), { code: "EIO" });
    },
  });
  await place.save(place.open(halting), 15);
  assertEquals(
    place.names().map((name) => /^\d*/.exec(name)![0]),
    ["", "10", "15"],
  );
  assertEquals([await place.found(), place.names().length], [15, 2]);
});

Deno.test("checkpoints: what throws while it writes, or was killed, leaves no trace", async () => {
  await using place = new Place();
  const checkpoints = place.open();
  await place.save(checkpoints, 5);
  const half = async (folder: string) => {
    await Deno.writeTextFile(join(folder, "tensors"), "half");
    throw new TypeError("device lost");
  };
  await assertRejects(() => checkpoints.save(10, half), TypeError, "device lost");
  assertEquals(place.names().length, 1);
  await Deno.mkdir(join(place.folder, "checkpoints", ".tmp-killed", "state"), { recursive: true });
  assertEquals(await place.found(), 5);
  assertEquals(place.names().length, 1);
});

Deno.test("checkpoints: a damaged one is set aside and named, and an older one found", async () => {
  const damages: Record<string, (checkpoint: string) => Promise<void>> = {
    "first bit": (path) => flipBit(join(path, "state", "tensors"), 0),
    "last bit": (path) => flipBit(join(path, "state", "tensors"), 39_999),
    "a bit of the metrics": (path) => flipBit(join(path, "metrics.jsonl"), 77),
    "torn file": (path) => Deno.truncate(join(path, "state", "tensors"), 2500),
    "empty file": (path) => Deno.truncate(join(path, "state", "inner", "step"), 0),
    "lost file": (path) => Deno.remove(join(path, "state", "inner", "step")),
    "lost metrics": (path) => Deno.remove(join(path, "metrics.jsonl")),
    "one file more": (path) => Deno.writeTextFile(join(path, "state", "more"), ""),
    "a link": (path) => Deno.symlink("tensors", join(path, "state", "link")),
    "nothing left": (path) => Deno.remove(join(path, "state"), { recursive: true }),
  };
  for (const [name, damage] of Object.entries(damages)) {
    await using place = new Place();
    await place.save(place.open(), 9, 10);
    const newest = place.names()[0]!;
    await damage(join(place.folder, "checkpoints", newest));
    assertEquals(await place.found(), 9, name);
    assertEquals(place.warnings.length, 1, name);
    assertStringIncludes(place.warnings[0]!, newest);
    assertStringIncludes(place.warnings[0]!, "does not match its hash: it is called damaged-");
    assertEquals(place.names().filter((one) => one.startsWith("damaged-")).length, 1, name);
    // The work goes on, and comes to the same step again.
    await place.save(place.open(), 10);
    assertEquals(await place.found(), 10, name);
    for (const one of place.names().filter((one) => /^\d/.test(one))) {
      await damage(join(place.folder, "checkpoints", one));
    }
    assertEquals(await place.found(), undefined, name);
  }
});

Deno.test("checkpoints: the same step saved again replaces one that is damaged", async () => {
  await using place = new Place();
  await place.save(place.open(), 10);
  await place.save(place.open(), 10);
  assertEquals(place.names().length, 1);
  await flipBit(join(place.folder, "checkpoints", place.names()[0]!, "metrics.jsonl"), 3);
  await place.save(place.open(), 10);
  assertEquals([await place.found(), place.names().length, place.warnings.length], [10, 1, 0]);
});

Deno.test("checkpoints: work that begins again leaves nothing of what it gave up", async () => {
  await using place = new Place();
  await place.save(place.open(), 90, 100);
  const checkpoints = place.open();
  await checkpoints.latest();
  assertEquals(place.metrics, metricsAt(100));
  await checkpoints.clear();
  assertEquals([place.metrics, ...place.names()], [""]);
  await place.save(place.open(), 90, 100);
  await place.save(place.open(), 7);
  assertEquals(place.names().map((name) => name.split("-")[0]), ["7"]);
});

Deno.test("checkpoints: one at a time, of a whole step, and not after the end", async () => {
  await using place = new Place();
  const checkpoints = place.open();
  const first = checkpoints.save(1, writer(1));
  await assertRejects(() => checkpoints.save(2, writer(2)), Error, "await it");
  await first;
  for (const step of [-1, 1.5, NaN]) {
    await assertRejects(() => checkpoints.save(step, writer(1)), RangeError, "whole number");
  }
  const late = async (folder: string) => {
    await writer(2)(folder);
    place.isOpen = false;
  };
  await assertRejects(() => checkpoints.save(2, late), Error, "over");
  await assertRejects(() => checkpoints.save(3, writer(3)), Error, "over");
  const steps = place.names().map((name) => name.split("-")[0]);
  assertEquals(steps, ["1"]);
});

/** Counts to 8, saves at 3 and 6, and reports each; `stopAt` may throw. */
function counting(stopAt: (context: StageContext, step: number) => void): StageModule {
  return {
    ...stages.get("make")!,
    async run(_input, context) {
      const { checkpoints } = context;
      const folder = await checkpoints.latest();
      const begun = folder === undefined ? 0 : Number(await Deno.readTextFile(join(folder, "at")));
      for (let step = begun + 1; step <= 8; step++) {
        stopAt(context, step);
        context.metric(step, { square: step * step });
        if (step % 3 !== 0) continue;
        await checkpoints.save(step, (own) => Deno.writeTextFile(join(own, "at"), String(step)));
      }
      await Deno.writeTextFile(context.output("data"), "done");
    },
  } as StageModule;
}

const FLOW = `
name: counting
stages:
  count: { uses: make, with: { size: 1 }, retry: { attempts: 2, delay: 0.01s } }
`;

function metricSteps(events: readonly EngineEvent[]): number[] {
  return events.flatMap((event) => event.type === "metric" ? [event.step] : []);
}

Deno.test("checkpoints: a second attempt, or another run, goes on; its metrics are those of a run without a stop", async () => {
  const hashOf = async (work: Workspace, module: StageModule) => {
    const run = await work.run({ stages: new Map([["make", module]]) });
    assertEquals(states(run), { count: "done" });
    return run.stages[0]!.outputs["metrics"];
  };
  await using plain = await Workspace.with(FLOW);
  const expected = await hashOf(plain, counting(() => {}));

  await using retried = await Workspace.with(FLOW);
  let fails = 0;
  const module = counting((_context, step) => {
    if (step === 5 && fails++ === 0) throw new Error("once");
  });
  assertEquals(await hashOf(retried, module), expected);
  assertEquals(metricSteps(retried.events), [1, 2, 3, 4, 4, 5, 6, 7, 8]);

  await using stopped = await Workspace.with(FLOW);
  const controller = new AbortController();
  const interrupted = counting((context, step) => {
    if (step === 8) controller.abort(new Error("Ctrl-C"));
    context.signal.throwIfAborted();
  });
  const first = await stopped.run({
    stages: new Map([["make", interrupted]]),
    signal: controller.signal,
  });
  assertEquals(first.status, "interrupted");
  assertEquals(await hashOf(stopped, counting(() => {})), expected);
  assertEquals(metricSteps(stopped.events), [7, 8]);
});
