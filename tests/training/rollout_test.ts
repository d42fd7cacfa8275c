import type { ReflectionAgent } from "../../agents/agent.ts";
import { composePolicyPrompt } from "../../agents/prompt.ts";
import type { Observation } from "../../envs/environment.ts";
import { deriveSeed } from "../../std/random.ts";
import { type Episode, rollout } from "../../training/rollout.ts";
import { assert, assertEquals, assertRejects } from "../../std/assert.ts";
import { Corridor } from "../envs/corridor.ts";
import { useGpu } from "../kernels/gpu.ts";
import { Bandit, tinyPolicy, tokenizer } from "./tiny.ts";

const gpu = useGpu();
const { signal } = new AbortController();

/** Says what the situation is; counts how it was asked. */
class Echo implements ReflectionAgent {
  readonly asked: number[] = [];

  reflect(batch: readonly Observation[]): Promise<string[]> {
    this.asked.push(batch.length);
    return Promise.resolve(batch.map(({ state }) => state.includes("6") ? "" : "Take the right."));
  }
}

const seeds = Array.from({ length: 6 }, (_, i) => deriveSeed(7, i));

function starts(from: readonly number[]) {
  return from.map((seed) => ({ environment: new Corridor(6), seed }));
}

/** At this temperature an untrained policy walks to and fro, so that some episodes win. */
function options(reflection: ReflectionAgent = new Echo()) {
  return { policy: tinyPolicy(gpu().device, 4), reflection, temperature: 50, signal };
}

/** Plays the labels of an episode again; gives the observations before each. */
function replay({ seed, steps }: Episode): Observation[] {
  const environment = new Corridor(6);
  let { observation } = environment.reset({ seed });
  return steps.map(({ label, reward }) => {
    const before = observation;
    const result = environment.step(label);
    assertEquals(result.reward, reward);
    observation = result.observation;
    return before;
  });
}

Deno.test("rollout: attempts from one seed begin alike and make choices of their own", async () => {
  const environment = () => new Corridor(6);
  const played = await rollout([
    { environment: environment(), seed: 3 },
    ...[0, 1, 2, 3].map((attempt) => ({ environment: environment(), seed: 3, attempt })),
  ], options());
  const labels = played.map(({ steps }) => steps.map(({ label }) => label).join(""));
  assertEquals(labels[0], labels[1]);
  assert(new Set(labels).size > 2, `${labels}`);
  const [first, ...others] = played.map(({ steps }) => steps[0]?.observation);
  for (const other of others) assertEquals(other, first);
});

Deno.test("rollout: episodes come in the order of their starts, and are what was played", async () => {
  const episodes = await rollout(starts(seeds), options());
  assertEquals(episodes.map(({ seed }) => seed), seeds);
  for (const episode of episodes) {
    assertEquals(episode.steps.map(({ observation }) => observation), replay(episode));
    assertEquals(episode.return, episode.steps.reduce((sum, { reward }) => sum + reward, 0));
    for (const { observation, reflection, input, label, target } of episode.steps) {
      assertEquals(tokenizer.decode(input.tokens), composePolicyPrompt(observation, reflection));
      assertEquals([input.choices, String(target)], [2, label]);
    }
  }
});

Deno.test("rollout: an episode ends at its goal or its horizon, as the environment says", async () => {
  const episodes = await rollout(starts(seeds), options());
  const [won, cut] = [
    episodes.filter(({ success }) => success),
    episodes.filter(({ success }) => !success),
  ];
  assert(won.length > 0 && cut.length > 0, `not telling: ${won.length} won of ${episodes.length}`);
  for (const { terminated, truncated, steps, return: total } of won) {
    assertEquals([terminated, truncated, total], [true, false, 1]);
    assert(steps.length < 20);
  }
  for (const { terminated, truncated, steps, return: total } of cut) {
    assertEquals([terminated, truncated, steps.length, total], [false, true, 20, 0]);
  }
});

Deno.test("rollout: an episode does not depend on its neighbours", async () => {
  const together = await rollout(starts(seeds), options());
  assertEquals(await rollout(starts(seeds.toReversed()), options()), together.toReversed());
  for (const [i, seed] of seeds.entries()) {
    assertEquals(await rollout(starts([seed]), options()), [together[i]!]);
  }
});

Deno.test("rollout: one call a step for all episodes that still go on", async () => {
  const echo = new Echo();
  const episodes = await rollout(starts(seeds), options(echo));
  const longest = Math.max(...episodes.map(({ steps }) => steps.length));
  const expected = Array.from(
    { length: longest },
    (_, turn) => episodes.filter(({ steps }) => steps.length > turn).length,
  );
  assertEquals(echo.asked, expected);
});

Deno.test("rollout: task, split and state reach the environment", async () => {
  const bandit = new Bandit({ left: 0, right: 1 });
  const start = { environment: bandit, seed: 1, task: "doors", split: "test" as const };
  const given: unknown[] = [];
  const reset = bandit.reset.bind(bandit);
  bandit.reset = (options) => {
    given.push(options);
    return reset(options);
  };
  await rollout([{ ...start, state: 3 }], options());
  assertEquals(given, [{ seed: 1, task: "doors", split: "test", state: 3 }]);
});

Deno.test("rollout: without starts there are no episodes", async () => {
  assertEquals(await rollout([], options()), []);
});

Deno.test("rollout: stops between steps when it is aborted", async () => {
  const controller = new AbortController();
  let turns = 0;
  const reflection: ReflectionAgent = {
    reflect: (batch) => {
      if (++turns === 3) controller.abort(new Error("enough"));
      return Promise.resolve(batch.map(() => ""));
    },
  };
  const playing = rollout(starts(seeds), { ...options(reflection), signal: controller.signal });
  await assertRejects(() => playing, Error, "enough");
  assertEquals(turns, 3);
});

Deno.test("rollout: a reflection agent that leaves observations out is refused", async () => {
  const reflection: ReflectionAgent = { reflect: () => Promise.resolve(["", ""]) };
  await assertRejects(
    () => rollout(starts(seeds), options(reflection)),
    Error,
    "gave 2 comments on 6 observations",
  );
});
