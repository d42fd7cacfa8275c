/**
 * Behaviours: who acts while trajectories are collected.
 *
 * Mistakes are wanted: a reflection model that never sees one cannot learn to notice it. In the published
 * experiments the oracle's action is replaced by a random one with probability 0.9 (DangerousTaxi) or 0.7
 * (ALFWorld).
 * @module
 */
import { z } from "zod";
import type { Awaitable, Observation } from "../envs/environment.ts";
import type { Random } from "../std/random.ts";

/** What a behaviour decides on. */
export interface Situation {
  /** What the player is shown. */
  readonly observation: Observation;
  /** The expert's label; undefined where the environment cannot plan. */
  readonly best: string | undefined;
}

/** Chooses actions while data is collected. */
export interface Behaviour {
  /** One of the offered labels. Everything random must come from `random`. */
  act(situation: Situation, random: Random): Awaitable<string>;
}

/** A behaviour a workflow can name with `uses`. */
export interface BehaviourModule<Options = unknown> {
  /** The word after `uses:`. */
  readonly name: string;
  /** Raised whenever the same seed would give other actions. */
  readonly version: string;
  /** One sentence for the reference pages. */
  readonly description: string;
  /** Schema of the options. */
  readonly with: z.ZodType<Options>;
  /** Makes one. */
  make(options: Options): Awaitable<Behaviour>;
}

const oracle: BehaviourModule<{ random: number }> = {
  name: "oracle",
  version: "1",
  description: "The expert's action, or with some probability any action, all equally likely.",
  with: z.strictObject({
    random: z.number().min(0).max(1).default(0).describe(
      "Probability of any offered action instead of the expert's.",
    ),
  }),
  make: (options) => ({
    act: ({ observation, best }, random) => {
      if (random.next() < options.random) return anyLabel(observation, random);
      if (best !== undefined) return best;
      throw new Error(
        `the behaviour "oracle" needs an environment that can plan, and expert() gave nothing on ${
          JSON.stringify(observation.state)
        }: use the behaviour "random", or give the environment an expert()`,
      );
    },
  }),
};

const random: BehaviourModule<Record<string, never>> = {
  name: "random",
  version: "1",
  description: "Any offered action, all equally likely.",
  with: z.strictObject({}),
  make: () => ({
    act: ({ observation }, random) => anyLabel(observation, random),
  }),
};

function anyLabel(observation: Observation, random: Random): string {
  return random.pick(observation.actions).label;
}

const builtIn: readonly BehaviourModule[] = [oracle, random];

/** The behaviours a workflow can name, by name. */
export const behaviours: ReadonlyMap<string, BehaviourModule> = new Map(
  builtIn.map((module) => [module.name, module]),
);
