/**
 * Collections that fail or are stopped after any round, and go on with objects of their own: the same rows as
 * from one that was never stopped, and no comment of a whole round asked for twice.
 */
import { join } from "node:path";
import type { ReflectionAgent } from "../../agents/agent.ts";
import { CommentMemory } from "../../agents/memory.ts";
import { makeEnvironment } from "../../envs/make.ts";
import { behaviours } from "../../training/behaviour.ts";
import { collect, type CollectOptions } from "../../training/collect.ts";
import { DatasetError } from "../../training/dataset.ts";
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "../../std/assert.ts";
import { Store } from "./checkpoint_store.ts";

const EPISODES = 100;

class Refusal extends Error {}

/** Says of each situation when it first saw it, and refuses calls from the `refuseAt`-th. */
class Teacher implements ReflectionAgent {
  readonly #memory = new CommentMemory();
  #written = 0;
  calls = 0;

  constructor(readonly refuseAt = Infinity) {}

  reflect(observations: Parameters<ReflectionAgent["reflect"]>[0]) {
    if (++this.calls >= this.refuseAt) {
      // It had begun: what it remembers of this round is not of the rounds before.
      this.#written += 5;
      return Promise.reject(new Refusal("no more"));
    }
    return this.#memory.complete(
      observations.map(({ state }) => state),
      (positions) => Promise.resolve(positions.map(() => `comment ${this.#written++}`)),
    );
  }

  state() {
    return { memory: this.#memory.state(), written: this.#written };
  }

  restore(state: unknown) {
    const { memory, written } = state as { memory: unknown; written: number };
    this.#memory.restore(memory);
    this.#written = written;
  }
}

async function gatherAll(agent: ReflectionAgent, changes: Partial<CollectOptions> = {}) {
  return await collect({
    env: await makeEnvironment("taxi", { task: "pickup" }),
    agent,
    behaviour: await behaviours.get("oracle")!.make({ random: 0.3 }),
    ...{ episodes: EPISODES, negatives: 0.3, split: "train", seed: 1 },
    signal: new AbortController().signal,
    ...changes,
  });
}

/** What does not depend on whether it was stopped. */
async function gather(...call: Parameters<typeof gatherAll>) {
  const { resumedSteps: _, ...collection } = await gatherAll(...call);
  return collection;
}

const whole = await gather(new Teacher());

Deno.test("a collection whose teacher refuses keeps the rounds before, and goes on from them", async () => {
  for (const refuseAt of [1, 2, 3, 4]) {
    using store = new Store();
    const checkpoints = store.options();
    const error = await assertRejects(() => gather(new Teacher(refuseAt), { checkpoints }));
    assert(error instanceof Refusal);
    // Rounds are of 32 episodes.
    assertEquals(store.saved, refuseAt === 1 ? [] : [32 * (refuseAt - 1)]);
    const teacher = new Teacher();
    const collection = await gather(teacher, { checkpoints });
    assertEquals(teacher.calls, 4 - (refuseAt - 1));
    // Not only equal: the same bytes once they are written.
    assertEquals(JSON.stringify(collection), JSON.stringify(whole));
    const goesOn = `goes on from the checkpoint of episode ${32 * (refuseAt - 1)}`;
    assertEquals(store.logged, refuseAt === 1 ? [] : [goesOn]);
  }
});

Deno.test("a collection that is stopped keeps what it has", async () => {
  using store = new Store();
  const stop = new AbortController();
  const progress = (episodes: number) => {
    if (episodes === 64) stop.abort(new Refusal("stopped"));
  };
  const { signal } = stop;
  await assertRejects(
    () => gather(new Teacher(), { checkpoints: store.options(), signal, progress }),
    Refusal,
    "stopped",
  );
  assertEquals(store.saved, [64]);
  const checkpoints = store.options();
  const { resumedSteps, ...collection } = await gatherAll(new Teacher(), { checkpoints });
  assertEquals(resumedSteps, collection.reflection.filter(({ episode }) => episode < 64).length);
  assertEquals(JSON.stringify(collection), JSON.stringify(whole));
  assertEquals((await gatherAll(new Teacher())).resumedSteps, 0);
});

Deno.test("checkpoints are taken after so many episodes, or never in half a minute, and change nothing", async () => {
  const cases = [[1, [32, 64, 96, 100]], [33, [64, 100]], [200, []], [undefined, []]] as const;
  for (const [every, saved] of cases) {
    using store = new Store();
    const collection = await gather(new Teacher(), { checkpoints: store.options(every) });
    assertEquals(store.saved, [...saved]);
    assertEquals(JSON.stringify(collection), JSON.stringify(whole));
  }
});

Deno.test("by the clock, a collection that takes long is saved every half minute", async () => {
  using store = new Store();
  const { now } = performance;
  let rounds = 0;
  performance.now = () => rounds * 12_000;
  try {
    const progress = () => void rounds++;
    await gather(new Teacher(), { episodes: 320, checkpoints: store.options(), progress });
  } finally {
    performance.now = now;
  }
  assertEquals(store.saved, [96, 192, 288]);
});

Deno.test("without the agent's memory the comments would be others", async () => {
  const forgetful = new Teacher(3);
  forgetful.state = () => ({ memory: [], written: 0 });
  using store = new Store();
  await assertRejects(() => gather(forgetful, { checkpoints: store.options() }), Refusal);
  const collection = await gather(new Teacher(), { checkpoints: store.options() });
  assertNotEquals(JSON.stringify(collection), JSON.stringify(whole));
});

Deno.test("a checkpoint that cannot be read is told, and the collection begins anew", async () => {
  for (const name of ["collection.json", "policy.jsonl", "reflection.jsonl"]) {
    using store = new Store();
    const checkpoints = store.options();
    await assertRejects(() => gather(new Teacher(2), { checkpoints }), Refusal);
    await Deno.writeTextFile(join(store.newest, name), '{"format": 7}\n');
    const teacher = new Teacher();
    const collection = await gather(teacher, { checkpoints });
    assertEquals(teacher.calls, 4);
    assertEquals(JSON.stringify(collection), JSON.stringify(whole));
    assertEquals(store.logged.length, 1);
    assertStringIncludes(store.logged[0]!, "begins anew: the checkpoint is malformed (");
  }
});

Deno.test("a checkpoint that cannot be opened now is kept", async () => {
  using store = new Store();
  const checkpoints = store.options();
  await assertRejects(() => gather(new Teacher(2), { checkpoints }), Refusal);
  const rows = join(store.newest, "policy.jsonl");
  const bytes = await Deno.readTextFile(rows);
  await Deno.remove(rows);
  await assertRejects(() => gather(new Teacher(), { checkpoints }), DatasetError, "policy.jsonl");
  assertEquals([store.saved, store.logged], [[32], []]);
  await Deno.writeTextFile(rows, bytes);
  const collection = await gather(new Teacher(), { checkpoints });
  assertEquals(JSON.stringify(collection), JSON.stringify(whole));
});

Deno.test("where the disk refuses too, the teacher's error is the one that is thrown", async () => {
  using store = new Store();
  store.save = () => Promise.reject(new Error("disk full"));
  const error = await assertRejects(() => gather(new Teacher(3), { checkpoints: store.options() }));
  assert(error instanceof Refusal);
  assertEquals(store.logged, ["64 episodes could not be saved: disk full"]);
});
