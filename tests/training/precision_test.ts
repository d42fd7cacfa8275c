/**
 * Training in f16 as training sees it: the loss scale, and what is reported.
 */
import { Policy } from "../../agents/policy.ts";
import { Device, LimitError } from "../../kernels/kernels.ts";
import { Gpt2 } from "../../models/gpt2.ts";
import {
  fineTuneCompletions,
  fineTuneLabels,
  type FineTuneReport,
} from "../../training/fine_tune.ts";
import { lossScaleOf, requirePrecision } from "../../training/precision.ts";
import {
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "../../std/assert.ts";
import { useGpu } from "../kernels/gpu.ts";
import { wrap } from "../kernels/wrap.ts";
import { doors, tinyConfig, tokenizer } from "./tiny.ts";

const gpu = useGpu();

/** Reports of ten steps on texts, then of ten on labels. */
async function reportsOf(half: boolean): Promise<FineTuneReport[]> {
  const reports: FineTuneReport[] = [];
  const options = {
    steps: 10,
    batchSize: 3,
    learningRate: 0.01,
    clip: 1,
    seed: 1,
    signal: new AbortController().signal,
    onProgress: (report: FineTuneReport) => reports.push(report),
  };
  const make = () => {
    const config = { ...tinyConfig, initializer_range: 0.2 };
    return Gpt2.initialize(gpu().device, config, { seed: 1, trainable: true, half });
  };
  const texts = ["left", "right", "left. Take the right"].map((side, i) => ({
    prompt: tokenizer.encode("Once. ".repeat(i) + "Two doors. # Analyze:"),
    completion: [...tokenizer.encode(` Take the ${side}.`), tokenizer.endOfText],
  }));
  await fineTuneCompletions(make(), texts, options);
  const policy = new Policy(make(), tokenizer);
  const labels = [0, 1, 2].map((i) => {
    const { tokens, choices } = policy.input(doors("Once. ".repeat(i)), "");
    return { prompt: tokens, choices, target: i % 2 };
  });
  await fineTuneLabels(policy, labels, options);
  return reports;
}

Deno.test("in f16 losses and gradient norms are reported as in f32", async () => {
  const [single, half] = [await reportsOf(false), await reportsOf(true)];
  assertEquals(half.map(({ step }) => step), [5, 10, 5, 10]);
  for (const [i, { loss, gradientNorm }] of single.entries()) {
    assertAlmostEquals(half[i]!.loss, loss, 0.02 * loss);
    assertAlmostEquals(half[i]!.gradientNorm, gradientNorm, 0.02 * gradientNorm);
    assertNotEquals(half[i]!.loss, loss);
  }
});

Deno.test("the loss is scaled in f16 alone, which an adapter without shader-f16 is refused", () => {
  assertEquals(lossScaleOf({ storage: "f32" }), 1);
  assertEquals(lossScaleOf({ storage: "f16" }), 1024);
  const { gpu: real, adapter } = gpu().device;
  const plain = new Device(wrap(real, { features: new Set() }), adapter);
  requirePrecision(plain, "f32");
  requirePrecision(gpu().device, "f16");
  const message = `needs an adapter with shader-f16, and ${adapter.description} has none`;
  assertThrows(() => requirePrecision(plain, "f16"), LimitError, message);
});
