/**
 * The parameters of a Llama-family model: as Hugging Face names and stores them, and as they lie here.
 *
 * Matrices are stored (out, in), so those that read the same input can stand one below the other and
 * be one product: query, key and value; gate and up. They are joined when weights are loaded, and
 * parted again under their own names when they are read.
 * @module
 */
import { type ParameterShape, sizeOf } from "../kernels/kernels.ts";
import type { LlamaConfig } from "./llama_config.ts";
import type { Tensor as StoredTensor } from "./safetensors.ts";

/** A parameter as it lies here, and the ones of the file it is made of. */
export interface JoinedParameter extends ParameterShape {
  /** In order, one below the other; a single one where nothing is joined. */
  readonly parts: readonly ParameterShape[];
}

function alone(part: ParameterShape): JoinedParameter {
  return { ...part, parts: [part] };
}

function joined(name: string, parts: readonly ParameterShape[]): JoinedParameter {
  const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  return { name, shape: [rows, parts[0]!.shape[1]!], decay: true, parts };
}

/** Every parameter as it lies here, in the order of the forward pass. */
export function llamaParameters(config: LlamaConfig): JoinedParameter[] {
  const { hidden_size: width, intermediate_size: inner, head_dim, vocab_size } = config;
  const queries = config.num_attention_heads * head_dim;
  const keys = config.num_key_value_heads * head_dim;
  const matrix = (name: string, to: number, from: number): ParameterShape => {
    return { name: `${name}.weight`, shape: [to, from], decay: true };
  };
  const norm = (name: string) => alone({ name: `${name}.weight`, shape: [width], decay: false });
  const blocks = Array.from({ length: config.num_hidden_layers }, (_, layer) => {
    const at = `model.layers.${layer}`;
    return [
      norm(`${at}.input_layernorm`),
      joined(`${at}.self_attn.qkv_proj.weight`, [
        matrix(`${at}.self_attn.q_proj`, queries, width),
        matrix(`${at}.self_attn.k_proj`, keys, width),
        matrix(`${at}.self_attn.v_proj`, keys, width),
      ]),
      alone(matrix(`${at}.self_attn.o_proj`, width, queries)),
      norm(`${at}.post_attention_layernorm`),
      joined(`${at}.mlp.gate_up_proj.weight`, [
        matrix(`${at}.mlp.gate_proj`, inner, width),
        matrix(`${at}.mlp.up_proj`, inner, width),
      ]),
      alone(matrix(`${at}.mlp.down_proj`, width, inner)),
    ];
  });
  return [
    alone(matrix("model.embed_tokens", vocab_size, width)),
    ...blocks.flat(),
    norm("model.norm"),
    ...(config.tie_word_embeddings ? [] : [alone(matrix("lm_head", vocab_size, width))]),
  ];
}

/** Every parameter as a file has it. The output layer is `model.embed_tokens` where it is tied. */
export function llamaParameterShapes(config: LlamaConfig): ParameterShape[] {
  return llamaParameters(config).flatMap(({ parts }) => parts);
}

/**
 * The elements of a parameter from the weights of a file, by name. Throws a TypeError where one of
 * its parts is missing or of another shape.
 */
export function joinWeights(
  parameter: JoinedParameter,
  weights: ReadonlyMap<string, StoredTensor>,
): Float32Array {
  const data = new Float32Array(sizeOf(parameter.shape));
  let start = 0;
  for (const { name, shape } of parameter.parts) {
    const weight = weights.get(name);
    if (weight?.shape.join() !== shape.join()) {
      const found = weight === undefined ? "is missing" : `is [${weight.shape}]`;
      throw new TypeError(`"${name}" should be [${shape}] by config.json, but ${found}`);
    }
    data.set(weight.data, start);
    start += weight.data.length;
  }
  return data;
}

/** The inverse of {@linkcode joinWeights} for all parameters: their parts, by the names of a file. */
export function partWeights(
  parameters: readonly JoinedParameter[],
  values: ReadonlyMap<string, Float32Array<ArrayBuffer>>,
): Map<string, StoredTensor> {
  const weights = new Map<string, StoredTensor>();
  for (const { name, parts } of parameters) {
    let start = 0;
    for (const part of parts) {
      const data = values.get(name)!.slice(start, start += sizeOf(part.shape));
      weights.set(part.name, { shape: part.shape, data });
    }
  }
  return weights;
}
