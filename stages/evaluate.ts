/**
 * `uses: evaluate`: plays episodes with a trained policy and records how they end.
 * @module
 */
import { z } from "zod";
import { type Player, Policy } from "../agents/policy.ts";
import { composePolicyPrompt } from "../agents/prompt.ts";
import type { ReflectionAgentModule } from "../agents/agent.ts";
import { agentProblem } from "../agents/module_shape.ts";
import type { PlayerModule } from "../agents/random.ts";
import { players, reflectionAgents } from "../agents/registry.ts";
import { type Artifact, artifact, artifactPath } from "../engine/artifact.ts";
import type { StageContext, StageModule } from "../engine/module.ts";
import { type ModuleChoice, slot } from "../engine/slot.ts";
import type { EnvironmentModule } from "../envs/environment.ts";
import { environmentProblem } from "../envs/module_shape.ts";
import { environments } from "../envs/registry.ts";
import { placeModel } from "../models/causal_model.ts";
import { readModelFolder } from "../models/model_folder.ts";
import { deriveSeed } from "../std/random.ts";
import { type Transcript, writeResults } from "../training/results.ts";
import { type Episode, rollout } from "../training/rollout.ts";
import { withDevice } from "./device.ts";
import { checkStarts, splitSchema } from "./starts.ts";

/** Inputs of the stage. */
interface EvaluateInput {
  readonly name: string;
  readonly env: ModuleChoice<EnvironmentModule>;
  readonly task?: string | undefined;
  readonly policy: ModuleChoice<PlayerModule> | Artifact | string;
  readonly reflection: ModuleChoice<ReflectionAgentModule>;
  readonly episodes: number;
  readonly batch: number;
  readonly temperature: number;
  readonly split: string;
  readonly transcripts: number;
}

const input: z.ZodType<EvaluateInput> = z.strictObject({
  name: z.string().min(1).describe("the method, as the report names it"),
  env: slot("environment", environments, ["make"], environmentProblem).describe(
    "the environment to act in",
  ),
  task: z.string().min(1).optional().describe(
    "a task of the environment; default its own",
  ),
  // A player's name is a text, as a path is: the slot must look first.
  policy: z.union([slot("player", players, ["make"]), artifact("model")])
    .describe("the policy to evaluate, or a player that needs no model"),
  reflection: slot("reflection agent", reflectionAgents, ["make"], agentProblem).prefault(
    "none",
  )
    .describe("comments on each situation"),
  episodes: z.int().positive().default(200).describe("episodes to play"),
  batch: z.int().positive().default(64).describe("episodes side by side"),
  temperature: z.number().min(0).default(1).describe(
    "of the policy's choice; 0 is greedy",
  ),
  split: splitSchema("test"),
  transcripts: z.int().min(0).default(8).describe("episodes to keep in full"),
}).superRefine(checkStarts);

/** The stage. */
export const evaluate: StageModule<EvaluateInput> = {
  name: "evaluate",
  version: "1",
  description: "Plays episodes with a policy and records success, return and length of each.",
  url: import.meta.url,
  with: input,
  outputs: {
    results: {
      kind: "results",
      description: "every episode's outcome, and a few in full",
    },
  },
  usesDevice: true,
  async run(input, context) {
    const reflection = await input.reflection.module.make(input.reflection.with);
    try {
      const episodes = await withPlayer(
        input,
        context,
        (policy) =>
          play(
            input,
            context,
            (starts) =>
              rollout(starts, {
                policy,
                reflection,
                temperature: input.temperature,
                signal: context.signal,
              }),
          ),
      );
      await write(input, context, episodes);
    } finally {
      await reflection.dispose?.();
    }
  },
};

/** Makes the player, a model on a device of its own. */
async function withPlayer<T>(
  { policy }: EvaluateInput,
  context: StageContext,
  work: (player: Player) => Promise<T>,
): Promise<T> {
  if (typeof policy === "object" && "uses" in policy) {
    return await work(await policy.module.make(policy.with));
  }
  return await withDevice(context.device, async (device) => {
    const files = readModelFolder(artifactPath(policy));
    const model = placeModel(device, files, { trainable: false });
    return await work(new Policy(model, files.tokenizer));
  });
}

type Play = (starts: Parameters<typeof rollout>[0]) => Promise<Episode[]>;

/** Plays all episodes, a batch at a time; what an episode does does not depend on the batches. */
async function play(
  { env, episodes, batch, split, task }: EvaluateInput,
  context: StageContext,
  rolloutOf: Play,
): Promise<Episode[]> {
  const places = await Promise.all(
    Array.from(
      { length: Math.min(batch, episodes) },
      () => env.module.make(env.with),
    ),
  );
  const played: Episode[] = [];
  while (played.length < episodes) {
    const starts = places.slice(0, episodes - played.length).map((
      environment,
      i,
    ) => ({
      environment,
      seed: deriveSeed(context.seed, played.length + i),
      split,
      ...(task === undefined ? {} : { task }),
    }));
    played.push(...await rolloutOf(starts));
    const successes = played.filter(({ success }) => success).length;
    context.progress(played.length, episodes, "episodes");
    context.metric(played.length, { successRate: successes / played.length });
  }
  return played;
}

async function write(
  input: EvaluateInput,
  context: StageContext,
  episodes: readonly Episode[],
): Promise<void> {
  const { horizon, task } = input.env.with as {
    horizon?: unknown;
    task?: unknown;
  };
  const ownTask = typeof task === "string" ? task : input.env.module.tasks.at(-1);
  await writeResults(context.output("results"), {
    name: input.name,
    env: input.env.module.name,
    task: input.task ?? ownTask ?? "",
    seed: context.seed,
    split: input.split,
    ...(typeof horizon === "number" ? { horizon } : {}),
    episodes: episodes.map((episode) => ({
      seed: episode.seed,
      success: episode.success,
      return: round(episode.return),
      steps: episode.steps.length,
    })),
  }, chooseTranscripts(episodes, input.transcripts).map(transcriptOf));
}

/** Half successes, half failures, as far as there are; in the order they were played. */
function chooseTranscripts(
  episodes: readonly Episode[],
  count: number,
): Episode[] {
  const successes = episodes.filter(({ success }) => success);
  const failures = episodes.filter(({ success }) => !success);
  const good = Math.max(count - failures.length, Math.ceil(count / 2));
  const chosen = new Set(
    [...successes.slice(0, good), ...failures.slice(0, count)].slice(0, count),
  );
  return episodes.filter((episode) => chosen.has(episode));
}

function transcriptOf(episode: Episode): Transcript {
  return {
    seed: episode.seed,
    success: episode.success,
    return: round(episode.return),
    steps: episode.steps.map(({ observation, reflection, label, reward }) => ({
      prompt: composePolicyPrompt(observation, reflection),
      reflection,
      label,
      action: observation.actions.find((action) => action.label === label)!.text,
      reward,
    })),
  };
}

/** Sums of rewards such as 0.05 carry rounding dust that nobody wants to read. */
function round(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}
