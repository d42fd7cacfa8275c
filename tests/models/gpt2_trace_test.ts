/**
 * The whole model against PyTorch: logits, every gradient, ten optimiser steps.
 */
import { assert, assertAlmostEquals } from "../../std/assert.ts";
import { AdamW, categoricalLoss, requestDevice, Tape } from "../../kernels/kernels.ts";
import { packSequences } from "../../models/batch.ts";
import { Gpt2 } from "../../models/gpt2.ts";
import { loadTrace, tensorsOf, type Trace } from "../reference/trace.ts";

function batchOf(trace: Trace) {
  let start = 0;
  const sequences = trace.lengths.map((length) => trace.tokens.slice(start, start += length));
  return packSequences(sequences, trace.config.n_positions);
}

/** Largest |a − b|. */
function difference(a: Float32Array, b: Float32Array): number {
  assert(a.length === b.length, `${a.length} elements against ${b.length}`);
  return a.reduce((most, value, i) => {
    const gap = Math.abs(value - b[i]!);
    return Number.isNaN(gap) ? Infinity : Math.max(most, gap);
  }, 0);
}

function step(model: Gpt2, trace: Trace) {
  const tape = new Tape(model.device);
  const batch = batchOf(trace);
  const total = trace.weights.reduce((sum, weight) => sum + weight, 0);
  const rows = Uint32Array.from(batch.tokens.keys());
  const logits = model.logits(tape, model.hidden(tape, batch, rows));
  const loss = categoricalLoss(tape, logits, {
    targets: Uint32Array.from(trace.targets),
    weights: Float32Array.from(trace.weights, (weight) => weight / total),
  });
  tape.backward(logits);
  return { tape, logits, losses: loss.losses };
}

Deno.test("ten training steps of GPT-2 follow PyTorch's", async (t) => {
  const trace = loadTrace();
  const device = await requestDevice();
  const model = Gpt2.load(device, trace.config, tensorsOf(trace, "initial"), {
    trainable: true,
  });
  const { optimiser } = trace;
  const adamw = new AdamW(device, model.parameters, {
    ...optimiser,
    clip: optimiser.gradientClip,
  });
  for (let i = 0; i < trace.losses.length; i++) {
    const { tape, logits, losses } = step(model, trace);
    if (i === 0) {
      await t.step("logits before the first step", async () => {
        const expected = trace.tensors.get("logits0")!.data;
        const gap = difference(await device.stream.read(logits), expected);
        assert(gap < 1e-5, `logits differ by ${gap}`);
      });
      await t.step("every gradient of the first step", async () => {
        const gradients = await model.parameters.read("gradients");
        for (const [name, { data }] of tensorsOf(trace, "gradient0")) {
          const gap = difference(gradients.get(name)!, data);
          assert(gap < 1e-5, `gradient of ${name} differs by ${gap}`);
        }
      });
    }
    adamw.step();
    const loss = (await device.stream.read(losses)).reduce(
      (sum, value) => sum + value,
      0,
    );
    const { norm } = await adamw.check();
    assertAlmostEquals(loss, trace.losses[i]!, 2e-5, `loss of step ${i}`);
    assertAlmostEquals(
      norm,
      trace.gradientNorms[i]!,
      2e-5,
      `gradient norm of step ${i}`,
    );
    tape.release();
  }
  await t.step("weights after the last step", async () => {
    const weights = await model.parameters.read();
    for (const [name, { data }] of tensorsOf(trace, "final")) {
      const gap = difference(weights.get(name)!, data);
      const tolerance = name.endsWith("c_attn.bias") ? 2e-2 : 1e-4;
      assert(gap < tolerance, `${name} differs by ${gap} after ten steps`);
    }
  });
  model.release();
  device.dispose();
});
