/**
 * Checks of where episodes may start: tasks and splits.
 * @module
 */
import type { Environment, Split } from "../environment.ts";
import { Stopped } from "../../std/checks.ts";
import { describeError } from "../../std/error_place.ts";
import { type Check, errorOf, NotApplicable, require, start, type Subject } from "./subject.ts";

/** Starts drawn of each split. */
const DRAWN = 200;

/** Every task of the module can be started, or every one that the instance says it has. */
export const startableTasks: Check = {
  name: "every task starts",
  async run(subject) {
    const env = await subject.make();
    const seed = subject.seeds[0] ?? 0;
    if (subject.tasks.length === 0) {
      const error = await errorOf(() => start(env, { seed, task: undefined }));
      require(
        false,
        `startableTasks is empty: with these options there is no start (${error})`,
      );
    }
    for (const task of subject.tasks) {
      const error = await errorOf(() => start(env, { seed, task }));
      require(
        error === undefined,
        `reset({ task: ${JSON.stringify(task)} }) threw ${error}`,
      );
    }
    return subject.tasks.map((task) => task ?? "the default").join(", ");
  },
};

/**
 * No start of an episode that is kept from training is one of a training episode. Tasks that data give starts of
 * one split alone are passed over.
 */
export const disjointSplits: Check = {
  name: "training and test starts are apart",
  async run(subject) {
    const env = await subject.make();
    let drawn = 0;
    let without: RangeError | undefined;
    for (const task of subject.tasks) {
      const train = await draw(subject, env, task, "train");
      for (const split of subject.heldOut) {
        const kept = await draw(subject, env, task, split);
        if (train instanceof RangeError || kept instanceof RangeError) {
          without ??= [train, kept].find((states) => states instanceof RangeError);
          continue;
        }
        // Who takes no notice of splits promises nothing, but who names one does. Of a single start nothing is kept.
        const isSame = train.every((state, seed) => state === kept[seed]);
        if (isSame && (split === "test" || new Set(train).size === 1)) continue;
        requireApart(train, kept, task, split);
        drawn += new Set(train).size + new Set(kept).size;
      }
    }
    if (drawn === 0 && without !== undefined) {
      throw new NotApplicable(`no task has starts of both: ${without.message}`);
    }
    if (drawn === 0) {
      throw new NotApplicable("reset takes no notice of split: tests play the starts of training");
    }
    return `${drawn} starts`;
  },
};

function requireApart(
  train: readonly string[],
  kept: readonly string[],
  task: string | undefined,
  split: string,
): void {
  const shared = kept.find((state) => train.includes(state));
  const of = task === undefined ? "" : `task "${task}": `;
  require(
    shared === undefined,
    `${of}state ${shared} starts a training episode and one of split "${split}"`,
  );
}

/** States of some starts; the error where the split has none. */
async function draw(
  { needsData }: Subject,
  env: Environment,
  task: string | undefined,
  split: Split,
): Promise<string[] | RangeError> {
  const states: string[] = [];
  for (let seed = 0; seed < DRAWN; seed++) {
    const options = task === undefined ? { seed, split } : { seed, task, split };
    try {
      const { info } = await env.reset(options);
      states.push(JSON.stringify(info.state));
    } catch (error) {
      if (needsData && seed === 0 && error instanceof RangeError) return error;
      const { seed: _seed, ...drawn } = options;
      throw new Stopped(`reset(${JSON.stringify(drawn)}), seed ${seed}: ${describeError(error)}`, {
        cause: error,
      });
    }
  }
  return states;
}
