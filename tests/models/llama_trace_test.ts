/**
 * Llama against PyTorch: logits, every gradient, ten optimiser steps.
 */
import { requestDevice } from "../../kernels/kernels.ts";
import { Llama } from "../../models/llama.ts";
import { parseLlamaConfig } from "../../models/llama_config.ts";
import { loadTrace, tensorsOf } from "../reference/trace.ts";
import { followTrace } from "./follow_trace.ts";

Deno.test("ten training steps of Llama follow PyTorch's", async (t) => {
  const trace = loadTrace("llama_trace", parseLlamaConfig);
  const device = await requestDevice();
  const initial = tensorsOf(trace, "initial");
  const model = Llama.load(device, trace.config, initial, { trainable: true });
  await followTrace(t, trace, model, async (what) => {
    const named = await model.weights(what);
    return new Map([...named].map(([name, { data }]) => [name, data]));
  });
  model.release();
  device.dispose();
});
