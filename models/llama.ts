/**
 * The Llama family (Touvron et al. 2023) on the compute layer: pre-norm blocks with RMSNorm, rotary
 * positions, queries that share keys and values in groups, a SwiGLU feed-forward layer, a tied or an
 * untied head.
 *
 * A batch is packed, and the caller says which rows it wants, as for GPT-2: see `gpt2.ts`.
 * @module
 */
import {
  type Device,
  gatherRows,
  linearTransposed,
  Parameters,
  type ParametersOptions,
  rmsNorm,
  rotary,
  type RotaryOptions,
  rotaryTable,
  siluGatePacked,
  sizeOf,
  type Tape,
  type Tensor,
} from "../kernels/kernels.ts";
import { Random } from "../std/random.ts";
import type { PackedBatch } from "./batch.ts";
import type { CausalModel } from "./causal_model.ts";
import { type ModelShape, shapeOf } from "./config.ts";
import type { LlamaConfig } from "./llama_config.ts";
import {
  type JoinedParameter,
  joinWeights,
  llamaParameters,
  partWeights,
} from "./llama_parameters.ts";
import { hiddenStates } from "./hidden_states.ts";
import { normalValues } from "./random_weights.ts";
import type { Tensor as StoredTensor } from "./safetensors.ts";

/** A causal language model whose hidden states can be asked for by row. */
export class Llama implements CausalModel {
  /** All weights as they lie here; see `llama_parameters.ts`. */
  readonly parameters: Parameters;
  /** What its configuration describes, in words that all families share. */
  readonly shape: ModelShape;
  readonly #joined: readonly JoinedParameter[];

  private constructor(
    readonly device: Device,
    readonly config: LlamaConfig,
    options: ParametersOptions,
  ) {
    this.shape = shapeOf(config);
    this.#joined = llamaParameters(config);
    this.parameters = new Parameters(device, this.#joined, options);
  }

  /** A model whose weights are all zero, to be written or only measured. */
  static blank(device: Device, config: LlamaConfig, options: ParametersOptions): Llama {
    return new Llama(device, config, options);
  }

  /**
   * A new model with random weights: normal with the configuration's deviation, norms one. What each
   * block adds to its input starts smaller by the root of how many blocks add, as in GPT-2.
   */
  static initialize(
    device: Device,
    config: LlamaConfig,
    options: ParametersOptions & { readonly seed: number },
  ): Llama {
    const model = new Llama(device, config, options);
    const random = new Random(options.seed);
    const { initializer_range: deviation, num_hidden_layers: layers } = config;
    for (const { name, shape } of model.#joined) {
      const scale = /\.(o_proj|down_proj)\.weight$/.test(name) ? 1 / Math.sqrt(2 * layers) : 1;
      const values = shape.length === 1
        ? new Float32Array(shape[0]!).fill(1)
        : normalValues(sizeOf(shape), deviation * scale, random);
      model.parameters.write(name, values);
    }
    return model;
  }

  /**
   * A model with the given weights, by their Hugging Face names. Throws a TypeError where one is
   * missing or does not fit the configuration.
   */
  static load(
    device: Device,
    config: LlamaConfig,
    weights: ReadonlyMap<string, StoredTensor>,
    options: ParametersOptions,
  ): Llama {
    const model = new Llama(device, config, options);
    try {
      for (const parameter of model.#joined) {
        model.parameters.write(parameter.name, joinWeights(parameter, weights));
      }
    } catch (error) {
      model.release();
      throw error;
    }
    return model;
  }

  /** The weights, or their gradients, by their Hugging Face names, read back from the device. */
  async weights(what: "values" | "gradients" = "values"): Promise<Map<string, StoredTensor>> {
    return partWeights(this.#joined, await this.parameters.read(what));
  }

  /**
   * Final hidden states (N, C) of the wanted rows (N) of a batch, after the last norm. With
   * `checkpoint`, backward computes each block again instead of keeping what is inside it.
   */
  hidden(
    tape: Tape,
    batch: PackedBatch,
    rows: Uint32Array,
    options: { readonly checkpoint?: boolean } = {},
  ): Tensor {
    return hiddenStates(this, tape, batch, rows, options);
  }

  /** Token embeddings, (M, C). */
  embed(tape: Tape, tokens: Uint32Array | Tensor): Tensor {
    return gatherRows(tape, this.#parameter("model.embed_tokens"), tokens);
  }

  /**
   * First half of a block: norm, projection to (M, (heads + 2 · keyValueHeads) · headDim), queries
   * and keys turned by their positions (M).
   */
  queryKeyValue(tape: Tape, layer: number, x: Tensor, positions: Uint32Array): Tensor {
    const normed = this.#norm(tape, `model.layers.${layer}.input_layernorm`, x);
    const projected = this.#project(tape, `model.layers.${layer}.self_attn.qkv_proj`, normed);
    return rotary(tape, projected, rotaryTable(tape, positions, rotaryOptions(this.config)), {
      heads: this.config.num_attention_heads,
      keyValueHeads: this.config.num_key_value_heads,
    });
  }

  /** Second half of a block: what attention gave is added to x, then what the MLP makes of it. (M, C) */
  finishBlock(tape: Tape, layer: number, x: Tensor, attended: Tensor): Tensor {
    const at = `model.layers.${layer}`;
    const middle = this.#project(tape, `${at}.self_attn.o_proj`, attended, x);
    const normed = this.#norm(tape, `${at}.post_attention_layernorm`, middle);
    const inner = siluGatePacked(tape, this.#project(tape, `${at}.mlp.gate_up_proj`, normed));
    return this.#project(tape, `${at}.mlp.down_proj`, inner, middle);
  }

  /** The norm before the head. (N, C) */
  finalNorm(tape: Tape, x: Tensor): Tensor {
    return this.#norm(tape, "model.norm", x);
  }

  /** Logits (N, V) over the whole vocabulary. */
  logits(tape: Tape, hidden: Tensor): Tensor {
    return linearTransposed(tape, hidden, this.#head());
  }

  /** Logits (N, L) over some tokens only: the head cut to its rows (Reflect-RL, section 3.1). */
  tokenLogits(tape: Tape, hidden: Tensor, tokens: Uint32Array): Tensor {
    return linearTransposed(tape, hidden, gatherRows(tape, this.#head(), tokens));
  }

  /** Gives the parameters' buffers back. */
  release(): void {
    this.parameters.release();
  }

  #head(): Tensor {
    return this.#parameter(this.config.tie_word_embeddings ? "model.embed_tokens" : "lm_head");
  }

  #parameter(name: string): Tensor {
    return this.parameters.get(`${name}.weight`);
  }

  #norm(tape: Tape, name: string, x: Tensor): Tensor {
    return rmsNorm(tape, x, this.#parameter(name), this.config.rms_norm_eps);
  }

  #project(tape: Tape, name: string, x: Tensor, residual?: Tensor): Tensor {
    const options = residual === undefined ? {} : { residual };
    return linearTransposed(tape, x, this.#parameter(name), options);
  }
}

/** How a model turns its queries and keys. */
export function rotaryOptions(config: LlamaConfig): RotaryOptions {
  const { head_dim: headDim, rope_theta: theta, rope_scaling: scaling } = config;
  if (scaling === null) return { headDim, theta };
  return {
    headDim,
    theta,
    scaling: {
      factor: scaling.factor,
      lowFrequencyFactor: scaling.low_freq_factor,
      highFrequencyFactor: scaling.high_freq_factor,
      originalPositions: scaling.original_max_position_embeddings,
    },
  };
}
