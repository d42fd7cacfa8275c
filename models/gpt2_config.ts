/**
 * The shape of a GPT-2 model: its Hugging Face `config.json`, the presets, and the names and shapes
 * of its parameters.
 * @module
 */
import { z } from "zod";

/** The part of Hugging Face's GPT-2 `config.json` that decides what the model computes. */
export interface Gpt2Config {
  /** The family. */
  readonly model_type: "gpt2";
  /** The class of the `transformers` library that loads it. */
  readonly architectures: ["GPT2LMHeadModel"];
  /** Number of transformer blocks. */
  readonly n_layer: number;
  /** Attention heads of a block; divides `n_embd`. */
  readonly n_head: number;
  /** Width of the residual stream. */
  readonly n_embd: number;
  /** Longest sequence, in tokens. */
  readonly n_positions: number;
  /** Number of token ids. */
  readonly vocab_size: number;
  /** Width of the feed-forward layer; null is 4 × `n_embd`, the only one supported. */
  readonly n_inner: null;
  /** The tanh approximation of GELU. */
  readonly activation_function: "gelu_new";
  /** Added to the variance in layer normalisation. */
  readonly layer_norm_epsilon: number;
  /** Standard deviation of freshly drawn weights. */
  readonly initializer_range: number;
  /** The output layer is the token embedding. */
  readonly tie_word_embeddings: true;
  /** Id of the token texts begin with. */
  readonly bos_token_id: number;
  /** Id of the token that ends a text. */
  readonly eos_token_id: number;
  /** Dropout probability of attention weights; here models are trained with none. */
  readonly attn_pdrop: number;
  /** Dropout probability of embeddings. */
  readonly embd_pdrop: number;
  /** Dropout probability of what a block adds. */
  readonly resid_pdrop: number;
  /** Attention scores are divided by the root of the head's width. */
  readonly scale_attn_weights: true;
  /** Scores do not depend on the layer's number. */
  readonly scale_attn_by_inverse_layer_idx: false;
}

const count = z.int().positive();
const probability = z.number().min(0).lt(1);

// Keys that do not change the result are dropped; variants that are not computed here are errors.
const gpt2ConfigSchema: z.ZodType<Gpt2Config> = z.object({
  model_type: z.literal("gpt2"),
  architectures: z.tuple([z.literal("GPT2LMHeadModel")]).default([
    "GPT2LMHeadModel",
  ]),
  n_layer: count,
  n_head: count,
  n_embd: count,
  n_positions: count,
  vocab_size: count,
  n_inner: z.null().default(null),
  activation_function: z.literal("gelu_new").default("gelu_new"),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  initializer_range: z.number().positive().default(0.02),
  tie_word_embeddings: z.literal(true).default(true),
  bos_token_id: z.int().nonnegative().default(50256),
  eos_token_id: z.int().nonnegative().default(50256),
  attn_pdrop: probability.default(0),
  embd_pdrop: probability.default(0),
  resid_pdrop: probability.default(0),
  scale_attn_weights: z.literal(true).default(true),
  scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
}).refine((config) => config.n_embd % config.n_head === 0, {
  error: "n_embd must be a multiple of n_head",
  path: ["n_head"],
}).refine((config) => config.eos_token_id < config.vocab_size, {
  error: "eos_token_id must be below vocab_size",
  path: ["eos_token_id"],
});

/**
 * Checks a parsed `config.json`.
 *
 * @param value what `JSON.parse` gave
 * @param where the file's path, for the error
 * @throws {TypeError} naming every key that is missing or not supported
 */
export function parseGpt2Config(value: unknown, where: string): Gpt2Config {
  const result = gpt2ConfigSchema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) =>
    `${issue.path.join(".") || "the whole"}: ${issue.message}`
  );
  throw new TypeError(
    `${where} is not a GPT-2 configuration this program can compute: ${
      problems.join("; ")
    }. Use a GPT2LMHeadModel with tied embeddings and gelu_new.`,
  );
}

/** Sizes one can ask for by name. */
export type Gpt2Preset = "nano" | "micro" | "gpt2" | "gpt2-xl";

function preset(
  [n_layer, n_embd, n_head]: [number, number, number],
  n_positions: number,
  vocab_size: number,
  endOfText: number,
): Gpt2Config {
  return gpt2ConfigSchema.parse({
    model_type: "gpt2",
    n_layer,
    n_embd,
    n_head,
    n_positions,
    vocab_size,
    bos_token_id: endOfText,
    eos_token_id: endOfText,
  });
}

/**
 * The presets. `nano` and `micro` are ours, trained from scratch with a vocabulary of their own
 * (end of text is its id 0); the others are the published sizes.
 */
export const gpt2Presets: Readonly<Record<Gpt2Preset, Gpt2Config>> = {
  "nano": preset([2, 64, 2], 192, 512, 0),
  "micro": preset([4, 128, 4], 256, 1024, 0),
  "gpt2": preset([12, 768, 12], 1024, 50257, 50256),
  "gpt2-xl": preset([48, 1600, 25], 1024, 50257, 50256),
};

/** One trained tensor. */
export interface ParameterShape {
  /** Its name in `model.safetensors`, as `transformer.h.0.attn.c_attn.weight`. */
  readonly name: string;
  /** Row-major. Projections are stored (in, out), as GPT-2's Conv1D does. */
  readonly shape: readonly number[];
  /** True where weight decay applies: every matrix. */
  readonly decay: boolean;
}

/** Every parameter of the model, in the order of the forward pass. The output layer is `wte`. */
export function gpt2ParameterShapes(config: Gpt2Config): ParameterShape[] {
  const { n_embd: width, n_layer, n_positions, vocab_size } = config;
  const matrix = (name: string, rows: number, columns: number) => [
    { name: `transformer.${name}`, shape: [rows, columns], decay: true },
  ];
  const vector = (name: string, size: number) => [
    { name: `transformer.${name}`, shape: [size], decay: false },
  ];
  const norm = (name: string) => [
    ...vector(`${name}.weight`, width),
    ...vector(`${name}.bias`, width),
  ];
  const linear = (name: string, from: number, to: number) => [
    ...matrix(`${name}.weight`, from, to),
    ...vector(`${name}.bias`, to),
  ];
  const blocks = Array.from({ length: n_layer }, (_, layer) => [
    ...norm(`h.${layer}.ln_1`),
    ...linear(`h.${layer}.attn.c_attn`, width, 3 * width),
    ...linear(`h.${layer}.attn.c_proj`, width, width),
    ...norm(`h.${layer}.ln_2`),
    ...linear(`h.${layer}.mlp.c_fc`, width, 4 * width),
    ...linear(`h.${layer}.mlp.c_proj`, 4 * width, width),
  ]);
  return [
    ...matrix("wte.weight", vocab_size, width),
    ...matrix("wpe.weight", n_positions, width),
    ...blocks.flat(),
    ...norm("ln_f"),
  ];
}
