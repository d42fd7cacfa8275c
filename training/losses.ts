/**
 * What a batch costs: cross-entropy on what stands behind the marker (Reflect-RL, section 4), weighted for
 * the policy gradient, and where it is asked for, on the prompts' own tokens too.
 * @module
 */
import type { Policy } from "../agents/policy.ts";
import {
  type CategoricalLoss,
  categoricalLoss,
  gatherRows,
  NonFiniteError,
  type Tape,
  type Tensor,
} from "../kernels/kernels.ts";
import { type PackedBatch, packSequences } from "../models/batch.ts";
import type { CausalModel } from "../models/causal_model.ts";
import { lossScaleOf } from "./precision.ts";

/** A text to continue, and how. */
export interface CompletionExample {
  /** Token ids of the prompt. */
  readonly prompt: readonly number[];
  /** At least one token; the end of text is among them where the model should stop. */
  readonly completion: readonly number[];
}

/** A prompt that enumerates actions, and the one to take. */
export interface LabelExample {
  /** Token ids of the prompt. */
  readonly prompt: readonly number[];
  /** How many actions it enumerates. */
  readonly choices: number;
  /** Position of the right one's label. */
  readonly target: number;
}

/** What a batch costs, and how many tokens it read. */
export interface BatchLoss extends CategoricalLoss {
  /** What the losses are multiplied by: more than 1 where derivatives are stored as f16. */
  readonly lossScale: number;
  /** Tokens the model read. */
  readonly tokens: number;
}

/** What a label's loss counts. */
export interface LabelLossOptions {
  /** (B): 1/B for a mean cross-entropy; advantage/B for a policy gradient. */
  readonly weights: readonly number[];
  /** Weight of each decision's entropy bonus. Default 0. */
  readonly entropyWeight?: number;
  /** Weight of the mean cross-entropy of the prompts' tokens. Default 0. */
  readonly promptWeight?: number;
}

/** Loss of labels, each with its weight; derivatives, scaled, are carried back on the tape. */
export function labelLoss(
  tape: Tape,
  policy: Policy,
  batch: readonly LabelExample[],
  { weights, entropyWeight = 0, promptWeight = 0 }: LabelLossOptions,
): BatchLoss {
  const { model } = policy;
  const packed = packSequences(
    batch.map(({ prompt }) => prompt),
    model.shape.positions,
  );
  const choices = Uint32Array.from(batch, (example) => example.choices);
  const labels = policy.labelTokens(
    choices.reduce((most, count) => Math.max(most, count), 0),
  );
  const hidden = hiddenRows(tape, model, packed, {
    rows: packed.lastRows,
    batch,
    promptWeight,
  });
  const logits = model.tokenLogits(tape, hidden, labels);
  const lossScale = lossScaleOf(model.parameters);
  const loss = categoricalLoss(tape, logits, {
    targets: Uint32Array.from(batch, ({ target }) => target),
    weights: Float32Array.from(weights, (weight) => weight * lossScale),
    choices,
    entropyWeight: entropyWeight * lossScale,
  });
  tape.backward(logits);
  return { ...loss, lossScale, tokens: packed.tokens.length };
}

/** Mean loss of completions; derivatives, scaled, are carried back on the tape. */
export function completionLoss(
  tape: Tape,
  model: CausalModel,
  batch: readonly CompletionExample[],
  promptWeight = 0,
): BatchLoss {
  // The last token of a completion is only ever a target, so it is not read.
  const sequences = batch.map(({ prompt, completion }) => [...prompt, ...completion.slice(0, -1)]);
  const packed = packSequences(sequences, model.shape.positions);
  const rows = batch.flatMap(({ completion }, i) => {
    const last = packed.lastRows[i]!;
    return completion.map((_, j) => last - completion.length + 1 + j);
  });
  const targets = Uint32Array.from(
    batch.flatMap(({ completion }) => completion),
  );
  const hidden = hiddenRows(tape, model, packed, {
    rows: Uint32Array.from(rows),
    batch,
    promptWeight,
  });
  const logits = model.logits(tape, hidden);
  const lossScale = lossScaleOf(model.parameters);
  const weights = new Float32Array(targets.length).fill(lossScale / targets.length);
  const loss = categoricalLoss(tape, logits, { targets, weights });
  tape.backward(logits);
  return { ...loss, lossScale, tokens: packed.tokens.length };
}

/** (P) rows whose next token is one of their own prompt: all of its rows but the last. */
function rowsBeforeTokens(
  { lastRows }: PackedBatch,
  batch: readonly { readonly prompt: readonly number[] }[],
): Uint32Array {
  return Uint32Array.from(batch.flatMap(({ prompt }, i) => {
    const first = i === 0 ? 0 : lastRows[i - 1]! + 1;
    return Array.from({ length: prompt.length - 1 }, (_, j) => first + j);
  }));
}

/** Which hidden states a loss wants, and what predicting the prompts weighs. */
interface HiddenOptions {
  /** (N) */
  readonly rows: Uint32Array;
  /** The prompts that were packed. */
  readonly batch: readonly { readonly prompt: readonly number[] }[];
  /** 0 leaves the prompts out, and computes what is needed for `rows` alone. */
  readonly promptWeight: number;
}

/** Final hidden states (N, C) of `rows`; the prompts' loss, where it has a weight, waits for `backward`. */
function hiddenRows(
  tape: Tape,
  model: CausalModel,
  packed: PackedBatch,
  { rows, batch, promptWeight }: HiddenOptions,
): Tensor {
  if (promptWeight === 0) return model.hidden(tape, packed, rows);
  const promptRows = rowsBeforeTokens(packed, batch);
  if (promptRows.length === 0) return model.hidden(tape, packed, rows);
  const all = model.hidden(tape, packed, Uint32Array.from(packed.tokens, (_, row) => row));
  const logits = model.logits(tape, gatherRows(tape, all, promptRows));
  const weight = promptWeight * lossScaleOf(model.parameters) / promptRows.length;
  categoricalLoss(tape, logits, {
    targets: promptRows.map((row) => packed.tokens[row + 1]!),
    weights: new Float32Array(promptRows.length).fill(weight),
  });
  return gatherRows(tape, all, rows);
}

/** Throws a NonFiniteError that names the value of the batch's first such target, and the step. */
export function requireFinite(what: string, perTarget: Float32Array, step: number): void {
  const at = perTarget.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new NonFiniteError(
    `the ${what} of target ${at} of ${perTarget.length} is ${perTarget[at]} at step ${step}; ` +
      `lower the learning rate or the gradient clip`,
  );
}
