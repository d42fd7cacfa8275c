/**
 * A model on disk in Hugging Face layout: `config.json`, `model.safetensors`, `tokenizer.json`,
 * `tokenizer_config.json`.
 * @module
 */
import { type ModelConfig, parameterShapesOf, parseModelConfig, shapeOf } from "./config.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "./safetensors.ts";
import { END_OF_TEXT, Tokenizer } from "./tokenizer/tokenizer.ts";

/** A model in memory. */
export interface ModelFiles<Config extends ModelConfig = ModelConfig> {
  /** Its shape. */
  readonly config: Config;
  /** Every parameter of `parameterShapesOf`, by its full name, in that order. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Its tokenizer. */
  readonly tokenizer: Tokenizer;
}

/** Keys of published files that hold nothing trained. */
const UNTRAINED = /(^|\.)(attn\.bias|attn\.masked_bias|rotary_emb\.inv_freq)$/;
/** The output layer; where it is tied, a file may hold it once more. */
const HEAD = "lm_head.weight";

/**
 * Reads a model.
 *
 * @param folder with the files above; the tensors' names may lack the prefix `transformer.` or `model.`
 * @throws {TypeError} when a file is malformed, or tensors are missing, unknown or of another shape
 * @throws {Deno.errors.NotFound} when a file is missing
 */
export function readModelFolder(folder: string): ModelFiles {
  const config = readConfig(folder);
  const tokenizer = Tokenizer.load(folder);
  if (tokenizer.vocabularySize > config.vocab_size) {
    throw new TypeError(
      `${folder}: tokenizer.json has ${tokenizer.vocabularySize} tokens, but config.json says vocab_size ${config.vocab_size}. They are not of the same model.`,
    );
  }
  const path = `${folder}/model.safetensors`;
  const parameters = matchParameters(config, readSafetensors(path), path);
  return { config, parameters, tokenizer };
}

/**
 * Reads the model's `config.json` alone.
 *
 * @throws {TypeError} when it is not a supported configuration
 */
export function readConfig(folder: string): ModelConfig {
  const path = `${folder}/config.json`;
  const text = Deno.readTextFileSync(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TypeError(`${path} is not JSON`, { cause });
  }
  return parseModelConfig(value, path);
}

function matchParameters(
  config: ModelConfig,
  stored: ReadonlyMap<string, Tensor>,
  path: string,
): Map<string, Tensor> {
  const prefix = config.model_type === "llama" ? "model." : "transformer.";
  const found = new Map<string, Tensor>();
  for (const [name, tensor] of stored) {
    if (UNTRAINED.test(name) || (name === HEAD && config.tie_word_embeddings)) continue;
    found.set(name === HEAD || name.startsWith(prefix) ? name : prefix + name, tensor);
  }
  const parameters = new Map<string, Tensor>();
  const problems: string[] = [];
  for (const { name, shape } of parameterShapesOf(config)) {
    const tensor = found.get(name);
    if (tensor === undefined) problems.push(`"${name}" is missing`);
    else if (tensor.shape.join() !== shape.join()) {
      problems.push(
        `"${name}" should be [${shape}] by config.json, but is [${tensor.shape}]`,
      );
    } else parameters.set(name, tensor);
    found.delete(name);
  }
  for (const name of found.keys()) problems.push(`"${name}" is unknown`);
  if (problems.length > 0) {
    const more = problems.length > 5 ? ` and ${problems.length - 5} more` : "";
    throw new TypeError(
      `${path} does not hold the model config.json describes: ${
        problems.slice(0, 5).join("; ")
      }${more}`,
    );
  }
  return parameters;
}

/**
 * Writes a model. The same model gives the same bytes.
 *
 * @param folder created where it is missing; files in it are replaced
 * @throws {TypeError} when a parameter is missing, unknown or of another shape
 */
export function writeModelFolder(folder: string, model: ModelFiles): void {
  const { config, tokenizer } = model;
  const path = `${folder}/model.safetensors`;
  const parameters = matchParameters(config, model.parameters, path);
  Deno.mkdirSync(folder, { recursive: true });
  writeSafetensors(path, parameters);
  writeJson(`${folder}/config.json`, config);
  writeTokenizer(folder, tokenizer, shapeOf(config).positions);
}

/**
 * Writes `tokenizer.json` and `tokenizer_config.json` into an existing folder.
 *
 * @param longest sequence the model takes, in tokens
 */
export function writeTokenizer(
  folder: string,
  tokenizer: Tokenizer,
  longest: number,
): void {
  writeJson(`${folder}/tokenizer.json`, tokenizer.json);
  writeJson(`${folder}/tokenizer_config.json`, {
    tokenizer_class: "GPT2Tokenizer",
    model_max_length: longest,
    bos_token: END_OF_TEXT,
    eos_token: END_OF_TEXT,
    unk_token: END_OF_TEXT,
    add_prefix_space: false,
    clean_up_tokenization_spaces: false,
  });
}

/** Writes a value as indented JSON with a newline at its end. */
export function writeJson(path: string, value: unknown): void {
  Deno.writeTextFileSync(path, JSON.stringify(value, null, 2) + "\n");
}
