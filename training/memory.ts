/**
 * The largest batch a training will see, so that one that does not fit is refused before it starts.
 * @module
 */
import { memoryBudget, requireMemory } from "../kernels/kernels.ts";
import type { CausalModel } from "../models/causal_model.ts";
import { predictTrainingMemory, type TrainingShape } from "../models/training_memory.ts";
import type { CompletionExample, LabelExample } from "./losses.ts";

/** The `count` largest numbers; where there are fewer, they come again, as examples do. */
function largest(numbers: readonly number[], count: number): number[] {
  const sorted = numbers.toSorted((a, b) => b - a);
  return Array.from({ length: count }, (_, i) => sorted[i % sorted.length]!);
}

/** Rows of a batch whose next token is the prompt's, at most. */
function promptTargets(
  examples: readonly { readonly prompt: readonly number[] }[],
  batchSize: number,
): { readonly promptTargets: number } {
  const lengths = largest(examples.map(({ prompt }) => prompt.length - 1), batchSize);
  return { promptTargets: lengths.reduce((sum, count) => sum + count, 0) };
}

/** No batch of `batchSize` of these examples, at least one, is larger; `prompts` have a loss too or not. */
export function completionShape(
  examples: readonly CompletionExample[],
  batchSize: number,
  prompts = false,
): TrainingShape {
  const lengths = examples.map(({ prompt, completion }) => prompt.length + completion.length - 1);
  const targets = largest(examples.map(({ completion }) => completion.length), batchSize);
  return {
    lengths: largest(lengths, batchSize),
    targets: targets.reduce((sum, count) => sum + count, 0),
    ...(prompts ? promptTargets(examples, batchSize) : {}),
  };
}

/** No batch of `batchSize` of these examples, at least one, is larger; `prompts` have a loss too or not. */
export function labelShape(
  examples: readonly Pick<LabelExample, "prompt" | "choices">[],
  batchSize: number,
  prompts = false,
): TrainingShape {
  return {
    lengths: largest(examples.map(({ prompt }) => prompt.length), batchSize),
    targets: batchSize,
    labels: examples.reduce((most, { choices }) => Math.max(most, choices), 0),
    ...(prompts ? promptTargets(examples, batchSize) : {}),
  };
}

/**
 * Throws a LimitError with the numbers where a training with batches up to `shape`, stored as the
 * model's parameters are, will not fit.
 */
export function requireTrainingMemory(model: CausalModel, shape: TrainingShape): void {
  const { storage } = model.parameters;
  const stored = { storage, half: storage === "f16" };
  const needed = predictTrainingMemory(model.device, model.config, { ...shape, ...stored });
  requireMemory(needed, memoryBudget(model.device));
}
