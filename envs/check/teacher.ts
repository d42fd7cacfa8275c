/**
 * Checks of the teacher: the expert's labels and the remarks. They say nothing where there is no teacher.
 * @module
 */
import {
  anyLabel,
  type Check,
  expertLabel,
  extent,
  mixedLabel,
  NotApplicable,
  playAll,
  require,
  type Subject,
} from "./subject.ts";

/** What the expert says can be done. */
export const offeredExpert: Check = {
  name: "the expert's labels are offered",
  async run(subject) {
    await needExpert(subject);
    const traces = await playAll(subject, async (env, observation, random) => {
      const label = await env.expert?.();
      if (label === undefined) return anyLabel(env, observation, random);
      const offered = observation.actions.map((action) => action.label);
      require(
        offered.includes(label),
        `the expert says ${JSON.stringify(label)}, which is not offered (${offered.join(" ")})`,
      );
      return label;
    });
    return extent(traces);
  },
};

/** Who follows the expert succeeds, in every task at least once. */
export const successfulExpert: Check = {
  name: "the expert reaches success in every task",
  async run(subject) {
    await needExpert(subject);
    const traces = await playAll(subject, expertLabel);
    const won = traces.filter(({ moments }) => moments.at(-1)?.info.success);
    for (const task of subject.tasks) {
      require(
        won.some((trace) => trace.task === task),
        `${
          task === undefined ? "" : `task "${task}": `
        }the expert succeeded in none of ${subject.seeds.length} episodes`,
      );
    }
    return `success in ${won.length} of ${traces.length} episodes`;
  },
};

/** Remarks are text, or undefined where there is nothing to say. */
export const textRemarks: Check = {
  name: "remarks are text",
  async run(subject) {
    if ((await subject.make()).remark === undefined) {
      throw new NotApplicable("it has no remark()");
    }
    let count = 0;
    await playAll(subject, async (env, observation, random) => {
      const remark: unknown = await env.remark?.();
      require(
        remark === undefined || (typeof remark === "string" && remark !== ""),
        `expected remark() to give text or undefined, got ${JSON.stringify(remark)}`,
      );
      if (remark !== undefined) count++;
      return mixedLabel(env, observation, random);
    });
    return `${count} remarks`;
  },
};

/** What is to be planted can be done, and is no good advice. */
export const offeredMistakes: Check = {
  name: "mistakes to plant are offered, and not the expert's",
  async run(subject) {
    if ((await subject.make()).mistakes === undefined) {
      throw new NotApplicable("it has no mistakes()");
    }
    let count = 0;
    await playAll(subject, async (env, observation, random) => {
      const best = await env.expert?.();
      const offered = observation.actions.map((action) => action.label);
      for (const label of await env.mistakes?.() ?? []) {
        require(
          offered.includes(label) && label !== best,
          `mistakes() names ${JSON.stringify(label)}, ${
            label === best ? "the expert's own label" : "which is not offered"
          } (${offered.join(" ")})`,
        );
        count++;
      }
      return mixedLabel(env, observation, random);
    });
    return `${count} mistakes`;
  },
};

async function needExpert(subject: Subject): Promise<void> {
  if ((await subject.make()).expert === undefined) {
    throw new NotApplicable("it has no expert()");
  }
}
