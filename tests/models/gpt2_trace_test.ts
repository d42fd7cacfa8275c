/**
 * GPT-2 against PyTorch: logits, every gradient, ten optimiser steps.
 */
import { requestDevice } from "../../kernels/kernels.ts";
import { Gpt2 } from "../../models/gpt2.ts";
import { parseGpt2Config } from "../../models/gpt2_config.ts";
import { loadTrace, tensorsOf } from "../reference/trace.ts";
import { followTrace } from "./follow_trace.ts";

Deno.test("ten training steps of GPT-2 follow PyTorch's", async (t) => {
  const trace = loadTrace("gpt2_trace", parseGpt2Config);
  const device = await requestDevice();
  const initial = tensorsOf(trace, "initial");
  const model = Gpt2.load(device, trace.config, initial, { trainable: true });
  await followTrace(t, trace, model, (what) => model.parameters.read(what));
  model.release();
  device.dispose();
});
