import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "../../std/assert.ts";
import { makeReflectionAgent } from "../../agents/make.ts";
import type { Environment } from "../../envs/environment.ts";
import { makeEnvironment } from "../../envs/make.ts";
import { TEST_PAIRS } from "../../envs/taxi/splits.ts";
import { STANDS } from "../../envs/taxi/dynamics.ts";
import { behaviours } from "../../training/behaviour.ts";
import { collect, type CollectOptions } from "../../training/collect.ts";
import { Corridor } from "../envs/corridor.ts";

async function gather(
  changes: Partial<CollectOptions> & { random?: number; task?: string } = {},
) {
  const { random = 0.5, task = "pickup", ...rest } = changes;
  return await collect({
    env: await makeEnvironment("taxi", { task }),
    agent: await makeReflectionAgent("oracle"),
    behaviour: await behaviours.get("oracle")!.make({ random }),
    episodes: 300,
    negatives: 0,
    split: "train",
    seed: 1,
    signal: new AbortController().signal,
    ...rest,
  });
}

Deno.test("the expert's episodes: every action is the best one, every episode a success", async () => {
  const { policy, reflection, successes, steps } = await gather({ random: 0 });
  assertEquals(successes, 300);
  assertEquals([policy.length, reflection.length], [steps, steps]);
  assert(policy.every(({ label, best }) => label === best));
});

Deno.test("noise replaces the expert's action, not the expert's label or remark", async () => {
  const { policy, reflection } = await gather({ random: 0.9, episodes: 2000 });
  const same = policy.filter(({ label, best }) => label === best).length;
  // The expert's with 0.1, and a sixth of the random ones agree with it.
  assertAlmostEquals(same / policy.length, 0.1 + 0.9 / 6, 0.03);
  const words = ["south", "north", "east", "west", "pick up", "drop off"];
  for (const row of policy) {
    const action = words[Number(row.best)];
    assert(
      new RegExp(`So I (go )?${action}\\.$`).test(row.reflection),
      row.reflection,
    );
  }
  assertEquals(
    policy.map(({ label: _label, best: _best, ...row }) => row),
    reflection,
  );
});

Deno.test("episodes and steps are numbered, and the first step has no history", async () => {
  const { policy } = await gather({ episodes: 40 });
  assertEquals(new Set(policy.map((row) => row.episode)).size, 40);
  let before = { episode: -1, step: 0 };
  for (const { episode, step, observation } of policy) {
    assertEquals(
      [episode, step],
      episode === before.episode ? [before.episode, before.step + 1] : [before.episode + 1, 0],
    );
    assertEquals(observation.history === "", step === 0);
    before = { episode, step };
  }
});

Deno.test("negative examples: one planted mistake each, noticed and corrected, the rest by the expert", async () => {
  for (const task of ["pickup", "full"]) {
    const { policy, reflection, negatives } = await gather({
      task,
      negatives: 1,
    });
    assertEquals(negatives, 300);
    assert(policy.every(({ label, best }) => label === best));
    for (let number = 0; number < 300; number++) {
      const visited = reflection.filter(({ episode }) => episode === number);
      const learned = policy.filter(({ episode }) => episode === number)
        .map(({ step }) => step);
      const planted = visited.map(({ step }) => step)
        .filter((step) => !learned.includes(step));
      assertEquals(planted.length, 1);
      const after = visited[(planted[0] ?? 0) + 1];
      assert(
        /took me away|dropoff was wrong/.test(after?.reflection ?? ""),
        JSON.stringify(after),
      );
      const others = visited.filter((row) => row !== after);
      assert(
        others.every((row) => !/took me away|was wrong/.test(row.reflection)),
      );
    }
  }
});

Deno.test("as many episodes are negative as asked, spread evenly", async () => {
  const { policy, reflection, negatives } = await gather({
    negatives: 0.3,
    episodes: 100,
  });
  assertEquals(negatives, 30);
  assertEquals(reflection.length - policy.length, 30);
  const planted = (from: number, to: number) => {
    const inside = ({ episode }: { episode: number }) => episode >= from && episode < to;
    return reflection.filter(inside).length - policy.filter(inside).length;
  };
  assertEquals([planted(0, 50), planted(50, 100)], [15, 15]);
});

Deno.test("the same seed gives the same rows, another seed others", async () => {
  const options = { negatives: 0.3, random: 0.9 };
  const one = await gather(options);
  assertEquals(await gather(options), one);
  assertNotEquals(await gather({ ...options, seed: 2 }), one);
  assertEquals(
    (await gather({ ...options, episodes: 40 })).policy,
    one.policy.filter(({ episode }) => episode < 40),
  );
});

Deno.test("training data holds no state of a test start's pair", async () => {
  const pairs = async (split: "train" | "test") => {
    const { reflection } = await gather({ split, random: 0.9, episodes: 600 });
    return new Set(
      reflection.map(({ observation }) =>
        observation.state.replace(/.*Passenger (.).*Destination (.).*/, "$1$2")
      ),
    );
  };
  const held = TEST_PAIRS.map(([from, to]) => `${STANDS[from]?.name}${STANDS[to]?.name}`);
  assertEquals([...await pairs("test")].sort(), held.sort());
  const train = await pairs("train");
  assertEquals([train.size, held.filter((pair) => train.has(pair))], [9, []]);
});

Deno.test("an environment that cannot plan: random behaviour, rows without a best label", async () => {
  const corridor = new Corridor(6);
  const blind: Environment = {
    reset: (options) => corridor.reset(options),
    step: (label) => Promise.resolve(corridor.step(label)),
  };
  const options = {
    env: blind,
    agent: await makeReflectionAgent("none"),
    behaviour: await behaviours.get("random")!.make({}),
  };
  const { policy } = await gather(options);
  assert(policy.every((row) => !("best" in row) && row.reflection === ""));
  await assertRejects(
    () => gather({ env: blind, random: 0 }),
    Error,
    'the behaviour "oracle" needs an environment that can plan',
  );
  await assertRejects(
    () => gather({ ...options, negatives: 1 }),
    Error,
    "negative examples need an environment that can plan",
  );
  await assertRejects(
    () => gather({ ...options, agent: { reflect: () => Promise.resolve([]) } }),
    Error,
    "the reflection agent gave 0 comments on",
  );
});

Deno.test("another shortest way is no mistake: where all ways are equal, nothing is planted", async () => {
  const corridor = new Corridor(6);
  const same: Environment = {
    reset: (options) => corridor.reset(options),
    step: (label) => corridor.step(label === "0" ? "1" : label),
    expert: () => corridor.expert(),
    remark: () => corridor.remark(),
  };
  const { negatives, policy, reflection } = await gather({
    env: same,
    negatives: 1,
    random: 0,
  });
  assertEquals([negatives, policy.length], [0, reflection.length]);
});

Deno.test("mistakes are planted where and as the environment says", async () => {
  const corridor = new Corridor(6);
  let cell = 0;
  // The third cell alone is a place for one; a wrong answer that is never named is never planted.
  const env: Environment = {
    expert: () => corridor.expert(),
    remark: () => corridor.remark(),
    reset: (options) => {
      cell = 0;
      const { observation, info } = corridor.reset({ ...options, state: { cell: 0 } });
      return { observation: withThird(observation), info };
    },
    step: (label) => {
      cell += label === "1" ? 1 : -1;
      const result = corridor.step(label === "2" ? "0" : label);
      return { ...result, observation: withThird(result.observation) };
    },
    mistakes: () => cell === 2 ? ["2"] : [],
  };
  const { policy, reflection, negatives } = await gather({ env, negatives: 1, episodes: 40 });
  assertEquals(negatives, 40);
  for (let number = 0; number < 40; number++) {
    const steps = policy.filter(({ episode }) => episode === number);
    const visited = reflection.filter(({ episode }) => episode === number);
    assertEquals([visited.length, steps.length], [8, 7]);
    assertEquals(steps.map((row) => row.step).includes(2), false);
  }
  const none = { ...env, mistakes: () => [] };
  assertEquals((await gather({ env: none, negatives: 1, episodes: 40 })).negatives, 0);
});

function withThird<T extends { actions: readonly { label: string; text: string }[] }>(seen: T): T {
  return { ...seen, actions: [...seen.actions, { label: "2", text: "stumble back" }] };
}

Deno.test("progress is told, and an abort ends it", async () => {
  const told: number[] = [];
  await gather({ episodes: 70, progress: (done) => told.push(done) });
  assertEquals(told, [32, 64, 70]);
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("stop now")), 20);
  const agent = await makeReflectionAgent("none");
  const signal = controller.signal;
  await assertRejects(
    () => gather({ episodes: 100_000, agent, signal }),
    Error,
    "stop now",
  );
});
