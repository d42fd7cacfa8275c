/**
 * Supervised fine-tuning: cross-entropy on what stands behind the marker, and nothing before it
 * (Reflect-RL, section 4). The reflection model learns a text, the policy learns one label.
 * @module
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Policy } from "../agents/policy.ts";
import { AdamW, type AdamWOptions, Tape } from "../kernels/kernels.ts";
import type { CausalModel } from "../models/causal_model.ts";
import { Batches } from "./batches.ts";
import { type CheckpointOptions, TrainingCheckpoints } from "./checkpoints.ts";
import {
  type BatchLoss,
  type CompletionExample,
  completionLoss,
  type LabelExample,
  labelLoss,
  requireFinite,
} from "./losses.ts";
import { completionShape, labelShape, requireTrainingMemory } from "./memory.ts";
import { lossScaleOf } from "./precision.ts";

/** How long and how fast to train. */
export interface FineTuneOptions extends Omit<AdamWOptions, "lossScale"> {
  /** Optimiser steps. */
  readonly steps: number;
  /** Examples a step. */
  readonly batchSize: number;
  /** Learning rate of the last step as a share of the first's; it falls linearly. 1 keeps it. Default 1. */
  readonly finalLearningRate?: number;
  /**
   * Weight of predicting the prompts' own tokens, a loss beside that of what stands behind them (Radford et
   * al. 2018, section 3.2, where it is 0.5). 0 trains on what stands behind alone. Default 0.
   */
  readonly promptWeight?: number;
  /** Everything random comes from it. */
  readonly seed: number;
  /** Saves the training now and then, and goes on from what was saved. Left out: neither. */
  readonly checkpoints?: CheckpointOptions;
  /** Stops the work. */
  readonly signal: AbortSignal;
  /** Called now and then, and after the last step. */
  readonly onProgress: (report: FineTuneReport) => void;
}

/** Where training stands. */
export interface FineTuneReport {
  /** Steps done. */
  readonly step: number;
  /** Mean over the newest batch, in nats per target. */
  readonly loss: number;
  /** Global norm before clipping, of the newest step. */
  readonly gradientNorm: number;
  /** Tokens the model read since the last report. */
  readonly tokens: number;
}

/** Steps between reports; each costs a readback. */
const REPORT_EVERY = 5;

/**
 * Trains a model to continue texts. Throws a RangeError where an example is longer than the model's
 * context, a LimitError when a batch will not fit, and a NonFiniteError when a loss or a gradient is no number.
 */
export async function fineTuneCompletions(
  model: CausalModel,
  examples: readonly CompletionExample[],
  options: FineTuneOptions,
): Promise<void> {
  requireExamples(examples);
  checkLengths(examples, model.shape.positions);
  const { batchSize, promptWeight = 0 } = options;
  requireTrainingMemory(model, completionShape(examples, batchSize, promptWeight > 0));
  await fineTune(
    model,
    examples,
    options,
    (tape, batch) => completionLoss(tape, model, batch, promptWeight),
  );
}

/**
 * Trains a policy to answer with labels. Throws a LimitError when a batch will not fit, and a
 * NonFiniteError when a loss or a gradient is no number.
 */
export async function fineTuneLabels(
  policy: Policy,
  examples: readonly LabelExample[],
  options: FineTuneOptions,
): Promise<void> {
  requireExamples(examples);
  const { batchSize, promptWeight = 0 } = options;
  requireTrainingMemory(policy.model, labelShape(examples, batchSize, promptWeight > 0));
  await fineTune(policy.model, examples, options, (tape, batch) => {
    return labelLoss(tape, policy, batch, {
      weights: batch.map(() => 1 / batch.length),
      promptWeight,
    });
  });
}

function requireExamples(examples: readonly unknown[]): void {
  if (examples.length === 0) throw new RangeError("there are no examples to train on");
}

/** Checked before the first step, because a batch that holds the longest example may come late. */
function checkLengths(examples: readonly CompletionExample[], longest: number): void {
  for (const [index, { prompt, completion }] of examples.entries()) {
    const length = prompt.length + completion.length - 1;
    if (length <= longest) continue;
    throw new RangeError(
      `example ${index} has a prompt of ${prompt.length} tokens and a completion of ` +
        `${completion.length}, but the model's context is ${longest}; use a model with more ` +
        `positions, or shorter texts`,
    );
  }
}

/** What a training has counted. */
interface Counts {
  /** Steps done. */
  readonly step: number;
  /** Tokens the model read since the last report. */
  readonly tokens: number;
}

const countsSchema: z.ZodType<Counts> = z.strictObject({
  step: z.int().positive(),
  tokens: z.int().nonnegative(),
});

async function fineTune<Example>(
  model: CausalModel,
  examples: readonly Example[],
  options: FineTuneOptions,
  lossOf: (tape: Tape, batch: readonly Example[]) => BatchLoss,
): Promise<void> {
  const { device, parameters } = model;
  const { steps, batchSize, seed, signal } = options;
  const lossScale = lossScaleOf(parameters);
  const optimizer = new AdamW(device, parameters, { ...options, lossScale });
  let counts: Counts = { step: 0, tokens: 0 };
  const checkpoints = new TrainingCheckpoints<Counts>({
    options: options.checkpoints,
    identity: options.checkpoints === undefined ? {} : identityOf(model, examples, options),
    optimizer,
    state: countsSchema,
    restore: (saved) => counts = saved,
    signal,
  });
  try {
    await checkpoints.resume();
    const batches = new Batches(examples, batchSize, seed, counts.step);
    while (counts.step < steps) {
      signal.throwIfAborted();
      const step = counts.step + 1;
      const tape = new Tape(device, { storage: parameters.storage });
      try {
        const loss = lossOf(tape, batches.next());
        optimizer.step(learningRateAt(step, options));
        counts = { step, tokens: counts.tokens + loss.tokens };
        if (step % REPORT_EVERY === 0 || step === steps) {
          options.onProgress({ ...counts, ...await readStep(model, loss, optimizer, step) });
          counts = { step, tokens: 0 };
        }
      } finally {
        tape.release();
      }
      await checkpoints.offer(step, () => counts);
    }
  } finally {
    optimizer.release();
  }
}

/** What the course of a training follows from, beside the model it begins with. */
function identityOf(
  { parameters }: CausalModel,
  examples: readonly unknown[],
  options: FineTuneOptions,
): Record<string, unknown> {
  const { steps, batchSize, seed, learningRate, finalLearningRate } = options;
  const { beta1, beta2, epsilon, weightDecay, clip, promptWeight } = options;
  const hash = createHash("sha256");
  for (const example of examples) hash.update(`${JSON.stringify(example)}\n`);
  return {
    ...{ training: "fine-tune", steps, batchSize, seed, learningRate, finalLearningRate },
    ...{ beta1, beta2, epsilon, weightDecay, clip, promptWeight, precision: parameters.storage },
    examples: hash.digest("hex"),
  };
}

/** Reads a step's loss and gradient norm back. */
async function readStep(
  model: CausalModel,
  { losses, lossScale }: BatchLoss,
  optimizer: AdamW,
  step: number,
): Promise<{ loss: number; gradientNorm: number }> {
  const [{ norm }, perTarget] = await Promise.all([
    optimizer.check(),
    model.device.stream.read(losses),
  ]);
  requireFinite("loss", perTarget, step);
  const loss = perTarget.reduce((sum, value) => sum + value, 0) / lossScale;
  return { loss, gradientNorm: norm };
}

function learningRateAt(step: number, options: FineTuneOptions): number {
  const first = options.learningRate ?? 2e-4;
  const done = (step - 1) / Math.max(1, options.steps - 1);
  return first * (1 - done * (1 - (options.finalLearningRate ?? 1)));
}
