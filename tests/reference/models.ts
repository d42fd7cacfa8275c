/**
 * Small models for tests: with random weights, and with weights that make the model say what a test
 * needs it to say.
 */
import { exportOnnx } from "../../models/onnx/export.ts";
import { type Gpt2Config, gpt2ParameterShapes, gpt2Presets } from "../../models/gpt2_config.ts";
import { type ModelFiles, writeModelFolder } from "../../models/model_folder.ts";
import type { Tensor } from "../../models/safetensors.ts";
import { Tokenizer, trainTokenizer } from "../../models/tokenizer/tokenizer.ts";
import { Random } from "../../std/random.ts";

const tokenizer = Tokenizer.fromJson(
  trainTokenizer(["at row 1 # Analyze: go north # Action: 0".repeat(3)], {
    vocabularySize: 290,
    labels: [" 0", " 1"],
  }),
);

function config(change: Partial<Gpt2Config>): Gpt2Config {
  return {
    ...gpt2Presets.nano,
    n_positions: 40,
    vocab_size: tokenizer.vocabularySize,
    ...change,
  };
}

function parametersOf(
  config: Gpt2Config,
  value: (name: string, index: number) => number,
): Map<string, Tensor> {
  return new Map(
    gpt2ParameterShapes(config).map(({ name, shape }) => {
      const length = shape.reduce((a, b) => a * b);
      const data = Float32Array.from({ length }, (_, i) => value(name, i));
      return [name, { shape, data }];
    }),
  );
}

const isGain = (name: string) => /ln_(1|2|f)\.weight$/.test(name);

/** A model with weights large enough that every part of it matters; small unless `change` says otherwise. */
export function randomModel(
  change: Partial<Gpt2Config> = { n_embd: 12, n_head: 3 },
): ModelFiles<Gpt2Config> {
  const random = new Random(1);
  const own = config(change);
  const parameters = parametersOf(own, (name) => {
    const noise = 0.8 * (random.next() - 0.5);
    return isGain(name) ? 1 + noise : noise;
  });
  return { config: own, parameters, tokenizer };
}

/**
 * A model that ignores what it reads: behind position p it says `script[p]`, and the end of text
 * behind the script's end.
 */
export function recitingModel(script: readonly number[]): ModelFiles<Gpt2Config> {
  const random = new Random(2);
  const own = config({ n_layer: 1 });
  const { n_embd: width, vocab_size } = own;
  const words = Float32Array.from(
    { length: vocab_size * width },
    () => random.next() - 0.5,
  );
  const parameters = parametersOf(own, (name, i) => {
    if (isGain(name)) return 1;
    if (name.endsWith("wte.weight")) return words[i] ?? 0;
    if (!name.endsWith("wpe.weight")) return 0;
    const word = script[Math.floor(i / width)] ?? tokenizer.endOfText;
    // So much larger than any token's own embedding that it alone decides.
    return 100 * (words[word * width + i % width] ?? 0);
  });
  return { config: own, parameters, tokenizer };
}

/** Writes a model and exports it; gives the export's folder. */
export function exportToTemporary(model: ModelFiles): string {
  const folder = Deno.makeTempDirSync();
  writeModelFolder(`${folder}/model`, model);
  exportOnnx(`${folder}/model`, `${folder}/onnx`);
  return `${folder}/onnx`;
}
