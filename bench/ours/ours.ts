/**
 * Our contestant: the kernels, the models and the environments of this project, as any program would call them.
 * @module
 */
import { requestDevice } from "../../kernels/kernels.ts";
import { serve } from "../serve.ts";
import { openDecode } from "./decode.ts";
import { openMatmul } from "./matmul.ts";
import { openPeak } from "./peak.ts";
import { openSteps } from "./steps.ts";
import { openTraining } from "./training_step.ts";

const device = await requestDevice();
const { description, vendor, software } = device.adapter;
const details = {
  version: `reflect-rl, Deno ${Deno.version.deno}`,
  adapter: description || vendor,
  software,
};

await serve({ ready: details }, async (task) => {
  switch (task.kind) {
    case "matmul":
      return await openMatmul(device, task);
    case "training":
      return await openTraining(device, task);
    case "decode":
      return await openDecode(device, task);
    case "peak":
      return openPeak(device);
    case "steps":
      return await openSteps(task);
  }
});
