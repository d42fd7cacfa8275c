/**
 * Our greedy writing, with the key-value cache of `LanguageModel.generate`.
 * @module
 */
import type { Device } from "../../kernels/kernels.ts";
import { loadModel } from "../../models/language_model.ts";
import type { DecodeTask } from "../protocol.ts";
import { type Prepared, timed } from "../serve.ts";

/** Loads the model and writes once. */
export async function openDecode(device: Device, task: DecodeTask): Promise<Prepared> {
  const model = loadModel(task.modelFolder, { device });
  const write = () => model.generate(task.prompts, { maxTokens: task.count });
  const check = (await write()).flat();
  return {
    check,
    measure: (repetitions) =>
      timed(repetitions, async () => {
        for (let i = 0; i < repetitions; i++) await write();
      }),
    close: () => model.dispose(),
  };
}
