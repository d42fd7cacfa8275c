/**
 * The shape of a Llama-family model: its Hugging Face `config.json`.
 * @module
 */
import { z } from "zod";

/** How Llama 3.1 stretches its positions, in the words of `config.json`. */
export interface LlamaRopeScaling {
  /** The method. */
  readonly rope_type: "llama3";
  /** Low frequencies are divided by this. */
  readonly factor: number;
  /** Turns within the original length below which a frequency is low. */
  readonly low_freq_factor: number;
  /** Turns above which a frequency is left as it is. */
  readonly high_freq_factor: number;
  /** Length of the original training texts, in tokens. */
  readonly original_max_position_embeddings: number;
}

/** The part of Hugging Face's Llama `config.json` that decides what the model computes. */
export interface LlamaConfig {
  /** The family. */
  readonly model_type: "llama";
  /** The class of the `transformers` library that loads it. */
  readonly architectures: ["LlamaForCausalLM"];
  /** Width of the residual stream; a multiple of 4. */
  readonly hidden_size: number;
  /** Width of the feed-forward layer; a multiple of 4. */
  readonly intermediate_size: number;
  /** Number of transformer blocks. */
  readonly num_hidden_layers: number;
  /** Heads of queries in a block. */
  readonly num_attention_heads: number;
  /** Heads of keys and of values; divides the heads of queries. */
  readonly num_key_value_heads: number;
  /** Width of a head; a multiple of 8. */
  readonly head_dim: number;
  /** Number of token ids. */
  readonly vocab_size: number;
  /** Longest sequence, in tokens. */
  readonly max_position_embeddings: number;
  /** Added to the mean square in normalisation. */
  readonly rms_norm_eps: number;
  /** Base of the rotary frequencies. */
  readonly rope_theta: number;
  /** How positions are stretched; null is not at all. */
  readonly rope_scaling: LlamaRopeScaling | null;
  /** The activation in the feed-forward layer. */
  readonly hidden_act: "silu";
  /** Whether the output layer is the token embedding. */
  readonly tie_word_embeddings: boolean;
  /** Projections of attention have no bias. */
  readonly attention_bias: false;
  /** Projections of the feed-forward layer have no bias. */
  readonly mlp_bias: false;
  /** Standard deviation of freshly drawn weights. */
  readonly initializer_range: number;
  /** Id of the token texts begin with. */
  readonly bos_token_id: number;
  /** Ids of the tokens that end a text; one id stands for itself. */
  readonly eos_token_id: number | readonly number[];
}

const count = z.int().positive();
const id = z.int().nonnegative();

const scalingSchema = z.object({
  rope_type: z.literal("llama3"),
  factor: z.number().min(1),
  low_freq_factor: z.number().positive(),
  high_freq_factor: z.number().positive(),
  original_max_position_embeddings: count,
}).refine((scaling) => scaling.low_freq_factor < scaling.high_freq_factor, {
  error: "low_freq_factor must be below high_freq_factor",
  path: ["low_freq_factor"],
});

/**
 * Fills in what published files leave out. Newer ones keep `rope_theta` and what else there is to say of
 * positions in `rope_parameters`.
 */
function completed(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const given = value as Record<string, unknown>;
  const rope = (given.rope_parameters ?? given.rope_scaling ?? null) as
    | Record<string, unknown>
    | null;
  const { hidden_size: width, num_attention_heads: heads } = given;
  const evenly = typeof width === "number" && typeof heads === "number" ? width / heads : undefined;
  return {
    ...given,
    num_key_value_heads: given.num_key_value_heads ?? heads,
    head_dim: given.head_dim ?? evenly,
    rope_theta: given.rope_theta ?? rope?.rope_theta,
    rope_scaling: rope?.rope_type === "default" ? null : rope,
  };
}

// Keys that do not change the result are dropped; variants that are not computed here are errors.
const objectSchema = z.object({
  model_type: z.literal("llama"),
  architectures: z.tuple([z.literal("LlamaForCausalLM")]).default(["LlamaForCausalLM"]),
  hidden_size: count.multipleOf(4),
  intermediate_size: count.multipleOf(4),
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count,
  head_dim: count.multipleOf(8),
  vocab_size: count,
  max_position_embeddings: count,
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_theta: z.number().positive().default(10_000),
  rope_scaling: scalingSchema.nullable(),
  hidden_act: z.literal("silu").default("silu"),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.literal(false).default(false),
  mlp_bias: z.literal(false).default(false),
  initializer_range: z.number().positive().default(0.02),
  bos_token_id: id.default(1),
  eos_token_id: z.union([id, z.array(id).nonempty()]).default(2),
}).refine((config) => config.num_attention_heads % config.num_key_value_heads === 0, {
  error: "num_attention_heads must be a multiple of num_key_value_heads",
  path: ["num_key_value_heads"],
}).refine((config) => [config.eos_token_id].flat().every((end) => end < config.vocab_size), {
  error: "eos_token_id must be below vocab_size",
  path: ["eos_token_id"],
});

const llamaConfigSchema: z.ZodType<LlamaConfig> = z.preprocess(completed, objectSchema);

/**
 * Checks a parsed `config.json`.
 *
 * @param value what `JSON.parse` gave
 * @param where the file's path, for the error
 * @throws {TypeError} naming every key that is missing or not supported
 */
export function parseLlamaConfig(value: unknown, where: string): LlamaConfig {
  const result = llamaConfigSchema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) =>
    `${issue.path.join(".") || "the whole"}: ${issue.message}`
  );
  throw new TypeError(
    `${where} is not a Llama configuration this program can compute: ${problems.join("; ")}. ` +
      `Use a LlamaForCausalLM without biases, with silu and rotary positions, plain or of Llama 3.`,
  );
}

/** Sizes one can ask for by name; both are ours, trained from scratch with a vocabulary of their own. */
export type LlamaPreset = "nano" | "micro";

/** Width of the feed-forward layer: 8/3 of the residual stream's (Shazeer 2020), to the next multiple of 8. */
export function feedForwardWidth(width: number): number {
  return Math.ceil(width / 3) * 8;
}

function preset(
  [num_hidden_layers, hidden_size, num_attention_heads]: [number, number, number],
  max_position_embeddings: number,
  vocab_size: number,
): LlamaConfig {
  return parseLlamaConfig({
    model_type: "llama",
    num_hidden_layers,
    hidden_size,
    intermediate_size: feedForwardWidth(hidden_size),
    num_attention_heads,
    max_position_embeddings,
    vocab_size,
    tie_word_embeddings: true,
    bos_token_id: 0,
    eos_token_id: 0,
  }, "a preset");
}

/** The presets: as deep and as wide as GPT-2's of the same names. End of text is id 0. */
export const llamaPresets: Readonly<Record<LlamaPreset, LlamaConfig>> = {
  "nano": preset([2, 64, 4], 192, 512),
  "micro": preset([4, 128, 8], 256, 1024),
};
