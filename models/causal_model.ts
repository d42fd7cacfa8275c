/**
 * A decoder of any family on the compute layer: what training, the policy and generation need of it.
 *
 * A batch is packed, and the caller says which rows it wants: see `gpt2.ts` and `llama.ts`.
 * @module
 */
import type { Device, Parameters, ParametersOptions, Tape, Tensor } from "../kernels/kernels.ts";
import type { PackedBatch } from "./batch.ts";
import type { ModelConfig, ModelShape } from "./config.ts";
import { Gpt2 } from "./gpt2.ts";
import { Llama } from "./llama.ts";
import type { Tensor as StoredTensor } from "./safetensors.ts";

/** A causal language model whose hidden states can be asked for by row. */
export interface CausalModel {
  /** Where it lies. */
  readonly device: Device;
  /** Its `config.json`. */
  readonly config: ModelConfig;
  /** The same in words that all families share. */
  readonly shape: ModelShape;
  /** All weights. */
  readonly parameters: Parameters;
  /** The weights by the names of their file, read back from the device. */
  weights(): Promise<Map<string, StoredTensor>>;
  /**
   * Final hidden states (N, C) of the wanted rows (N) of a batch, after the last norm. With
   * `checkpoint`, backward computes each block again instead of keeping what is inside it.
   */
  hidden(
    tape: Tape,
    batch: PackedBatch,
    rows: Uint32Array,
    options?: { readonly checkpoint?: boolean },
  ): Tensor;
  /** What the first block reads, (M, C). */
  embed(tape: Tape, tokens: Uint32Array | Tensor, positions: Uint32Array): Tensor;
  /** First half of a block: queries, keys and values (M, (heads + 2 · keyValueHeads) · headSize). */
  queryKeyValue(tape: Tape, layer: number, x: Tensor, positions: Uint32Array): Tensor;
  /** Second half of a block: what attention gave is added to x, then what the MLP makes of it. (M, C) */
  finishBlock(tape: Tape, layer: number, x: Tensor, attended: Tensor): Tensor;
  /** The norm before the head. (N, C) */
  finalNorm(tape: Tape, x: Tensor): Tensor;
  /** Logits (N, V) over the whole vocabulary. */
  logits(tape: Tape, hidden: Tensor): Tensor;
  /** Logits (N, L) over some tokens only: the head cut to its rows (Reflect-RL, section 3.1). */
  tokenLogits(tape: Tape, hidden: Tensor, tokens: Uint32Array): Tensor;
  /** Gives the parameters' buffers back. */
  release(): void;
}

/** A model of the family that its configuration names, with the given weights, by the names of their file. */
export function placeModel(
  device: Device,
  { config, parameters }: {
    readonly config: ModelConfig;
    readonly parameters: ReadonlyMap<string, StoredTensor>;
  },
  options: ParametersOptions,
): CausalModel {
  return config.model_type === "llama"
    ? Llama.load(device, config, parameters, options)
    : Gpt2.load(device, config, parameters, options);
}

/** A model of the family that its configuration names whose weights are not written. */
export function blankModel(
  device: Device,
  config: ModelConfig,
  options: ParametersOptions,
): CausalModel {
  return config.model_type === "llama"
    ? Llama.blank(device, config, options)
    : Gpt2.blank(device, config, options);
}
