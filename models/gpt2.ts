/**
 * GPT-2 (Radford et al. 2019) on the compute layer: pre-norm blocks, learned positions, tied head.
 *
 * A batch is packed, and the caller says which rows it wants: the last block's feed-forward layer,
 * the final norm and the head are computed for those alone. With one wanted row in a prompt of
 * seventy, as when a policy chooses an action, that is most of a small model's work.
 * @module
 */
import {
  type Device,
  gatherRows,
  layerNorm,
  linear,
  type LinearOptions,
  linearTransposed,
  Parameters,
  type ParametersOptions,
  sizeOf,
  type Tape,
  type Tensor,
} from "../kernels/kernels.ts";
import { Random } from "../std/random.ts";
import type { PackedBatch } from "./batch.ts";
import type { CausalModel } from "./causal_model.ts";
import { type ModelShape, shapeOf } from "./config.ts";
import { type Gpt2Config, gpt2ParameterShapes } from "./gpt2_config.ts";
import { hiddenStates } from "./hidden_states.ts";
import { normalValues, sinusoids } from "./random_weights.ts";
import type { Tensor as StoredTensor } from "./safetensors.ts";

/** How position embeddings begin. */
export type PositionStart = "random" | "sinusoidal";

/** A causal language model whose hidden states can be asked for by row. */
export class Gpt2 implements CausalModel {
  /** All weights, by their Hugging Face names. */
  readonly parameters: Parameters;
  /** What its configuration describes, in words that all families share. */
  readonly shape: ModelShape;

  private constructor(
    readonly device: Device,
    readonly config: Gpt2Config,
    options: ParametersOptions,
  ) {
    this.shape = shapeOf(config);
    this.parameters = new Parameters(
      device,
      gpt2ParameterShapes(config),
      options,
    );
  }

  /** A model whose weights are all zero, to be written or only measured. */
  static blank(device: Device, config: Gpt2Config, options: ParametersOptions): Gpt2 {
    return new Gpt2(device, config, options);
  }

  /**
   * A new model with random weights: normal with the configuration's deviation, the projections
   * into the residual stream scaled down by √(2 · layers) (GPT-2, section 2.3), biases zero. The position
   * embeddings, trained like the rest, can begin as sinusoids of the same deviation.
   */
  static initialize(
    device: Device,
    config: Gpt2Config,
    options: ParametersOptions & {
      readonly seed: number;
      /** Default `random`. */
      readonly positionStart?: PositionStart;
    },
  ): Gpt2 {
    const model = new Gpt2(device, config, options);
    const random = new Random(options.seed);
    for (const { name, shape } of gpt2ParameterShapes(config)) {
      model.parameters.write(
        name,
        initialValues(config, name, sizeOf(shape), random),
      );
    }
    if (options.positionStart === "sinusoidal") {
      const { n_positions, n_embd, initializer_range } = config;
      const values = sinusoids(n_positions, n_embd, initializer_range);
      model.parameters.write("transformer.wpe.weight", values);
    }
    return model;
  }

  /** A model with the given weights, by full name. */
  static load(
    device: Device,
    config: Gpt2Config,
    weights: ReadonlyMap<string, StoredTensor>,
    options: ParametersOptions,
  ): Gpt2 {
    const model = new Gpt2(device, config, options);
    for (const name of model.parameters.names) {
      model.parameters.write(name, weights.get(name)!.data);
    }
    return model;
  }

  /** The weights, by full name, read back from the device. */
  async weights(): Promise<Map<string, StoredTensor>> {
    const values = await this.parameters.read();
    return new Map([...values].map(([name, data]) => {
      return [name, {
        shape: [...this.parameters.get(name).shape],
        dtype: "F32" as const,
        data,
      }];
    }));
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

  /** Token and position embeddings, (M, C). */
  embed(
    tape: Tape,
    tokens: Uint32Array | Tensor,
    positions: Uint32Array,
  ): Tensor {
    const x = gatherRows(tape, this.#parameter("wte.weight"), tokens);
    return gatherRows(tape, this.#parameter("wpe.weight"), positions, x);
  }

  /** First half of a block: norm and projection to (M, 3C). */
  queryKeyValue(tape: Tape, layer: number, x: Tensor): Tensor {
    const normed = this.#norm(tape, `h.${layer}.ln_1`, x);
    return this.#linear(tape, `h.${layer}.attn.c_attn`, normed);
  }

  /** Second half of a block: what attention gave is added to x, then what the MLP makes of it. (M, C) */
  finishBlock(tape: Tape, layer: number, x: Tensor, attended: Tensor): Tensor {
    const middle = this.#linear(tape, `h.${layer}.attn.c_proj`, attended, { residual: x });
    const normed = this.#norm(tape, `h.${layer}.ln_2`, middle);
    const inner = this.#linear(tape, `h.${layer}.mlp.c_fc`, normed, { activation: "gelu" });
    return this.#linear(tape, `h.${layer}.mlp.c_proj`, inner, { residual: middle });
  }

  /** The norm before the head. (N, C) */
  finalNorm(tape: Tape, x: Tensor): Tensor {
    return this.#norm(tape, "ln_f", x);
  }

  /** Logits (N, V) over the whole vocabulary. */
  logits(tape: Tape, hidden: Tensor): Tensor {
    return linearTransposed(tape, hidden, this.#parameter("wte.weight"));
  }

  /** Logits (N, L) over some tokens only: the head cut to its rows (Reflect-RL, section 3.1). */
  tokenLogits(tape: Tape, hidden: Tensor, tokens: Uint32Array): Tensor {
    return linearTransposed(
      tape,
      hidden,
      gatherRows(tape, this.#parameter("wte.weight"), tokens),
    );
  }

  /** Gives the parameters' buffers back. */
  release(): void {
    this.parameters.release();
  }

  #parameter(name: string): Tensor {
    return this.parameters.get(`transformer.${name}`);
  }

  #norm(tape: Tape, name: string, x: Tensor): Tensor {
    const epsilon = this.config.layer_norm_epsilon;
    const weight = this.#parameter(`${name}.weight`);
    return layerNorm(tape, x, weight, this.#parameter(`${name}.bias`), epsilon);
  }

  #linear(
    tape: Tape,
    name: string,
    x: Tensor,
    options: Omit<LinearOptions, "bias"> = {},
  ): Tensor {
    const bias = this.#parameter(`${name}.bias`);
    return linear(tape, x, this.#parameter(`${name}.weight`), { bias, ...options });
  }
}

function initialValues(
  config: Gpt2Config,
  name: string,
  size: number,
  random: Random,
): Float32Array {
  if (name.endsWith(".bias")) return new Float32Array(size);
  if (/\.ln_[12f]\.weight$|\.ln_f\.weight$/.test(name)) {
    return new Float32Array(size).fill(1);
  }
  const scale = name.endsWith("c_proj.weight") ? 1 / Math.sqrt(2 * config.n_layer) : 1;
  return normalValues(size, config.initializer_range * scale, random);
}
