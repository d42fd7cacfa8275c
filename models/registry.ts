/**
 * Model families a workflow can name: what a `sft` stage starts from when it starts from nothing.
 * @module
 */
import { z } from "zod";
import type { Device, ParametersOptions } from "../kernels/kernels.ts";
import type { CausalModel } from "./causal_model.ts";
import type { ModelConfig } from "./config.ts";
import { Gpt2, type PositionStart } from "./gpt2.ts";
import { type Gpt2Config, type Gpt2Preset, gpt2Presets } from "./gpt2_config.ts";
import { Llama } from "./llama.ts";
import {
  feedForwardWidth,
  type LlamaConfig,
  type LlamaPreset,
  llamaPresets,
} from "./llama_config.ts";

/** The tokens a fresh model is made for. */
export interface Vocabulary {
  /** Number of token ids. */
  readonly size: number;
  /** Id of the token that begins and ends a text. */
  readonly endOfText: number;
}

/** A model family that can be initialised. */
export interface ModelModule<Options = unknown> {
  /** The word after `uses:`. */
  readonly name: string;
  /** Raised whenever the same options and seed would give another model. */
  readonly version: string;
  /** One sentence for the reference pages. */
  readonly description: string;
  /** Schema of the options. */
  readonly with: z.ZodType<Options>;
  /**
   * The configuration these options describe, for a vocabulary; without one, with the largest vocabulary a
   * tokenizer may have.
   */
  configure(options: Options, vocabulary?: Vocabulary): ModelConfig;
  /** A fresh model with weights drawn by the seed. */
  initialize(
    device: Device,
    options: Options,
    vocabulary: Vocabulary,
    start: ParametersOptions & { readonly seed: number },
  ): CausalModel;
}

/** Sizes that replace a preset's. */
export interface SizeOptions {
  /** Transformer blocks. */
  readonly layers?: number | undefined;
  /** Width of the residual stream: a multiple of 4 per head for `gpt2`, of 8 for `llama`. */
  readonly width?: number | undefined;
  /** Attention heads; of queries, where others share their keys and values. */
  readonly heads?: number | undefined;
  /** Longest prompt in tokens. */
  readonly positions?: number | undefined;
  /** Largest vocabulary. */
  readonly vocabulary?: number | undefined;
}

/** Options of {@linkcode gpt2}. */
export interface Gpt2Options extends SizeOptions {
  /** Size to start from. Default `nano`. */
  readonly preset: Gpt2Preset;
  /** How position embeddings begin. Default `random`. */
  readonly positionStart: PositionStart;
}

/** Options of {@linkcode llama}. */
export interface LlamaOptions extends SizeOptions {
  /** Size to start from. Default `nano`. */
  readonly preset: LlamaPreset;
  /** Heads of keys and values, instead of as many as of queries; divides these. */
  readonly keyValueHeads?: number | undefined;
}

const count = z.int().positive().optional();

/** Options that all families have. */
const sizes = {
  layers: count.describe("transformer blocks, instead of the preset's"),
  width: count.describe(
    "width of the residual stream, instead of the preset's",
  ),
  positions: count.describe(
    "longest prompt in tokens, instead of the preset's",
  ),
  vocabulary: z.int().min(300).optional().describe(
    "largest vocabulary, instead of the preset's",
  ),
};

/** What a vocabulary says in every family's configuration. */
function tokensOf({ size, endOfText }: Vocabulary) {
  return { vocab_size: size, bos_token_id: endOfText, eos_token_id: endOfText };
}

function gpt2Config(options: Gpt2Options, vocabulary?: Vocabulary): Gpt2Config {
  const preset = gpt2Presets[options.preset];
  return {
    ...preset,
    n_layer: options.layers ?? preset.n_layer,
    n_embd: options.width ?? preset.n_embd,
    n_head: options.heads ?? preset.n_head,
    n_positions: options.positions ?? preset.n_positions,
    vocab_size: options.vocabulary ?? preset.vocab_size,
    ...(vocabulary === undefined ? {} : tokensOf(vocabulary)),
  };
}

/** GPT-2, initialised at random; its tokenizer is trained on the data of the first stage that uses it. */
export const gpt2: ModelModule<Gpt2Options> = {
  name: "gpt2",
  version: "1",
  description: "A GPT-2 decoder trained from scratch, with a byte-level BPE tokenizer of its own.",
  with: z.strictObject({
    preset: z.enum(Object.keys(gpt2Presets) as [Gpt2Preset, ...Gpt2Preset[]])
      .default("nano")
      .describe("size to start from"),
    ...sizes,
    heads: count.describe("attention heads, instead of the preset's"),
    positionStart: z.enum(["random", "sinusoidal"]).default("random").describe(
      "how the position embeddings begin; sinusoidal tells a small model early which tokens are neighbours",
    ),
  }).superRefine((options, context) => {
    const preset = gpt2Presets[options.preset];
    const [width, heads] = [
      options.width ?? preset.n_embd,
      options.heads ?? preset.n_head,
    ];
    if (width % (4 * heads) === 0) return;
    context.addIssue({
      code: "custom",
      path: [options.width === undefined ? "heads" : "width"],
      message: `the width must be a multiple of 4 × heads, got width ${width} with ${heads} heads`,
    });
  }),
  configure: gpt2Config,
  initialize(device, options, vocabulary, start) {
    const { positionStart } = options;
    return Gpt2.initialize(device, gpt2Config(options, vocabulary), { ...start, positionStart });
  },
};

function llamaConfig(options: LlamaOptions, vocabulary?: Vocabulary): LlamaConfig {
  const preset = llamaPresets[options.preset];
  const width = options.width ?? preset.hidden_size;
  const heads = options.heads ?? preset.num_attention_heads;
  return {
    ...preset,
    num_hidden_layers: options.layers ?? preset.num_hidden_layers,
    hidden_size: width,
    intermediate_size: feedForwardWidth(width),
    num_attention_heads: heads,
    num_key_value_heads: options.keyValueHeads ?? heads,
    head_dim: width / heads,
    max_position_embeddings: options.positions ?? preset.max_position_embeddings,
    vocab_size: options.vocabulary ?? preset.vocab_size,
    ...(vocabulary === undefined ? {} : tokensOf(vocabulary)),
  };
}

/** A Llama, initialised at random; its tokenizer is trained on the data of the first stage that uses it. */
export const llama: ModelModule<LlamaOptions> = {
  name: "llama",
  version: "1",
  description:
    "A Llama decoder (rotary positions, RMSNorm, SwiGLU, tied head) trained from scratch, with a byte-level " +
    "BPE tokenizer of its own.",
  with: z.strictObject({
    preset: z.enum(Object.keys(llamaPresets) as [LlamaPreset, ...LlamaPreset[]])
      .default("nano")
      .describe("size to start from"),
    ...sizes,
    heads: count.describe("heads of queries, instead of the preset's"),
    keyValueHeads: count.describe("heads of keys and values; left out: as many as of queries"),
  }).superRefine((options, context) => {
    const { hidden_size: width, num_attention_heads: heads, num_key_value_heads: keys } =
      llamaConfig(options);
    if (width % (8 * heads) !== 0) {
      context.addIssue({
        code: "custom",
        path: [options.width === undefined ? "heads" : "width"],
        message:
          `the width must be a multiple of 8 × heads, got width ${width} with ${heads} heads`,
      });
    }
    if (heads % keys === 0) return;
    context.addIssue({
      code: "custom",
      path: ["keyValueHeads"],
      message: `heads must be a multiple of keyValueHeads, got ${heads} heads with ${keys}`,
    });
  }),
  configure: llamaConfig,
  initialize(device, options, vocabulary, start) {
    return Llama.initialize(device, llamaConfig(options, vocabulary), start);
  },
};

/** The families a workflow can name. */
export const models: ReadonlyMap<string, ModelModule> = new Map(
  [gpt2 as ModelModule, llama as ModelModule].map((module) => [module.name, module]),
);
