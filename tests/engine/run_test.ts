import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { SetupError, StorageError } from "../../engine/engine.ts";
import type { EngineEvent } from "../../engine/events.ts";
import { listRuns, readEvents, readMetrics, readRunRecord } from "../../engine/history.ts";
import type { StageContext } from "../../engine/module.ts";
import {
  assertEquals,
  assertLess,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../../std/assert.ts";
import { leave, working } from "./modules.ts";
import { reasons, states, Workspace } from "./workspace.ts";

const ONE = `
name: one
stages:
  work: { uses: work, with: { size: 1 } }
`;

function kinds(events: readonly EngineEvent[]): string[] {
  return events.map((event) => event.type);
}

Deno.test("a run leaves its record, its events and each stage's files", async () => {
  await using work = await Workspace.with(ONE);
  const run = await work.run({
    overrides: ["seed=3"],
    stages: working(async (context) => {
      context.log("hello");
      context.metric(1, { loss: 0.5, odd: NaN });
      context.metric(2, { loss: 0.25, odd: 1 });
      context.gauge({ rate: Infinity });
      context.progress(2, 2, "steps");
      await leave(context);
    }),
  });
  assertMatch(run.id, /^\d{8}-\d{6}-one-[0-9a-f]{4}$/);
  assertEquals(await Deno.readLink(join(work.runsFolder, "latest")), run.id);

  const record = await readRunRecord(work.runsFolder, run.id);
  assertEquals(record.status, "done");
  assertEquals(record.seed, 3);
  assertEquals(record.text, ONE);
  assertEquals(record.overrides, { seed: 3 });
  assertEquals(record.versions["deno"], Deno.version.deno);
  assertEquals(record.stages, run.stages);

  const recorded = await readEvents(work.runsFolder, run.id);
  assertEquals(recorded.map(({ event }) => event), work.events);
  assertEquals(kinds(work.events), [
    "run-started",
    "stage-planned",
    "stage-started",
    "log",
    "metric",
    "metric",
    "gauge",
    "progress",
    "stage-finished",
    "run-finished",
  ]);
  const from = recorded[7]?.end ?? 0;
  assertEquals(kinds((await readEvents(work.runsFolder, "latest", from)).map((r) => r.event)), [
    "stage-finished",
    "run-finished",
  ]);

  const points = [
    { step: 1, values: { loss: 0.5, odd: null } },
    { step: 2, values: { loss: 0.25, odd: 1 } },
  ];
  assertEquals(await readMetrics(work.runsFolder, run.id), [{ stage: "work", points }]);
  const folder = join(work.runsFolder, run.id, "stages", "work");
  assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
    "inputs.json",
    "log.txt",
    "metrics.jsonl",
    "outputs.json",
  ]);
  assertStringIncludes(await Deno.readTextFile(join(folder, "log.txt")), "hello");
  const outputs = JSON.parse(await Deno.readTextFile(join(folder, "outputs.json")));
  assertEquals(await Deno.readTextFile(outputs.data.path), "left");
  assertEquals(outputs.metrics.kind, "metrics");
});

Deno.test("progress and gauges become events at most every 500 ms, and the last one", async () => {
  await using work = await Workspace.with(ONE);
  await work.run({
    stages: working(async (context) => {
      for (let step = 1; step <= 1000; step++) {
        context.progress(step, 2000, "steps");
        context.gauge({ step });
      }
      await leave(context);
    }),
  });
  const progress = work.events.filter((event) => event.type === "progress");
  assertEquals(progress.map(({ done }) => done), [1, 1000]);
  assertEquals(work.events.filter((event) => event.type === "gauge").length, 2);
});

Deno.test("a failed attempt is tried again, with metrics and outputs of its own", async () => {
  await using work = await Workspace.with(ONE);
  let attempt = 0;
  const run = await work.run({
    overrides: ["stages.work.retry.attempts=3", "stages.work.retry.delay=0.01s"],
    stages: working(async (context) => {
      context.metric(++attempt, {});
      await Deno.writeTextFile(context.output("data"), `attempt ${attempt}`, { createNew: true });
      if (attempt < 3) throw new Error(`bad luck ${attempt}`);
    }),
  });
  assertEquals(run.status, "done");
  const retried = work.events.filter((event) => event.type === "stage-retried");
  assertEquals(retried.map(({ message, attempt }) => [attempt, message]), [
    [1, "bad luck 1"],
    [2, "bad luck 2"],
  ]);
  const [metrics] = await readMetrics(work.runsFolder, run.id);
  assertEquals(metrics?.points, [{ step: 3, values: {} }]);
});

Deno.test("after its last attempt a stage has failed, and what needs it is skipped", async () => {
  await using work = await Workspace.with(`
name: failing
stages:
  work: { uses: work, with: { size: 1 }, retry: { attempts: 2, delay: 0.01s } }
  model: { uses: train, with: { dataset: "\${{ stages.work.outputs.data }}" } }
  test: { uses: play, with: { env: taxi, models: ["\${{ stages.model.outputs.model }}"] } }
  after: { uses: make, needs: work, with: { size: 2 } }
  apart: { uses: make, with: { size: 1 } }
`);
  const failing = working(() => Promise.reject(new Error("no luck")));
  const run = await work.run({ stages: failing });
  assertEquals(run.status, "failed");
  assertEquals(reasons(run.stages), {
    work: "failed: no luck",
    model: "skipped: needs work, which failed",
    test: "skipped: needs model, which was skipped",
    after: "skipped: needs work, which failed",
    apart: "done: no earlier result",
  });
  const log = join(work.runsFolder, run.id, "stages", "work", "log.txt");
  assertStringIncludes(await Deno.readTextFile(log), "run_test.ts");

  const tolerant = await work.run({
    stages: failing,
    overrides: ["stages.work.continue-on-error=true"],
  });
  assertEquals(tolerant.status, "done");
  assertEquals(states(tolerant), {
    work: "failed",
    model: "skipped",
    test: "skipped",
    after: "done",
    apart: "cached",
  });
  const mended = await work.run({ stages: working(leave) });
  assertEquals(Object.values(states(mended)), ["done", "done", "done", "cached", "cached"]);
});

Deno.test("a stage must write what it declares, and only that", async () => {
  await using work = await Workspace.with(ONE);
  const lazy = await work.run({ stages: working(() => Promise.resolve()) });
  assertStringIncludes(lazy.stages[0]?.reason ?? "", 'without writing its output "data"');
  const wrong = await work.run({
    stages: working((context) => {
      const error = assertThrows(() => context.output("dta"));
      throw error;
    }),
  });
  assertEquals(
    wrong.stages[0]?.reason,
    'the stage declares no output "dta"; did you mean "data"? (valid: data)',
  );
});

/** Never ends by itself; stops when asked to. */
function forever({ signal }: StageContext): Promise<void> {
  return new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(new Error("stopped")), { once: true })
  );
}

Deno.test("a timeout stops an attempt, and is a failure that can be retried", async () => {
  await using work = await Workspace.with(ONE);
  const run = await work.run({
    overrides: [
      "stages.work.timeout=0.05s",
      "stages.work.retry.attempts=2",
      "stages.work.retry.delay=0.01s",
    ],
    stages: working(forever),
  });
  assertEquals(run.status, "failed");
  assertEquals(run.stages[0]?.reason, "took longer than its timeout of 0.05 s");
  assertEquals(work.events.filter(({ type }) => type === "stage-retried").length, 1);
});

Deno.test("a stage that does not stop is left behind after the grace, and not retried", async () => {
  await using work = await Workspace.with(ONE);
  let context: StageContext | undefined;
  const run = await work.run({
    grace: 50,
    overrides: [
      "stages.work.timeout=0.05s",
      "stages.work.retry.attempts=2",
      "stages.work.retry.delay=0.01s",
    ],
    stages: working((given) => {
      context = given;
      return new Promise(() => {});
    }),
  });
  assertStringIncludes(run.stages[0]?.reason ?? "", "did not stop within 0.05 s");
  assertEquals(work.events.filter(({ type }) => type === "stage-retried").length, 0);
  const count = work.events.length;
  context?.log("still here");
  context?.metric(1, {});
  assertEquals(work.events.length, count);
});

Deno.test("an abort interrupts the run, keeps what is committed, and the next run goes on", async () => {
  const flow = `
name: interrupted
stages:
  first: { uses: make, with: { size: 1 } }
  work: { uses: work, needs: first, with: { size: 1 }, retry: { attempts: 3 } }
  last: { uses: make, needs: work, with: { size: 2 } }
`;
  await using work = await Workspace.with(flow);
  const controller = new AbortController();
  // Returns as if it were done, with half an output: that must not count as a result.
  const run = await work.run({
    signal: controller.signal,
    stages: working(async (context) => {
      await leave(context);
      controller.abort(new Error("Ctrl-C"));
    }),
  });
  assertEquals(run.status, "interrupted");
  assertEquals(states(run), { first: "done", work: "interrupted", last: "waiting" });
  assertEquals(work.events.filter(({ type }) => type === "stage-retried").length, 0);
  const next = await work.run({ stages: working(leave) });
  assertEquals(states(next), { first: "cached", work: "done", last: "done" });
});

Deno.test("without a device nothing is run", async () => {
  await using work = await Workspace.with(`stages: { test: { uses: play, with: { env: taxi } } }`);
  const device = {
    choice: "auto" as const,
    describe: () => Promise.reject(new Error("no adapter: run sh setup.sh")),
  };
  const error = await assertRejects(() => work.run({ device }), SetupError);
  assertEquals(error.message, "no adapter: run sh setup.sh");
  const left = [...Deno.readDirSync(work.folder)].map(({ name }) => name);
  assertEquals(left, ["flow.yaml"]);
});

Deno.test("user modules work as stages and in slots, and their source is in the key", async () => {
  await using work = await Workspace.with(`
name: own
stages:
  mine: { uses: ./mine.ts, with: { env: { uses: ./world.ts, with: { width: 4 } } } }
`);
  const zod = import.meta.resolve("zod");
  const world = `import { z } from ${JSON.stringify(zod)};
export default {
  name: "world", version: "1", description: "Mine.",
  with: z.object({ width: z.number() }),
  make: () => ({}),
};`;
  await work.write("world.ts", world);
  const slot = new URL("../../engine/slot.ts", import.meta.url).href;
  await work.write(
    "mine.ts",
    `import { z } from ${JSON.stringify(zod)};
import { slot } from ${JSON.stringify(slot)};
export default {
  name: "mine", version: "1", description: "Mine.", url: import.meta.url, usesDevice: false,
  outputs: { text: { kind: "text", description: "What it was given." } },
  with: z.object({ env: slot("environment", new Map(), ["make"]) }),
  async run(input, context) {
    const module = (await import(/* @keyed */ input.env.uses)).default;
    await Deno.writeTextFile(context.output("text"), module.name + input.env.with.width);
  },
};`,
  );
  const run = await work.run();
  assertEquals(reasons(run.stages), { mine: "done: no earlier result" });
  const hash = run.stages[0]?.outputs["text"] ?? "";
  const payload = join(work.runsFolder, "artifacts", hash, "payload");
  assertEquals(await Deno.readTextFile(payload), "world4");
  assertEquals(states(await work.run()), { mine: "cached" });
  await work.write("world.ts", `${world}\n// changed`);
  assertEquals(reasons(await work.plan()), { mine: "run: input env: code changed" });
});

Deno.test("the parsed input a stage gets has artifacts in place of references", async () => {
  await using work = await Workspace.with(`
name: artifacts
stages:
  data: { uses: make, with: { size: 1 } }
  model: { uses: train, with: { dataset: "\${{ stages.data.outputs.data }}" } }
  test: { uses: play, with: { env: taxi, models: ["\${{ stages.model.outputs.model }}"] } }
`);
  const run = await work.run();
  const hash = run.stages[2]?.outputs["results"] ?? "";
  const text = await Deno.readTextFile(join(work.runsFolder, "artifacts", hash, "payload"));
  const { models, env } = z.object({
    models: z.array(z.object({ kind: z.string(), origin: z.string(), hash: z.string() })),
    env: z.object({ uses: z.string(), version: z.string() }),
  }).parse(JSON.parse(text));
  assertEquals(env, { uses: "taxi", version: "1" });
  assertEquals(models, [
    { kind: "model", origin: "model.model", hash: run.stages[1]?.outputs["model"] ?? "" },
  ]);
});

Deno.test("a fully cached run takes milliseconds", async () => {
  await using work = await Workspace.with(ONE);
  const modules = working(leave);
  await work.run({ stages: modules });
  const began = performance.now();
  await work.run({ stages: modules });
  assertLess(performance.now() - began, 1000);
});

Deno.test("a trace that the disk does not take costs nothing but the trace", async () => {
  await using work = await Workspace.with(`
name: two
stages:
  work: { uses: work, with: { size: 1 } }
  after: { uses: make, needs: [work], if: failure(), with: { size: 1 } }
`);
  const run = await work.run({
    stages: working(async () => {
      const log = join(work.runsFolder, "latest", "stages", "work", "log.txt");
      await Deno.remove(log);
      await Deno.mkdir(log);
      throw new Error("as the test wants");
    }),
  });
  assertEquals(states(run), { work: "failed", after: "done" });
  assertEquals(run.stages[0]?.reason, "as the test wants");
});

Deno.test("a run whose leases cannot be kept ends its record", async () => {
  await using work = await Workspace.with(ONE);
  await work.run({ stages: working(leave) });
  using database = new DatabaseSync(join(work.runsFolder, "store.sqlite"));
  database.exec("DROP TABLE leases; CREATE VIEW leases AS SELECT 1");
  await assertRejects(() => work.run({ stages: working(leave) }), StorageError, "leases");
  const [newest] = await listRuns(work.runsFolder);
  assertEquals(newest?.status, "failed");
});
