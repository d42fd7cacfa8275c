/**
 * ONNX: models that run in onnxruntime, outside our own kernels.
 *
 * A model's folder (`../model_folder.ts`) becomes a graph with a key-value cache (`decoder.ts`, with
 * `gpt2.ts` and `llama.ts` for what is different), which is written as protobuf (`graph.ts`,
 * `protobuf.ts`); `session.ts` opens such a file in onnxruntime-web and `generator.ts` writes text
 * with it. Training does not happen here.
 * @module
 */
import { shapeOf } from "../config.ts";
import { type ModelFiles, readModelFolder, writeJson, writeTokenizer } from "../model_folder.ts";
import { gpt2Graph } from "./gpt2.ts";
import { llamaGraph } from "./llama.ts";
import { encodeModel, type OnnxModel } from "./protobuf.ts";

/** Name of the graph's file within an export's folder. */
export const ONNX_FILE = "model.onnx";

/**
 * Exports a model: `model.onnx`, `config.json` and the tokenizer's two files. The same model gives
 * the same bytes.
 *
 * @param modelFolder in Hugging Face layout
 * @param outFolder created where it is missing; files in it are replaced
 * @throws {TypeError} when the model's folder is malformed
 * @throws {RangeError} when the model exceeds the 2 GiB one ONNX file holds
 */
export function exportOnnx(modelFolder: string, outFolder: string): void {
  const files = readModelFolder(modelFolder);
  const { config, tokenizer } = files;
  const bytes = encodeModel(graphOf(files));
  Deno.mkdirSync(outFolder, { recursive: true });
  Deno.writeFileSync(`${outFolder}/${ONNX_FILE}`, bytes);
  writeJson(`${outFolder}/config.json`, config);
  writeTokenizer(outFolder, tokenizer, shapeOf(config).positions);
}

function graphOf({ config, parameters }: ModelFiles): OnnxModel {
  return config.model_type === "llama"
    ? llamaGraph(config, parameters)
    : gpt2Graph(config, parameters);
}
