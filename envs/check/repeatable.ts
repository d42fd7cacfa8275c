/**
 * Checks that an episode depends on its seed and labels alone, and can be taken up again.
 * @module
 */
import { Random } from "../../std/random.ts";
import type { Environment, ResetResult } from "../environment.ts";
import {
  anyLabel,
  at,
  type Check,
  difference,
  episodesOf,
  expertLabel,
  extent,
  mixedLabel,
  type Moment,
  play,
  playAll,
  require,
  start,
  type Trace,
} from "./subject.ts";

/** The same seed and task give the same start, on the same instance and on another. */
export const seededReset: Check = {
  name: "reset is seeded",
  async run(subject) {
    const episodes = episodesOf(subject);
    const one = await subject.make();
    for (const episode of episodes) {
      const first = JSON.stringify(await start(one, episode));
      const again = JSON.stringify(await start(one, episode));
      const other = JSON.stringify(await start(await subject.make(), episode));
      require(
        first === again && first === other,
        `${at(episode, 0)} gave ${
          difference(first, first === again ? other : again)
        }; everything random must come from the seed`,
      );
    }
    return `${episodes.length} starts`;
  },
};

/** The same seed and labels give the same episode. */
export const deterministicSteps: Check = {
  name: "steps are deterministic",
  async run(subject) {
    const first = await playAll(subject, mixedLabel);
    const second = await playAll(subject, mixedLabel);
    first.forEach((trace, episode) =>
      trace.moments.forEach((moment, index) => {
        const one = JSON.stringify(moment);
        const two = JSON.stringify(second[episode]?.moments[index]) ?? "";
        require(
          one === two,
          `${at(trace, index)}: the same seed and labels gave ${difference(one, two)}`,
        );
      })
    );
    return extent(first);
  },
};

/** What happens to one instance does not touch another. */
export const independentInstances: Check = {
  name: "instances are independent",
  async run(subject) {
    const traces = [];
    for (const episode of episodesOf(subject)) {
      const env = await subject.make();
      const other = await subject.make();
      const alone = await play(subject, env, episode, expertLabel);
      const beside = await play(
        subject,
        env,
        episode,
        async (env, observation, random) => {
          await start(other, { ...episode, seed: episode.seed + 1 });
          return expertLabel(env, observation, random);
        },
      );
      const [one, two] = [alone, beside].map((trace) => JSON.stringify(trace));
      require(
        one === two,
        `${
          at(episode, 0)
        }: the episode went differently while another instance was reset; what an episode remembers must belong to the instance`,
      );
      traces.push(beside);
    }
    return extent(traces);
  },
};

/** An episode goes as it would on a fresh instance, whatever was played before, ended or not. */
export const freshEpisodes: Check = {
  name: "episodes leave nothing behind",
  async run(subject) {
    const used = await subject.make();
    const traces = [];
    for (const episode of episodesOf(subject).reverse()) {
      const fresh = await play(subject, await subject.make(), episode, mixedLabel);
      // Another episode, left after a step.
      const { observation } = await start(used, { ...episode, seed: episode.seed + 1 });
      await used.step(await anyLabel(used, observation, new Random(episode.seed)));
      const after = await play(subject, used, episode, mixedLabel);
      for (const [index, moment] of fresh.moments.entries()) {
        const one = JSON.stringify(moment);
        const two = JSON.stringify(after.moments[index]) ?? "";
        require(
          one === two,
          `${at(episode, index)}: on a fresh instance and after other episodes the same seed and ` +
            `labels gave ${difference(one, two)}; reset must forget everything`,
        );
      }
      traces.push(after);
    }
    return extent(traces);
  },
};

/**
 * `reset({ state })` starts at any state of an episode that is not its end: what is shown there is the
 * same, and what follows depends on the seed and the state alone.
 */
export const restoredState: Check = {
  name: "reset({ state }) returns to a state",
  async run(subject) {
    let restored = 0;
    const env = await subject.make();
    for (const trace of await playAll(subject, mixedLabel)) {
      const other = await subject.make();
      const open = trace.ended ? trace.moments.slice(0, -1) : trace.moments;
      for (const [index, moment] of open.entries()) {
        const back = await restore(env, trace, moment);
        const [one, two] = [situation(moment), situation(back)];
        require(
          one === two,
          `${at(trace, index)}: reset({ state }) did not return there: it was ${
            difference(one, two)
          }`,
        );
        await restore(other, trace, moment);
        const label = await anyLabel(env, back.observation, new Random(index));
        const [here, there] = [await env.step(label), await other.step(label)]
          .map((step) => JSON.stringify(step)) as [string, string];
        require(
          here === there,
          `${at(trace, index)}: after reset({ state }) two instances with the same seed went on ` +
            `differently: ${difference(here, there)}; info.state must hold all that counts`,
        );
        restored++;
      }
    }
    return `${restored} states`;
  },
};

/** Starts where this moment was, from a copy of its state. */
async function restore(
  env: Environment,
  { seed, task }: Trace,
  { info }: Moment,
): Promise<ResetResult> {
  const state: unknown = JSON.parse(JSON.stringify(info.state));
  return await env.reset(task === undefined ? { seed, state } : { seed, task, state });
}

/** State, text and actions; not the history, which begins anew, nor the labels, which may be shuffled. */
function situation({ info, observation }: ResetResult): string {
  const texts = observation.actions.map(({ text }) => text).sort();
  return JSON.stringify([info.state, observation.state, texts]);
}

/** An observation stays as it was given. */
export const immutableObservations: Check = {
  name: "observations do not change after they were given",
  async run(subject) {
    const traces = await playAll(subject, mixedLabel);
    for (const trace of traces) {
      trace.moments.forEach(({ observation, shown }, index) => {
        const now = JSON.stringify(observation);
        require(
          now === shown,
          `${at(trace, index)}: the observation was ${
            difference(shown, now)
          }; return a new one from each step`,
        );
      });
    }
    return extent(traces);
  },
};
