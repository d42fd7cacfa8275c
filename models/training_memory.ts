/**
 * How much memory training a model takes: a dry run of the real thing.
 * @module
 */
import {
  categoricalLoss,
  type DeviceModel,
  gatherRows,
  predictMemory,
  type Tape,
  type Tensor,
  type TrainingMemory,
} from "../kernels/kernels.ts";
import { type PackedBatch, packSequences } from "./batch.ts";
import { blankModel, type CausalModel } from "./causal_model.ts";
import type { ModelConfig } from "./config.ts";

/** The largest batch of a training. */
export interface TrainingShape {
  /** Tokens of each sequence. */
  readonly lengths: readonly number[];
  /** Rows of all sequences together that have a loss. */
  readonly targets: number;
  /** Rows with a loss of their own over the whole vocabulary, beside the targets: prompts'. Default 0. */
  readonly promptTargets?: number;
  /** Labels to choose among; left out: the whole vocabulary. */
  readonly labels?: number;
  /** Whether backward computes each block again. Default false. */
  readonly checkpoint?: boolean;
  /** How results of ops are stored. Default f32. */
  readonly storage?: "f32" | "f16";
  /** Whether ops take the parameters in f16. Default false. */
  readonly half?: boolean;
}

/**
 * Predicts the memory of one training step; nothing is allocated. Throws a LimitError where a tensor
 * exceeds the limits of `device`.
 */
export function predictTrainingMemory(
  device: DeviceModel,
  config: ModelConfig,
  shape: TrainingShape,
): TrainingMemory {
  const { storage = "f32", half = false } = shape;
  return predictMemory(device, (dry) => {
    const model = blankModel(dry, config, { trainable: true, half });
    return {
      parameters: model.parameters,
      run: (tape) => step(tape, model, shape),
    };
  }, { storage });
}

function step(tape: Tape, model: CausalModel, shape: TrainingShape) {
  const { lengths, targets, labels } = shape;
  const { positions, vocabularySize } = model.shape;
  const sequences = lengths.map((length) => {
    return Array.from({ length }, (_, position) => position % vocabularySize);
  });
  const batch = packSequences(sequences, positions);
  const hidden = hiddenOf(tape, model, batch, shape);
  const logits = labels === undefined
    ? model.logits(tape, hidden)
    : model.tokenLogits(tape, hidden, Uint32Array.from({ length: labels }, (_, i) => i));
  categoricalLoss(tape, logits, {
    targets: new Uint32Array(targets),
    weights: new Float32Array(targets),
  });
  tape.backward(logits);
}

/** Hidden states (N, C) of the targets, and the prompts' loss on the way. */
function hiddenOf(
  tape: Tape,
  model: CausalModel,
  batch: PackedBatch,
  shape: TrainingShape,
): Tensor {
  const { targets, promptTargets = 0, checkpoint = false } = shape;
  const some = (count: number) => {
    return Uint32Array.from({ length: count }, (_, i) => i % batch.tokens.length);
  };
  if (promptTargets === 0) return model.hidden(tape, batch, some(targets), { checkpoint });
  const all = model.hidden(tape, batch, some(batch.tokens.length), { checkpoint });
  categoricalLoss(tape, model.logits(tape, gatherRows(tape, all, some(promptTargets))), {
    targets: new Uint32Array(promptTargets),
    weights: new Float32Array(promptTargets),
  });
  return gatherRows(tape, all, some(targets));
}
