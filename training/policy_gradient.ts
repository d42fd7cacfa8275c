/**
 * Policy gradient with undiscounted return-to-go (Reflect-RL, section 4.3; Williams 1992).
 *
 * Each iteration plays fresh episodes and takes one optimiser step on them; then one on a batch of
 * replayed successes. The advantage of a step is its return-to-go, standardised over the fresh batch (a task's
 * part of it, where it has several) unless told otherwise. With several episodes a start (`group`), each is
 * compared with the others of its start, so that a start that always ends alike, hard or easy, teaches nothing
 * (Shao et al. 2024, section 4.1, here by returns-to-go). A replayed step counts only where it beat today's
 * average: the old success of an action that is now the rule has nothing left to teach (Oh et al. 2018).
 * @module
 */
import { z } from "zod";
import type { ReflectionAgent } from "../agents/agent.ts";
import type { Policy } from "../agents/policy.ts";
import type { Environment, Split } from "../envs/environment.ts";
import { AdamW, Tape } from "../kernels/kernels.ts";
import { deriveSeed, Random } from "../std/random.ts";
import { baselinesOf, weigh, weighGroups, type WeightedStep } from "./advantages.ts";
import { type CheckpointOptions, TrainingCheckpoints } from "./checkpoints.ts";
import { type CurriculumPart, partAt, tasksOf } from "./curriculum.ts";
import { labelLoss, requireFinite } from "./losses.ts";
import { labelShape, requireTrainingMemory } from "./memory.ts";
import { lossScaleOf } from "./precision.ts";
import { episodesSchema, ReplayBuffer } from "./replay_buffer.ts";
import { type Episode, rollout } from "./rollout.ts";

/** Settings of the algorithm. */
export interface PolicyGradientSettings {
  /** Times to play, then learn. */
  readonly iterations: number;
  /** Fresh episodes an iteration. */
  readonly episodes: number;
  /** Fresh episodes of each start; divides their number. */
  readonly group: number;
  /** AdamW's learning rate. */
  readonly learningRate: number;
  /** AdamW's decoupled weight decay. */
  readonly weightDecay: number;
  /** Largest global gradient norm; 0 does not clip. */
  readonly clip: number;
  /** Weight of the entropy bonus; 0 for none. */
  readonly entropy: number;
  /** Standardise returns-to-go over the fresh batch. */
  readonly normalize: boolean;
  /** Successful episodes kept for replay; 0 for none. */
  readonly replay: number;
  /** Steps (decisions) in one forward and backward pass; more are accumulated. */
  readonly microBatch: number;
}

/** What is trained on what. */
export interface PolicyGradientOptions extends PolicyGradientSettings {
  /** Who acts, and learns. */
  readonly policy: Policy;
  /** Who comments; frozen. */
  readonly reflection: ReflectionAgent;
  /** As many as there are fresh episodes. */
  readonly environments: readonly Environment[];
  /** Tasks in order; empty for the environment's own. */
  readonly curriculum: readonly CurriculumPart[];
  /** Which starts episodes are drawn from. */
  readonly split: Split;
  /** Everything random comes from it. */
  readonly seed: number;
  /** Saves the training now and then, and goes on from what was saved. Left out: neither. */
  readonly checkpoints?: CheckpointOptions;
  /** Stops the work. */
  readonly signal: AbortSignal;
  /** Called after each iteration. */
  readonly onIteration: (report: IterationReport) => void;
}

/** One iteration in numbers. */
export interface IterationReport {
  /** Iterations done. */
  readonly iteration: number;
  /** What of the curriculum was in force; undefined without one. */
  readonly part: CurriculumPart | undefined;
  /** Share of the fresh episodes that succeeded. */
  readonly successRate: number;
  /** Mean undiscounted return of the fresh episodes. */
  readonly meanReturn: number;
  /** Mean number of decisions of the fresh episodes. */
  readonly meanSteps: number;
  /** Mean entropy of the fresh decisions, in nats. */
  readonly entropy: number;
  /** Global norm before clipping, of the update on fresh episodes. */
  readonly gradientNorm: number;
  /** Decisions trained on, fresh and replayed. */
  readonly decisions: number;
}

/** What a training keeps from one iteration to the next, beside what is on the device. */
interface Memory {
  /** Iterations done. */
  readonly iteration: number;
  /** What the replay buffer holds. */
  readonly replay: readonly Episode[];
  /** What the reflection agent remembers. */
  readonly reflection?: unknown;
}

const memorySchema: z.ZodType<Memory> = z.strictObject({
  iteration: z.int().positive(),
  replay: episodesSchema,
  reflection: z.unknown().optional(),
});

/**
 * Trains the policy online. Throws a LimitError when the first batch will not fit, and a
 * NonFiniteError when a gradient is no number.
 */
export async function trainPolicyGradient(options: PolicyGradientOptions): Promise<void> {
  const { policy, reflection, iterations, curriculum, signal } = options;
  const { device, parameters } = policy.model;
  const lossScale = lossScaleOf(parameters);
  const optimizer = new AdamW(device, parameters, { ...options, lossScale });
  const replay = new ReplayBuffer(options.replay);
  let first = 0;
  const checkpoints = new TrainingCheckpoints<Memory>({
    options: options.checkpoints,
    identity: identityOf(options),
    optimizer,
    state: memorySchema,
    restore: (memory) => {
      reflection.restore?.(memory.reflection);
      replay.add(memory.replay);
      first = memory.iteration;
    },
    signal,
  });
  try {
    await checkpoints.resume();
    for (let iteration = first; iteration < iterations; iteration++) {
      signal.throwIfAborted();
      const part = partAt(curriculum, iteration, iterations);
      if (part !== partAt(curriculum, iteration - 1, iterations)) replay.clear();
      const fresh = await playFresh(options, iteration, part);
      if (iteration === first) requireMemoryFor(options, fresh);
      const report = await learn(options, optimizer, replay, fresh, iteration);
      options.onIteration({ iteration: iteration + 1, part, ...report });
      await checkpoints.offer(iteration + 1, () => ({
        iteration: iteration + 1,
        replay: replay.episodes,
        reflection: reflection.state?.(),
      }));
    }
  } finally {
    optimizer.release();
  }
}

/** What the course of a training follows from, beside the policy it begins with and who plays along. */
function identityOf(options: PolicyGradientOptions): Record<string, unknown> {
  const { iterations, episodes, group, learningRate, weightDecay, clip, entropy } = options;
  const { normalize, replay, microBatch, curriculum, split, seed, policy } = options;
  return {
    ...{ training: "policy-gradient", iterations, episodes, group, learningRate },
    ...{ weightDecay, clip, entropy, normalize, replay, microBatch, curriculum, split, seed },
    precision: policy.model.parameters.storage,
  };
}

/** Learns from fresh episodes, then from replayed successes. */
async function learn(
  options: PolicyGradientOptions,
  optimizer: AdamW,
  replay: ReplayBuffer,
  fresh: readonly Episode[],
  iteration: number,
): Promise<Omit<IterationReport, "iteration" | "part">> {
  const baselines = baselinesOf(fresh, options.normalize);
  const weighed = options.group > 1
    ? weighGroups(fresh, baselines, options.group)
    : weigh(fresh, baselines);
  const update = await trainOn(options, optimizer, weighed, iteration);
  const random = new Random(deriveSeed(options.seed, iteration, 1));
  const replayed = weigh(replay.sample(options.episodes, random), baselines)
    .filter(({ advantage }) => advantage > 0);
  if (replayed.length > 0) await trainOn(options, optimizer, replayed, iteration);
  replay.add(fresh);
  return {
    ...summary(fresh),
    ...update,
    decisions: update.decisions + replayed.length,
  };
}

/** The first prompts tell how long prompts are. */
function requireMemoryFor(
  { policy, microBatch }: PolicyGradientOptions,
  fresh: readonly Episode[],
) {
  const examples = fresh.flatMap(({ steps }) =>
    steps.map(({ input }) => ({ prompt: input.tokens, choices: input.choices }))
  );
  const size = Math.min(microBatch, examples.length);
  requireTrainingMemory(policy.model, labelShape(examples, size));
}

function playFresh(
  options: PolicyGradientOptions,
  iteration: number,
  part: CurriculumPart | undefined,
): Promise<Episode[]> {
  const { group } = options;
  const count = options.episodes / group;
  const tasks = tasksOf(part, count, iteration * count);
  const starts = options.environments.slice(0, options.episodes).map((environment, i) => {
    const start = Math.floor(i / group);
    const task = tasks[start];
    return {
      environment,
      ...(task === undefined ? {} : { task }),
      split: options.split,
      seed: deriveSeed(options.seed, iteration, 0, start),
      attempt: i % group,
    };
  });
  return rollout(starts, options);
}

/** One optimiser step over all of `batch`, gradients accumulated over micro-batches. */
async function trainOn(
  { policy, microBatch, entropy }: PolicyGradientOptions,
  optimizer: AdamW,
  batch: readonly WeightedStep[],
  iteration: number,
): Promise<{ entropy: number; gradientNorm: number; decisions: number }> {
  const { device, parameters: { storage } } = policy.model;
  let totalEntropy = 0;
  for (let start = 0; start < batch.length; start += microBatch) {
    const part = batch.slice(start, start + microBatch);
    const tape = new Tape(device, { storage });
    const examples = part.map(({ step }) => ({
      prompt: step.input.tokens,
      choices: step.input.choices,
      target: step.target,
    }));
    const weights = part.map(({ advantage }) => advantage / batch.length);
    try {
      const { entropies } = labelLoss(tape, policy, examples, {
        weights,
        entropyWeight: entropy / batch.length,
      });
      const perDecision = await device.stream.read(entropies);
      requireFinite("entropy", perDecision, iteration + 1);
      totalEntropy += perDecision.reduce((sum, value) => sum + value, 0);
    } finally {
      tape.release();
    }
  }
  optimizer.step();
  const { norm: gradientNorm } = await optimizer.check();
  return {
    entropy: totalEntropy / batch.length,
    gradientNorm,
    decisions: batch.length,
  };
}

function summary(episodes: readonly Episode[]) {
  const mean = (of: (episode: Episode) => number) =>
    episodes.reduce((sum, episode) => sum + of(episode), 0) / episodes.length;
  return {
    successRate: mean(({ success }) => success ? 1 : 0),
    meanReturn: mean((episode) => episode.return),
    meanSteps: mean(({ steps }) => steps.length),
  };
}
