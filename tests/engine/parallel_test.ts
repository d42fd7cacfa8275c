/**
 * Several stages at a time in one run, and several runs on one folder.
 */
import { join } from "node:path";
import { readEvents } from "../../engine/history.ts";
import { ArtifactStore } from "../../engine/artifact_store.ts";
import { assert, assertEquals, assertLess } from "../../std/assert.ts";
import { leave, working } from "./modules.ts";
import { states, Workspace } from "./workspace.ts";

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

Deno.test("independent stages run side by side, up to the limit", async () => {
  await using work = await Workspace.with(`
name: wide
stages:
  work: { uses: work, matrix: { size: [1, 2, 3, 4, 5] }, with: { size: "\${{ matrix.size }}" } }
  last: { uses: make, needs: work, with: { size: 1 } }
`);
  let running = 0;
  let most = 0;
  const modules = working(async (context) => {
    most = Math.max(most, ++running);
    await pause(20);
    running--;
    await leave(context);
  });
  const run = await work.run({ stages: modules, concurrency: 3 });
  assertEquals([run.status, most], ["done", 3]);
  most = 0;
  await work.run({ stages: modules, concurrency: 1, force: ["work"] });
  assertEquals(most, 1);
});

Deno.test("two stages of a run that want the same compute it once", async () => {
  await using work = await Workspace.with(`
name: twins
stages:
  one: { uses: work, with: { size: 1 } }
  two: { uses: work, with: { size: 1 } }
`);
  let count = 0;
  const modules = working(async (context) => {
    count++;
    await pause(30);
    await leave(context);
  });
  const run = await work.run({ stages: modules, concurrency: 2 });
  assertEquals(Object.values(states(run)).sort(), ["cached", "done"]);
  assertEquals(count, 1);
  const told = work.events.flatMap((event) => event.type === "log" ? [event.message] : []);
  assertEquals(told, ["waiting for another stage of this run, which computes the same"]);
});

Deno.test("two runs on one folder compute each result once, and both have it", async () => {
  await using work = await Workspace.with(`
name: race
stages:
  a: { uses: work, matrix: { size: [1, 2, 3] }, with: { size: "\${{ matrix.size }}" } }
  b: { uses: train, with: { dataset: "\${{ stages.c.outputs.data }}" } }
  c: { uses: work, with: { size: 9 } }
`);
  const counts = new Map<string, number>();
  const modules = working(async (context) => {
    counts.set(context.instance, (counts.get(context.instance) ?? 0) + 1);
    await pause(30);
    await leave(context);
  });
  const runs = await Promise.all([1, 2, 3].map(() => work.run({ stages: modules })));
  assertEquals(runs.map(({ status }) => status), ["done", "done", "done"]);
  assertEquals([...counts.values()], [1, 1, 1, 1]);
  const outputs = runs.map(({ stages }) => stages.map(({ outputs }) => outputs));
  assertEquals(outputs[1], outputs[0]);
  assertEquals(outputs[2], outputs[0]);
});

Deno.test("when the run that computes fails, the one that waits computes", async () => {
  await using work = await Workspace.with(`stages: { work: { uses: work, with: { size: 1 } } }`);
  let begun: (() => void) | undefined;
  const hasBegun = new Promise<void>((resolve) => begun = resolve);
  const failing = working(async () => {
    begun?.();
    await pause(50);
    throw new Error("no luck");
  });
  const first = work.run({ stages: failing });
  await hasBegun;
  const second = await work.run({ stages: working(leave) });
  assertEquals([(await first).status, second.status], ["failed", "done"]);
});

Deno.test("an abort ends the wait before the next attempt, and the wait for another run", async () => {
  await using work = await Workspace.with(`
stages: { work: { uses: work, with: { size: 1 }, retry: { attempts: 5, delay: 30s } } }
`);
  const controller = new AbortController();
  const began = performance.now();
  const run = await work.run({
    signal: controller.signal,
    listener: (event) => {
      if (event.type === "stage-retried") controller.abort(new Error("Ctrl-C"));
    },
    stages: working(() => Promise.reject(new Error("no luck"))),
  });
  assertEquals([run.status, states(run)["work"]], ["interrupted", "interrupted"]);

  let end: (() => void) | undefined;
  let waits: (() => void) | undefined;
  const over = new Promise<void>((resolve) => end = resolve);
  const isWaiting = new Promise<void>((resolve) => waits = resolve);
  const modules = working(async (context) => {
    await over;
    await leave(context);
  });
  const owner = work.run({ stages: modules });
  await pause(50);
  const second = new AbortController();
  const waiter = work.run({
    stages: modules,
    signal: second.signal,
    listener: (event) => {
      if (event.type === "log") waits?.();
    },
  });
  await isWaiting;
  second.abort(new Error("Ctrl-C"));
  assertEquals((await waiter).status, "interrupted");
  end?.();
  assertEquals((await owner).status, "done");
  assertLess(performance.now() - began, 10_000);
});

Deno.test("two processes on one runs folder finish, and leave a whole store", async () => {
  await using work = await Workspace.with(`
name: processes
stages:
  a: { uses: make, matrix: { size: [1, 2, 3, 4, 5, 6, 7, 8] }, with: { size: "\${{ matrix.size }}" } }
`);
  const workspace = new URL("./workspace.ts", import.meta.url).href;
  await work.write(
    "runner.ts",
    `import { Workspace } from ${JSON.stringify(workspace)};
     const run = await new Workspace(${JSON.stringify(work.folder)}).run();
     console.log(JSON.stringify({ id: run.id, outputs: run.stages.map(({ outputs }) => outputs) }));
     Deno.exit(run.status === "done" ? 0 : 1);`,
  );
  const results = await Promise.all([1, 2].map(async () => {
    const { code, stdout, stderr } = await new Deno.Command("deno", {
      args: ["run", "-A", "--config", "deno.json", join(work.folder, "runner.ts")],
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  }));
  assertEquals(results[0].outputs, results[1].outputs);
  let computed = 0;
  for (const { id } of results) {
    const events = await readEvents(work.runsFolder, id);
    computed += events.filter(({ event }) => event.type === "stage-started").length;
  }
  assertEquals(computed, 8);
  const store = new ArtifactStore(work.runsFolder);
  for (const { name } of Deno.readDirSync(join(work.runsFolder, "artifacts"))) {
    assert(await store.verify(name), name);
  }
});

Deno.test("a matrix of 1,000 runs, and again from the cache", async () => {
  const sizes = Array.from({ length: 1000 }, (_, index) => index + 1).join(", ");
  await using work = await Workspace.with(`
name: thousand
stages:
  make: { uses: make, matrix: { size: [${sizes}] }, with: { size: "\${{ matrix.size }}" } }
`);
  const first = await work.run();
  assertEquals(new Set(Object.values(states(first))), new Set(["done"]));
  assertEquals(first.stages.length, 1000);
  const again = await work.run();
  assertEquals(new Set(Object.values(states(again))), new Set(["cached"]));
});
