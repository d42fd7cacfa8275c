/**
 * How often stages save what they have so far.
 * @module
 */
import { z } from "zod";
import type { StageContext } from "../engine/module.ts";
import type { CheckpointOptions } from "../training/checkpoints.ts";

/** How often a training stage is saved; its results do not depend on that. */
export const checkpointEverySchema: z.ZodType<number | undefined> = z.int().positive().optional()
  .describe(
    "steps (iterations) from one checkpoint to the next; left out: every half minute, or less often " +
      "where saving would take more than a twentieth of the time",
  );

/** A stage's checkpoints as a training takes them. */
export function checkpointsOf(
  context: StageContext,
  every: number | undefined,
): CheckpointOptions {
  return { store: context.checkpoints, every, log: (message) => context.log(message) };
}
