/**
 * The shape of a model of any family: its `config.json`, and what all families have under one name.
 * @module
 */
import { type Gpt2Config, gpt2ParameterShapes, parseGpt2Config } from "./gpt2_config.ts";
import { type LlamaConfig, parseLlamaConfig } from "./llama_config.ts";
import { llamaParameterShapes } from "./llama_parameters.ts";
import type { ParameterShape } from "../kernels/kernels.ts";

/** A `config.json` that can be computed here; `model_type` says of which family. */
export type ModelConfig = Gpt2Config | LlamaConfig;

/** What every decoder has, whatever its configuration calls it. */
export interface ModelShape {
  /** Transformer blocks. */
  readonly layers: number;
  /** Longest sequence, in tokens. */
  readonly positions: number;
  /** Number of token ids. */
  readonly vocabularySize: number;
  /** Heads of queries in a block. */
  readonly heads: number;
  /** Heads of keys and of values; fewer than those of queries where some share one. */
  readonly keyValueHeads: number;
  /** Width of a head. */
  readonly headSize: number;
  /** Ids of the tokens that end a text. */
  readonly endOfText: readonly number[];
}

/** The shape a configuration describes. */
export function shapeOf(config: ModelConfig): ModelShape {
  if (config.model_type === "llama") {
    return {
      layers: config.num_hidden_layers,
      positions: config.max_position_embeddings,
      vocabularySize: config.vocab_size,
      heads: config.num_attention_heads,
      keyValueHeads: config.num_key_value_heads,
      headSize: config.head_dim,
      endOfText: [config.eos_token_id].flat(),
    };
  }
  return {
    layers: config.n_layer,
    positions: config.n_positions,
    vocabularySize: config.vocab_size,
    heads: config.n_head,
    keyValueHeads: config.n_head,
    headSize: config.n_embd / config.n_head,
    endOfText: [config.eos_token_id],
  };
}

/**
 * Checks a parsed `config.json`.
 *
 * @param value what `JSON.parse` gave
 * @param where the file's path, for the error
 * @throws {TypeError} where the family is unknown, or naming every key that is missing or not supported
 */
export function parseModelConfig(value: unknown, where: string): ModelConfig {
  const family = (value as { readonly model_type?: unknown } | null)?.model_type;
  switch (family) {
    case "gpt2":
      return parseGpt2Config(value, where);
    case "llama":
      return parseLlamaConfig(value, where);
    default:
      throw new TypeError(
        `${where}: expected "model_type" to be "gpt2" or "llama", got ${
          JSON.stringify(family) ?? "nothing"
        }; other families are not computed here.`,
      );
  }
}

/** Every parameter of a model as its file has it, in the order of the forward pass. */
export function parameterShapesOf(config: ModelConfig): readonly ParameterShape[] {
  return config.model_type === "llama" ? llamaParameterShapes(config) : gpt2ParameterShapes(config);
}
