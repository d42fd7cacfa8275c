/**
 * What is read of a Llama's `config.json`, and its parameters.
 */
import { assertEquals, assertThrows } from "../../std/assert.ts";
import { parseLlamaConfig } from "../../models/llama_config.ts";
import {
  joinWeights,
  llamaParameters,
  llamaParameterShapes,
  partWeights,
} from "../../models/llama_parameters.ts";
import { sizeOf } from "../../kernels/kernels.ts";

/** As published with Llama 3.2 1B, shortened. */
const published = {
  architectures: ["LlamaForCausalLM"],
  attention_bias: false,
  attention_dropout: 0.0,
  bos_token_id: 128000,
  eos_token_id: [128001, 128008, 128009],
  head_dim: 64,
  hidden_act: "silu",
  hidden_size: 2048,
  initializer_range: 0.02,
  intermediate_size: 8192,
  max_position_embeddings: 131072,
  mlp_bias: false,
  model_type: "llama",
  num_attention_heads: 32,
  num_hidden_layers: 16,
  num_key_value_heads: 8,
  pretraining_tp: 1,
  rms_norm_eps: 1e-05,
  rope_scaling: {
    factor: 32.0,
    high_freq_factor: 4.0,
    low_freq_factor: 1.0,
    original_max_position_embeddings: 8192,
    rope_type: "llama3",
  },
  rope_theta: 500000.0,
  tie_word_embeddings: true,
  torch_dtype: "bfloat16",
  use_cache: true,
  vocab_size: 128256,
} as const;

Deno.test("the published config.json of a Llama is read, and has its number of parameters", () => {
  const config = parseLlamaConfig(published, "config.json");
  assertEquals(config.rope_scaling, published.rope_scaling);
  assertEquals(config.eos_token_id, [128001, 128008, 128009]);
  const count = llamaParameterShapes(config)
    .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  assertEquals(count, 1_235_814_400);
});

Deno.test("what old and new files say of heads and positions in their own ways is read alike", () => {
  const { head_dim: _, num_key_value_heads: __, rope_theta, rope_scaling, ...old } = published;
  const config = parseLlamaConfig({ ...old, rope_theta, rope_scaling: null }, "config.json");
  assertEquals([config.head_dim, config.num_key_value_heads], [64, 32]);
  assertEquals([config.rope_theta, config.rope_scaling], [500_000, null]);
  const plain = { rope_theta, rope_type: "default" };
  const scaled = { rope_theta, ...rope_scaling };
  const read = (rope_parameters: unknown) => {
    const newer = parseLlamaConfig({ ...old, rope_parameters }, "config.json");
    return [newer.rope_theta, newer.rope_scaling];
  };
  assertEquals(read(plain), [500_000, null]);
  assertEquals(read(scaled), [500_000, rope_scaling]);
});

Deno.test("unsupported variants are named, all at once", () => {
  const refused = (changes: Record<string, unknown>, ...messages: string[]) => {
    const error = assertThrows(
      () => parseLlamaConfig({ ...published, ...changes }, "m/config.json"),
      TypeError,
      "m/config.json",
    );
    assertEquals(messages.filter((message) => !error.message.includes(message)), []);
  };
  refused({ hidden_act: "gelu", attention_bias: true }, "hidden_act", "attention_bias");
  refused({ rope_scaling: { rope_type: "yarn", factor: 2 } }, "rope_scaling.rope_type");
  refused({ num_key_value_heads: 5 }, "num_attention_heads must be a multiple");
  refused({ head_dim: 12 }, "head_dim");
  refused({ eos_token_id: 128256 }, "eos_token_id must be below vocab_size");
  assertThrows(() => parseLlamaConfig(null, "m/config.json"), TypeError, "m/config.json");
});

/** Two heads of queries, one of keys and of values. */
const tiny = parseLlamaConfig({
  model_type: "llama",
  hidden_size: 4,
  intermediate_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  head_dim: 8,
  vocab_size: 5,
  max_position_embeddings: 6,
}, "tiny");

Deno.test("decay applies to matrices alone, and an untied head is a parameter of its own", () => {
  const shapes = llamaParameterShapes(tiny);
  for (const { name, shape, decay } of shapes) assertEquals(decay, shape.length === 2, name);
  assertEquals(shapes.at(-1), { name: "lm_head.weight", shape: [5, 4], decay: true });
  const tied = llamaParameterShapes({ ...tiny, tie_word_embeddings: true });
  assertEquals(tied, shapes.slice(0, -1));
});

Deno.test("parameters are joined and parted again without a change", () => {
  let next = 0;
  const weights = new Map(
    llamaParameterShapes(tiny).map(({ name, shape }) => {
      const data = new Float32Array(sizeOf(shape)).map(() => next++);
      return [name, { shape, data }];
    }),
  );
  const joined = llamaParameters(tiny);
  const values = new Map(joined.map((parameter) => {
    return [parameter.name, Float32Array.from(joinWeights(parameter, weights))];
  }));
  const at = "model.layers.0.self_attn";
  assertEquals(values.get(`${at}.qkv_proj.weight`)?.length, (2 + 1 + 1) * 8 * 4);
  assertEquals(partWeights(joined, values), weights);
  const qkv = joined.find(({ parts }) => parts.length === 3)!;
  const key = `${at}.k_proj.weight`;
  weights.set(key, { shape: [4, 8], data: new Float32Array(32) });
  assertThrows(() => joinWeights(qkv, weights), TypeError, `"${key}" should be [8,4]`);
  weights.delete(key);
  assertThrows(() => joinWeights(qkv, weights), TypeError, "is missing");
});
