import { assertEquals, assertThrows } from "../../std/assert.ts";
import { type Gpt2Config, gpt2Presets } from "../../models/gpt2_config.ts";
import { gpt2ParameterShapes } from "../../models/gpt2_config.ts";
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
