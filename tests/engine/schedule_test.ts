import { Schedule } from "../../engine/schedule.ts";
import type { StageInstance } from "../../engine/workflow.ts";
import { assert, assertEquals, assertRejects } from "../../std/assert.ts";
import { Random } from "../../std/random.ts";
import { make } from "./modules.ts";

/** Instances by name, what each needs, and whether it computes on the device: `b: [a]`, `c!: []`. */
function instances(graph: Readonly<Record<string, readonly string[]>>): StageInstance[] {
  return Object.entries(graph).map(([key, needs]) => {
    const name = key.replace("!", "");
    const module = { ...make, usesDevice: key.endsWith("!") };
    return { name, needs, module } as unknown as StageInstance;
  });
}

/** Steps that end when they are told to. */
class Steps {
  readonly begun: string[] = [];
  readonly ended: string[] = [];
  readonly #ends = new Map<string, PromiseWithResolvers<void>>();

  readonly step = async ({ name }: StageInstance): Promise<void> => {
    this.begun.push(name);
    const end = Promise.withResolvers<void>();
    this.#ends.set(name, end);
    await end.promise;
    this.ended.push(name);
  };

  get running(): string[] {
    return [...this.#ends.keys()];
  }

  async end(name: string, error?: Error): Promise<void> {
    const end = this.#ends.get(name);
    this.#ends.delete(name);
    if (error === undefined) end?.resolve();
    else end?.reject(error);
    await turn();
  }
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

const never = new AbortController().signal;

Deno.test("instances begin once what they need is over, as many as there is room for", async () => {
  const steps = new Steps();
  const graph = instances({ a: [], b: [], c: ["a"], d: ["b", "c"], e: [] });
  const run = new Schedule(graph, { instances: 2, onDevice: 2 }).run(steps.step, never);
  await turn();
  assertEquals(steps.running, ["a", "b"]);
  await steps.end("b");
  assertEquals(steps.running, ["a", "e"]);
  await steps.end("a");
  assertEquals(steps.running, ["e", "c"]);
  await steps.end("c");
  assertEquals(steps.running, ["e", "d"]);
  await steps.end("e");
  await steps.end("d");
  await run;
});

Deno.test("one instance at a time keeps the order of the plan", async () => {
  const steps = new Steps();
  const graph = instances({ a: [], b: ["a"], c: [], d: ["b"], e: ["a"] });
  const run = new Schedule(graph, { instances: 1, onDevice: 1 }).run(steps.step, never);
  for (const name of "abcde") {
    await turn();
    assertEquals(steps.running, [name]);
    await steps.end(name);
  }
  await run;
});

Deno.test("what needs the device waits for its slot, and others pass", async () => {
  const steps = new Steps();
  const graph = instances({ "a!": [], "b!": [], c: [], "d!": [] });
  const run = new Schedule(graph, { instances: 3, onDevice: 1 }).run(steps.step, never);
  await turn();
  assertEquals(steps.running, ["a", "c"]);
  await steps.end("c");
  assertEquals(steps.running, ["a"]);
  await steps.end("a");
  assertEquals(steps.running, ["b"]);
  await steps.end("b");
  await steps.end("d");
  await run;
});

Deno.test("after an abort nothing begins, and what runs is waited for", async () => {
  const steps = new Steps();
  const controller = new AbortController();
  const graph = instances({ a: [], b: ["a"] });
  const run = new Schedule(graph, { instances: 2, onDevice: 1 })
    .run(steps.step, controller.signal);
  await turn();
  controller.abort();
  await steps.end("a");
  await run;
  assertEquals(steps.begun, ["a"]);
});

Deno.test("after an error nothing begins; it is thrown when the others are over", async () => {
  const steps = new Steps();
  const graph = instances({ a: [], b: [], c: [] });
  const run = new Schedule(graph, { instances: 2, onDevice: 1 }).run(steps.step, never);
  let over = false;
  const rejected = assertRejects(() => run, Error, "disk full").then(() => over = true);
  await turn();
  await steps.end("a", new Error("disk full"));
  assertEquals([steps.begun, over], [["a", "b"], false]);
  await steps.end("b");
  await rejected;
});

Deno.test("random graphs: everything runs once, behind what it needs, within the room", async () => {
  const random = new Random(Number(Deno.env.get("PROPERTY_SEED") ?? 7));
  for (let round = 0; round < 50; round++) {
    const count = 1 + random.below(40);
    const graph: Record<string, string[]> = {};
    for (let i = 0; i < count; i++) {
      const needs = Array.from({ length: random.below(4) }, () => String(random.below(count)))
        .filter((other) => Number(other) < i);
      graph[`s${i}${random.below(3) === 0 ? "!" : ""}`] = needs.map((other) => `s${other}`);
    }
    const all = instances(graph);
    const room = { instances: 1 + random.below(5), onDevice: 1 + random.below(2) };
    const running = new Set<StageInstance>();
    const over = new Set<string>();
    await new Schedule(all, room).run(async (instance) => {
      assert(instance.needs.every((name) => over.has(name)), instance.name);
      running.add(instance);
      const onDevice = [...running].filter(({ module }) => module.usesDevice).length;
      assert(running.size <= room.instances && onDevice <= room.onDevice);
      for (let wait = random.below(4); wait > 0; wait--) await Promise.resolve();
      running.delete(instance);
      over.add(instance.name);
    }, never);
    assertEquals(over.size, count);
  }
});
