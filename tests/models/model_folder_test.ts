import { assertEquals, assertThrows } from "../../std/assert.ts";
import { type Gpt2Config, gpt2Presets } from "../../models/gpt2_config.ts";
import { gpt2ParameterShapes } from "../../models/gpt2_config.ts";
import { llamaPresets } from "../../models/llama_config.ts";
import { llamaParameterShapes } from "../../models/llama_parameters.ts";
import { type ModelFiles, readModelFolder, writeModelFolder } from "../../models/model_folder.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "../../models/safetensors.ts";
import { Tokenizer, trainTokenizer } from "../../models/tokenizer/tokenizer.ts";

const tokenizer = Tokenizer.fromJson(
  trainTokenizer([], { vocabularySize: 270, labels: [" 0"] }),
);
const config: Gpt2Config = {
  ...gpt2Presets.nano,
  n_layer: 1,
  n_embd: 8,
  n_positions: 4,
  vocab_size: tokenizer.vocabularySize,
};

function model(): ModelFiles {
  const parameters = new Map<string, Tensor>();
  for (const { name, shape } of gpt2ParameterShapes(config)) {
    const size = shape.reduce((a, b) => a * b);
    const data = Float32Array.from({ length: size }, (_, i) => i + name.length);
    parameters.set(name, { shape, data });
  }
  return { config, parameters, tokenizer };
}

function written(): string {
  const folder = Deno.makeTempDirSync() + "/model";
  writeModelFolder(folder, model());
  return folder;
}

Deno.test("a model that is written is read back", () => {
  const read = readModelFolder(written());
  assertEquals(read.config, config);
  assertEquals(read.tokenizer.json, tokenizer.json);
  const expected = model().parameters;
  assertEquals([...read.parameters.keys()], [...expected.keys()]);
  for (const [name, { data }] of expected) {
    assertEquals(read.parameters.get(name)?.data, data);
  }
});

Deno.test("the same model gives the same bytes", () => {
  const [one, two] = [written(), written()];
  const names = [...Deno.readDirSync(one)].map(({ name }) => name).sort();
  assertEquals(names, [
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  for (const name of names) {
    assertEquals(
      Deno.readFileSync(`${one}/${name}`),
      Deno.readFileSync(`${two}/${name}`),
    );
  }
});

Deno.test("names without the prefix, masks and a copied head are accepted", () => {
  const folder = written();
  const path = `${folder}/model.safetensors`;
  const bare = new Map<string, Tensor>();
  for (const [name, tensor] of readSafetensors(path)) {
    bare.set(name.replace("transformer.", ""), tensor);
  }
  const mask = { shape: [1], data: new Float32Array(1) };
  bare.set("h.0.attn.bias", mask).set("lm_head.weight", mask);
  writeSafetensors(path, bare);
  assertEquals(
    [...readModelFolder(folder).parameters.keys()],
    gpt2ParameterShapes(config).map(({ name }) => name),
  );
});

Deno.test("tensors that do not fit the configuration are all named", () => {
  const folder = written();
  const path = `${folder}/model.safetensors`;
  const tensors = new Map<string, Tensor>(readSafetensors(path));
  const one = { shape: [1], data: new Float32Array(1) };
  tensors.delete("transformer.wpe.weight");
  tensors.set("transformer.ln_f.bias", one).set("extra", one);
  writeSafetensors(path, tensors);
  const error = assertThrows(() => readModelFolder(folder), TypeError, path);
  const mentioned = [
    '"transformer.wpe.weight" is missing',
    '"transformer.ln_f.bias" should be [8] by config.json, but is [1]',
    '"transformer.extra" is unknown',
  ].filter((problem) => error.message.includes(problem));
  assertEquals(mentioned.length, 3, error.message);
});

Deno.test("a tokenizer of another model is refused", () => {
  const folder = written();
  Deno.writeTextFileSync(
    `${folder}/config.json`,
    JSON.stringify({ ...config, vocab_size: 100 }),
  );
  assertThrows(() => readModelFolder(folder), TypeError, "not of the same");
});

/** A Llama of two heads that share their keys; `tied` or with a head of its own. */
function llama(tied: boolean): ModelFiles {
  const config = {
    ...llamaPresets.nano,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    head_dim: 8,
    hidden_size: 16,
    intermediate_size: 8,
    vocab_size: tokenizer.vocabularySize,
    tie_word_embeddings: tied,
  };
  const parameters = new Map<string, Tensor>();
  for (const { name, shape } of llamaParameterShapes(config)) {
    const size = shape.reduce((a, b) => a * b);
    parameters.set(name, { shape, data: new Float32Array(size).fill(name.length) });
  }
  return { config, parameters, tokenizer };
}

Deno.test("a llama is read back, with names as files have them and a head that is tied or not", () => {
  for (const tied of [true, false]) {
    const folder = Deno.makeTempDirSync() + "/llama";
    writeModelFolder(folder, llama(tied));
    const path = `${folder}/model.safetensors`;
    const stored = new Map<string, Tensor>();
    for (const [name, tensor] of readSafetensors(path)) {
      stored.set(name.replace("model.", ""), tensor);
    }
    const one = { shape: [1], data: new Float32Array(1) };
    stored.set("layers.0.self_attn.rotary_emb.inv_freq", one);
    if (tied) stored.set("lm_head.weight", one);
    writeSafetensors(path, stored);
    const read = readModelFolder(folder);
    assertEquals(read.config, llama(tied).config);
    assertEquals([...read.parameters.keys()], [...llama(tied).parameters.keys()]);
    assertEquals(read.parameters.has("lm_head.weight"), !tied);
    const tokenizerConfig = JSON.parse(
      Deno.readTextFileSync(`${folder}/tokenizer_config.json`),
    );
    assertEquals(tokenizerConfig.model_max_length, 192);
  }
});

Deno.test("a head that is missing is named, and a family that is not known with those that are", () => {
  const folder = Deno.makeTempDirSync() + "/llama";
  writeModelFolder(folder, llama(true));
  const untied = { ...llama(true).config, tie_word_embeddings: false };
  Deno.writeTextFileSync(`${folder}/config.json`, JSON.stringify(untied));
  assertThrows(() => readModelFolder(folder), TypeError, '"lm_head.weight" is missing');
  Deno.writeTextFileSync(`${folder}/config.json`, JSON.stringify({ model_type: "bert" }));
  assertThrows(
    () => readModelFolder(folder),
    TypeError,
    `${folder}/config.json: expected "model_type" to be "gpt2" or "llama", got "bert"`,
  );
  Deno.writeTextFileSync(`${folder}/config.json`, "null");
  assertThrows(() => readModelFolder(folder), TypeError, "got nothing");
});
