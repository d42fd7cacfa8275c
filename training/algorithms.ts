/**
 * The algorithms an `rl` stage can name.
 * @module
 */
import { z } from "zod";
import type { PolicyGradientSettings } from "./policy_gradient.ts";

/** A reinforcement-learning algorithm's name and settings. */
export interface AlgorithmModule<Options = unknown> {
  /** The word after `uses:`. */
  readonly name: string;
  /** Raised whenever the same inputs and seed would give another policy. */
  readonly version: string;
  /** One sentence for the reference pages. */
  readonly description: string;
  /** Schema of the settings. */
  readonly with: z.ZodType<Options>;
}

/** Policy gradient; see `policy_gradient.ts`. */
export const policyGradient: AlgorithmModule<PolicyGradientSettings> = {
  name: "policy-gradient",
  version: "1",
  description: "REINFORCE with return-to-go, an optional entropy bonus and replayed successes.",
  with: z.strictObject({
    iterations: z.int().positive().default(40).describe(
      "times to play, then learn",
    ),
    episodes: z.int().positive().default(32).describe(
      "fresh episodes an iteration, side by side",
    ),
    learningRate: z.number().positive().default(2e-4).describe(
      "AdamW's learning rate",
    ),
    weightDecay: z.number().min(0).default(1e-3).describe(
      "AdamW's decoupled weight decay",
    ),
    clip: z.number().min(0).default(0.3).describe(
      "largest gradient norm; 0 does not clip",
    ),
    entropy: z.number().min(0).default(0).describe(
      "weight of the entropy bonus",
    ),
    group: z.int().positive().default(1).describe(
      "fresh episodes of each start; of several, each is compared with the others of its start",
    ),
    normalize: z.boolean().default(true)
      .describe("standardise returns-to-go over the fresh episodes"),
    replay: z.int().min(0).default(50).describe(
      "successful episodes kept for replay; 0 for none",
    ),
    microBatch: z.int().positive().default(128)
      .describe(
        "decisions in one forward and backward pass; gradients accumulate over more",
      ),
  }).refine(({ episodes, group }) => episodes % group === 0, {
    path: ["group"],
    error: ({ input }) => {
      const { episodes, group } = input as PolicyGradientSettings;
      return `expected a divisor of episodes, ${episodes}, got ${group}`;
    },
  }),
};

/** The algorithms, by name. */
export const algorithms: ReadonlyMap<string, AlgorithmModule> = new Map(
  [policyGradient as AlgorithmModule].map((module) => [module.name, module]),
);
