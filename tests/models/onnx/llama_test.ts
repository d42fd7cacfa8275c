/**
 * A Llama in a folder: loaded, written with, exported to ONNX and written with there.
 */
import { requestDevice } from "../../../kernels/kernels.ts";
import { type LlamaConfig, llamaPresets } from "../../../models/llama_config.ts";
import { llamaParameterShapes } from "../../../models/llama_parameters.ts";
import { loadModel } from "../../../models/language_model.ts";
import { type ModelFiles, writeModelFolder } from "../../../models/model_folder.ts";
import { exportOnnx } from "../../../models/onnx/export.ts";
import { Generator } from "../../../models/onnx/generator.ts";
import type { Tensor } from "../../../models/safetensors.ts";
import { assert, assertEquals } from "../../../std/assert.ts";
import { Random } from "../../../std/random.ts";
import { randomModel } from "../../reference/models.ts";

const { tokenizer } = randomModel();
const signal = new AbortController().signal;

/** Weights large enough that every part of the model matters. */
function randomLlama(change: Partial<LlamaConfig>): ModelFiles {
  const config = {
    ...llamaPresets.nano,
    max_position_embeddings: 40,
    vocab_size: tokenizer.vocabularySize,
    ...change,
  };
  const random = new Random(5);
  const parameters = new Map(
    llamaParameterShapes(config).map(({ name, shape }): [string, Tensor] => {
      const length = shape.reduce((product, extent) => product * extent);
      const centre = shape.length === 1 ? 1 : 0;
      const data = Float32Array.from({ length }, () => centre + 0.6 * (random.next() - 0.5));
      return [name, { shape, data }];
    }),
  );
  return { config, parameters, tokenizer };
}

const KINDS: Readonly<Record<string, Partial<LlamaConfig>>> = {
  "a tied head, keys and values of each query's own": {},
  "a head of its own, shared keys and values, wide heads, stretched positions": {
    tie_word_embeddings: false,
    num_key_value_heads: 2,
    head_dim: 24,
    rope_scaling: {
      rope_type: "llama3",
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 16,
    },
  },
};

for (const [kind, change] of Object.entries(KINDS)) {
  Deno.test(`a llama writes the same with our kernels, with or without a cache, and in onnxruntime: ${kind}`, async () => {
    const folder = await Deno.makeTempDir();
    writeModelFolder(`${folder}/model`, randomLlama(change));
    exportOnnx(`${folder}/model`, `${folder}/onnx`);
    const device = await requestDevice();
    const model = loadModel(`${folder}/model`, { device });
    const generator = await Generator.open(`${folder}/onnx`);
    const random = new Random(3);
    const prompts = [5, 1, 12, 9].map((length) =>
      Array.from({ length }, () => random.below(tokenizer.vocabularySize))
    );
    const written = await model.generate(prompts, { maxTokens: 20 });
    // Prompts of unlike lengths in one batch: padding must not show, nor what is before in the cache.
    const options = { maxTokens: 20, temperature: 0, seed: 1, batchSize: 4, signal };
    assertEquals(await generator.generate(prompts, options), written);
    for (const [i, prompt] of prompts.entries()) {
      const text = [...prompt];
      for (const token of written[i]!) {
        const [logits] = await model.logits([text]);
        assertEquals(logits!.indexOf(logits!.reduce((a, b) => Math.max(a, b))), token);
        text.push(token);
      }
    }
    assert(new Set(written.flat()).size > 8, "a model that says little tells little");
    await generator.release();
    model.dispose();
    device.dispose();
  });
}
