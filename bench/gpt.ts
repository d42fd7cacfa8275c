/**
 * The small GPT that every contestant trains, its weights and its batch. Weights are the same bytes
 * for all; none is zero or one, so that a forgotten bias or gain changes the loss.
 * @module
 */
import { type Gpt2Config, gpt2ParameterShapes, parseGpt2Config } from "../models/gpt2_config.ts";
import { Random } from "../std/random.ts";
import type { AdamWSettings, ArrayFile, GptShape, StoredArray, TrainingTask } from "./protocol.ts";

/** AdamW as everyone runs it. */
export const optimizer: AdamWSettings = {
  learningRate: 2e-4,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 1e-3,
};

/** Our configuration of a shape. Its end of text is token 0. */
export function gptConfig(shape: GptShape): Gpt2Config {
  return parseGpt2Config({
    model_type: "gpt2",
    n_layer: shape.layers,
    n_embd: shape.width,
    n_head: shape.heads,
    n_positions: shape.positions,
    vocab_size: shape.vocabulary,
    bos_token_id: 0,
    eos_token_id: 0,
  }, "the benchmark's model");
}

/** A model's name in results: `4×128`. */
export function nameOf({ layers, width }: GptShape): string {
  return `${layers}×${width}`;
}

/** Weights around zero, gains around one; `deviation` is that of the matrices. */
export function randomWeights(
  shape: GptShape,
  deviation = 0.02,
): Map<string, { shape: readonly number[]; data: Float32Array<ArrayBuffer> }> {
  const random = new Random(1);
  return new Map(
    gpt2ParameterShapes(gptConfig(shape)).map(({ name, shape }) => {
      const centre = /ln_(1|2|f)\.weight$/.test(name) ? 1 : 0;
      const length = shape.reduce((product, extent) => product * extent, 1);
      // Uniform numbers of this deviation.
      const width = deviation * Math.sqrt(12);
      const data = Float32Array.from({ length }, () => centre + width * (random.next() - 0.5));
      return [name.replace("transformer.", ""), { shape, data }];
    }),
  );
}

/** Writes arrays into one file that every worker can read. */
export function writeArrays(
  path: string,
  arrays: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array<ArrayBuffer> }>,
): ArrayFile {
  let offset = 0;
  const stored: StoredArray[] = [];
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  for (const [name, { shape, data }] of arrays) {
    stored.push({ name, shape, offset });
    offset += data.length;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  }
  return { path, arrays: stored };
}

/** A task of training a shape on one random batch (B, T), its weights written into `folder`. */
export function trainingTask(
  folder: string,
  model: GptShape,
  size: { readonly batch: number; readonly sequence: number },
  checkedSteps: number,
): TrainingTask {
  const path = `${folder}/${model.layers}-${model.width}-${model.positions}.f32`;
  const random = new Random(2);
  const sequences = Array.from({ length: size.batch }, () => {
    return Array.from({ length: size.sequence + 1 }, () => random.below(model.vocabulary));
  });
  return {
    kind: "training",
    model,
    weights: writeArrays(path, randomWeights(model)),
    optimizer,
    tokens: sequences.map((tokens) => tokens.slice(0, -1)),
    targets: sequences.map((tokens) => tokens.slice(1)),
    checkedSteps,
  };
}
