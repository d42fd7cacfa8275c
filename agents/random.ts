/**
 * The player who reads nothing: any offered action, all equally likely. What a trained policy is compared with.
 * @module
 */
import { z } from "zod";
import type { Awaitable, Observation } from "../envs/environment.ts";
import { Random } from "../std/random.ts";
import { checkLabels, LABELS } from "./labels.ts";
import type { Player, PolicyInput } from "./policy.ts";

/** A player a workflow can name with `uses` where it would give a trained model. */
export interface PlayerModule<Options = unknown> {
  /** The word after `uses:`. */
  readonly name: string;
  /** Raised whenever the same seeds would give other actions. */
  readonly version: string;
  /** One sentence for the reference pages. */
  readonly description: string;
  /** Schema of the options. */
  readonly with: z.ZodType<Options>;
  /** Makes one. */
  make(options: Options): Awaitable<Player>;
}

class RandomPlayer implements Player {
  /** Throws a RangeError where the actions' labels are not the first ones. */
  input({ actions }: Observation): PolicyInput {
    checkLabels(actions);
    return { tokens: [], choices: actions.length };
  }

  choose(
    inputs: readonly PolicyInput[],
    { seeds }: { readonly seeds: readonly number[] },
  ): Promise<string[]> {
    return Promise.resolve(
      inputs.map(({ choices }, i) => new Random(seeds[i]!).pick(LABELS.slice(0, choices))),
    );
  }
}

/** Any offered action, all equally likely; the temperature does not matter. */
export const random: PlayerModule<Record<string, never>> = {
  name: "random",
  version: "1",
  description: "Any offered action, all equally likely: the comparison without a model.",
  with: z.strictObject({}),
  make: () => new RandomPlayer(),
};
