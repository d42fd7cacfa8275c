/**
 * The stage `collect`: plays episodes with a teacher and leaves two datasets, one for the reflection model and
 * one for the policy.
 * @module
 */
import { z } from "zod";
import type { StageContext, StageModule } from "../engine/module.ts";
import { type ModuleChoice, slot } from "../engine/slot.ts";
import type { ReflectionAgentModule } from "../agents/agent.ts";
import { agentProblem } from "../agents/module_shape.ts";
import { reflectionAgents } from "../agents/registry.ts";
import type { EnvironmentModule, Split } from "../envs/environment.ts";
import { environmentProblem } from "../envs/module_shape.ts";
import { environments } from "../envs/registry.ts";
import { type BehaviourModule, behaviours } from "../training/behaviour.ts";
import { collect as collectRows } from "../training/collect.ts";
import { writeRows } from "../training/dataset.ts";
import { checkpointsOf } from "./checkpointing.ts";
import { checkStarts, splitSchema } from "./starts.ts";

/** What a workflow gives the stage `collect`. */
export interface CollectInput {
  /** What is played. */
  readonly env: ModuleChoice<EnvironmentModule>;
  /** Number of episodes. */
  readonly episodes: number;
  /** Who acts, negative examples aside; default `oracle`, without noise. */
  readonly behaviour: ModuleChoice<BehaviourModule>;
  /** Who comments, with the teacher's spoilers; default `oracle`. */
  readonly reflection: ModuleChoice<ReflectionAgentModule>;
  /** Fraction of the episodes that are negative examples, 0 to 1; default 0. */
  readonly negatives: number;
  /** Starts to draw from; default `train`. */
  readonly split: Split;
  /** Episodes from one checkpoint to the next; left out: by the clock. */
  readonly checkpointEvery?: number | undefined;
}

const collectInput: z.ZodType<CollectInput> = z.strictObject({
  env: slot("environment", environments, ["make"], environmentProblem).describe(
    "the environment to play",
  ),
  episodes: z.int().min(1).describe("number of episodes"),
  behaviour: slot("behaviour", behaviours, ["make"]).prefault("oracle")
    .describe("who acts, negative examples aside"),
  reflection: slot("reflection agent", reflectionAgents, ["make"], agentProblem)
    .prefault("oracle").describe(
      "who comments on every situation, knowing the best action",
    ),
  negatives: z.number().min(0).max(1).default(0).describe(
    "fraction of the episodes in which the expert plays but for one planted mistake",
  ),
  split: splitSchema("train"),
  checkpointEvery: z.int().positive().optional().describe(
    "episodes from one checkpoint to the next, to the next multiple of 32; left out: every half minute, or " +
      "less often where saving would take more than a twentieth of the time",
  ),
}).superRefine(checkStarts);

/** The stage as a workflow names it. */
export const collect: StageModule<CollectInput> = {
  name: "collect",
  version: "1",
  description:
    "Plays episodes with a teacher and keeps each situation with the action taken and a comment on it.",
  with: collectInput,
  url: import.meta.url,
  outputs: {
    reflection: {
      kind: "dataset",
      description: "Situations and comments, for the reflection model.",
    },
    policy: {
      kind: "dataset",
      description: "Situations, comments and actions, for the policy.",
    },
  },
  usesDevice: false,
  run,
};

async function run(input: CollectInput, context: StageContext): Promise<void> {
  const { episodes, negatives, split } = input;
  const { seed, signal } = context;
  const env = await input.env.module.make(input.env.with);
  const behaviour = await input.behaviour.module.make(input.behaviour.with);
  const agent = await input.reflection.module.make(input.reflection.with);
  const began = performance.now();
  try {
    const rows = await collectRows({
      env,
      agent,
      behaviour,
      episodes,
      negatives,
      split,
      seed,
      signal,
      checkpoints: checkpointsOf(context, input.checkpointEvery),
      progress: (done) => context.progress(done, episodes, "episodes"),
    });
    const seconds = (performance.now() - began) / 1000;
    context.gauge({ stepsPerSecond: (rows.steps - rows.resumedSteps) / seconds });
    await writeRows(context.output("reflection"), rows.reflection);
    await writeRows(context.output("policy"), rows.policy);
    context.log(
      `${episodes} episodes, ${rows.steps} steps: ${rows.successes} successes, ${rows.negatives} negative examples`,
    );
    context.metric(episodes, {
      steps: rows.steps,
      successRate: rows.successes / episodes,
      negatives: rows.negatives,
      policyRows: rows.policy.length,
      reflectionRows: rows.reflection.length,
    });
  } finally {
    await agent.dispose?.();
  }
}
