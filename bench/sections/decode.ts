/**
 * Greedy writing with a key-value cache. The checks are the tokens: they must be the same.
 * @module
 */
import type { Contest } from "../contest.ts";
import { gptConfig, nameOf, randomWeights } from "../gpt.ts";
import type { DecodeTask, GptShape } from "../protocol.ts";
import type { DecodeRow } from "../results.ts";
import { writeModelFolder } from "../../models/model_folder.ts";
import { exportOnnx } from "../../models/onnx/export.ts";
import { Tokenizer, trainTokenizer } from "../../models/tokenizer/tokenizer.ts";
import { Random } from "../../std/random.ts";

/** Models to write with. */
export const writers: readonly GptShape[] = [
  { layers: 4, width: 128, heads: 4, vocabulary: 1024, positions: 256 },
  { layers: 6, width: 384, heads: 6, vocabulary: 1024, positions: 256 },
];
const BATCHES = [1, 8] as const;
const PROMPT = 32;
/** Tokens to write behind each prompt. */
export const COUNT = 64;
/** Large enough that the likeliest token leads clearly, whoever adds up. */
const DEVIATION = 0.15;

/** Writes a random model, and its export, into `folder`. */
export function writeModel(folder: string, shape: GptShape): [model: string, onnx: string] {
  const config = gptConfig(shape);
  const weights = randomWeights(shape, DEVIATION);
  // A row of zeros makes the end of text a token that is never the likeliest: no text ends early.
  weights.get("wte.weight")!.data.fill(0, 0, shape.width);
  const tokenizer = Tokenizer.fromJson(
    trainTokenizer(["the end of the text"], { vocabularySize: 260, labels: [] }),
  );
  const parameters = new Map(
    [...weights].map(([name, { shape, data }]) => {
      return [`transformer.${name}`, { shape: [...shape], data }];
    }),
  );
  const [model, onnx] = [`${folder}/${nameOf(shape)}`, `${folder}/${nameOf(shape)}-onnx`];
  writeModelFolder(model, { config, parameters, tokenizer });
  exportOnnx(model, onnx);
  return [model, onnx];
}

/** The task of writing behind `batch` random prompts. */
export function decodeTask(
  [modelFolder, onnxFolder]: readonly [string, string],
  shape: GptShape,
  batch: number,
): DecodeTask {
  const random = new Random(4);
  const token = () => 1 + random.below(shape.vocabulary - 1);
  const prompts = Array.from({ length: batch }, () => Array.from({ length: PROMPT }, token));
  return { kind: "decode", modelFolder, onnxFolder, prompts, count: COUNT };
}

/** Measures writing; rates are written tokens/s, reading the prompts included in the time. */
export async function measureDecode(
  contest: Contest,
  folder: string,
  shapes: readonly GptShape[] = writers,
): Promise<DecodeRow[]> {
  const rows: DecodeRow[] = [];
  for (const shape of shapes) {
    const folders = writeModel(folder, shape);
    for (const batch of BATCHES) {
      const model = nameOf(shape);
      const task = decodeTask(folders, shape, batch);
      const options = { amount: batch * COUNT, tolerance: 0 };
      const rates = await contest.run(`decode ${model}, batch ${batch}`, task, options);
      rows.push({ model, batch, ...rates });
      console.error(`decode ${model}, batch ${batch}: ours ${Math.round(rates.ours)} tokens/s`);
    }
  }
  return rows;
}
