/**
 * Checks of labels that are not offered, and of how episodes end.
 * @module
 */
import { LABELS } from "../labels.ts";
import {
  anyLabel,
  at,
  type Check,
  errorOf,
  extent,
  NotApplicable,
  play,
  playAll,
  require,
  start,
} from "./subject.ts";

const UNKNOWN = "no such label";

/** A label that is not offered is refused: one that is none, and the first that is not on offer. */
export const unknownLabel: Check = {
  name: "an unknown label is a RangeError",
  async run(subject) {
    const env = await subject.make();
    const seed = subject.seeds[0] ?? 0;
    for (const task of subject.tasks) {
      const { observation } = await start(env, { seed, task });
      const beyond = LABELS[observation.actions.length];
      for (const label of beyond === undefined ? [UNKNOWN] : [UNKNOWN, beyond]) {
        const error = await errorOf(() => env.step(label));
        require(
          error instanceof RangeError,
          `step("${label}") ${
            error === undefined ? "was accepted" : `threw ${error}`
          }; expected a RangeError`,
        );
      }
    }
    return `${2 * subject.tasks.length} tries`;
  },
};

/** Without an episode there is nothing to step in. */
export const noStepBeforeReset: Check = {
  name: "stepping before reset throws",
  async run(subject) {
    const env = await subject.make();
    require(
      await errorOf(() => env.step("0")) !== undefined,
      "a step was taken before any episode was started; throw an Error that asks for reset",
    );
    return "1 try";
  },
};

/** Random play ends, by the task or by a limit and not both. */
export const endingEpisodes: Check = {
  name: "every episode ends, either terminated or truncated",
  async run(subject) {
    const traces = await playAll(subject, anyLabel, ({ step }, where) => {
      if (step === undefined) return;
      const { terminated, truncated } = step.result;
      require(
        typeof terminated === "boolean" && typeof truncated === "boolean",
        `${where}: expected terminated and truncated to be true or false, got ${
          JSON.stringify(terminated)
        } and ${JSON.stringify(truncated)}`,
      );
      require(
        !(terminated && truncated),
        `${where}: terminated and truncated at once; where the task ends on the last step allowed, it is terminated`,
      );
    });
    for (const trace of traces) {
      require(
        trace.ended,
        `${at(trace, subject.stepLimit)}: the episode still goes on; truncate it at a horizon`,
      );
    }
    return extent(traces);
  },
};

/** An episode that is over takes no more steps. */
export const noStepAfterEnd: Check = {
  name: "stepping after the end throws",
  async run(subject) {
    const env = await subject.make();
    const seed = subject.seeds[0] ?? 0;
    for (const task of subject.tasks) {
      const trace = await play(subject, env, { seed, task }, anyLabel);
      if (!trace.ended) throw new NotApplicable("an episode did not end");
      const label = trace.moments.at(-1)?.step?.label ?? UNKNOWN;
      require(
        await errorOf(() => env.step(label)) !== undefined,
        `${
          at(trace, trace.moments.length)
        }: a step was taken although the episode was over; throw an Error that asks for reset`,
      );
    }
    return `${subject.tasks.length} tries`;
  },
};
