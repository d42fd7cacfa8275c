/**
 * Checks that an episode depends on its seed and labels alone, and can be taken up again.
 * @module
 */
import {
  at,
  type Check,
  difference,
  episodesOf,
  expertLabel,
  extent,
  mixedLabel,
  play,
  playAll,
  require,
  start,
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

/** `reset({ state })` starts at any state of an episode that is not its end. */
export const restoredState: Check = {
  name: "reset({ state }) returns to a state",
  async run(subject) {
    let restored = 0;
    const env = await subject.make();
    for (const trace of await playAll(subject, mixedLabel)) {
      const { seed, task, moments } = trace;
      const open = trace.ended ? moments.slice(0, -1) : moments;
      for (const [index, { info, observation }] of open.entries()) {
        const state: unknown = JSON.parse(JSON.stringify(info.state));
        const back = await env.reset(
          task === undefined ? { seed, state } : { seed, task, state },
        );
        const one = JSON.stringify([info.state, observation.state]);
        const two = JSON.stringify([back.info.state, back.observation.state]);
        require(
          one === two,
          `${at(trace, index)}: reset({ state }) did not return there: it was ${
            difference(one, two)
          }`,
        );
        restored++;
      }
    }
    return `${restored} states`;
  },
};

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
