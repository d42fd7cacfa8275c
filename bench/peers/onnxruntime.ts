/**
 * onnxruntime-web on WebAssembly: our own export, written with by our generator and its key-value
 * cache. The generator takes as many threads as pay for the model's size.
 * @module
 */
import { Generator } from "../../models/onnx/generator.ts";
import { type Prepared, serve, timed } from "../serve.ts";
import type { DecodeTask } from "../protocol.ts";

async function openDecode(task: DecodeTask): Promise<Prepared> {
  const generator = await Generator.open(task.onnxFolder);
  const write = () =>
    generator.generate(task.prompts, {
      maxTokens: task.count,
      temperature: 0,
      seed: 0,
      batchSize: task.prompts.length,
      signal: new AbortController().signal,
    });
  const check = (await write()).flat();
  return {
    check,
    measure: (repetitions) =>
      timed(repetitions, async () => {
        for (let i = 0; i < repetitions; i++) await write();
      }),
    close: () => generator.release(),
  };
}

const { env } = await import("onnxruntime-web");

await serve({ ready: { version: `onnxruntime-web ${env.versions.web}` } }, async (task) => {
  if (task.kind === "decode") return await openDecode(task);
  throw new Error(`onnxruntime-web is not asked for ${task.kind}`);
});
