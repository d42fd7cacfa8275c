import { AdamW, Device, LimitError, NonFiniteError } from "../../kernels/kernels.ts";
import type { Gpt2 } from "../../models/gpt2.ts";
import {
  fineTuneCompletions,
  fineTuneLabels,
  type FineTuneOptions,
  type FineTuneReport,
} from "../../training/fine_tune.ts";
import type { CompletionExample } from "../../training/losses.ts";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertNotEquals,
  assertRejects,
} from "../../std/assert.ts";
import { useGpu } from "../kernels/gpu.ts";
import { wrap } from "../kernels/wrap.ts";
import { referenceLogits } from "../reference/gpt2.ts";
import { completions, labels, tinyConfig, tinyModel, tinyPolicy, weightsOf } from "./tiny.ts";

const gpu = useGpu();
const { signal } = new AbortController();

function options(change: Partial<FineTuneOptions> = {}): FineTuneOptions {
  const training = { steps: 3, batchSize: 3, learningRate: 0.01, clip: 1 };
  return { ...training, seed: 1, signal, onProgress: () => {}, ...change };
}

/** Fine-tunes a fresh policy; gives it and the reports. */
async function tuned(change: Partial<FineTuneOptions> = {}) {
  const policy = tinyPolicy(gpu().device);
  const reports: FineTuneReport[] = [];
  const onProgress = (report: FineTuneReport) => reports.push(report);
  await fineTuneLabels(policy, labels(policy), options({ onProgress, ...change }));
  return { policy, reports };
}

/** −log softmax(row)[target] */
function surprise(row: readonly number[], target: number): number {
  const highest = Math.max(...row);
  const total = row.reduce((sum, value) => sum + Math.exp(value - highest), 0);
  return highest + Math.log(total) - row[target]!;
}

/** What each token of the completion costs, by the float64 reference. */
async function referenceLosses(model: Gpt2, { prompt, completion }: CompletionExample) {
  const logits = referenceLogits(model.config, await model.weights(), [...prompt, ...completion]);
  return completion.map((token, i) => surprise(logits[prompt.length + i - 1]!, token));
}

/** Learning rates the optimiser was stepped with while `work` ran. */
async function learningRates(work: () => Promise<unknown>): Promise<number[]> {
  const rates: number[] = [];
  const step = AdamW.prototype.step;
  AdamW.prototype.step = function (rate = NaN) {
    rates.push(rate);
    step.call(this, rate);
  };
  try {
    await work();
  } finally {
    AdamW.prototype.step = step;
  }
  return rates;
}

Deno.test("completions: the loss is the mean over the completions' tokens, the prompts' left out", async () => {
  const model = tinyModel(gpu().device);
  const losses = (await Promise.all(completions.map((one) => referenceLosses(model, one)))).flat();
  const reports: FineTuneReport[] = [];
  const onProgress = (report: FineTuneReport) => reports.push(report);
  await fineTuneCompletions(model, completions, options({ steps: 1, onProgress }));
  const [report] = reports;
  const mean = losses.reduce((sum, value) => sum + value) / losses.length;
  assertAlmostEquals(report!.loss, mean, 1e-4);
  // The end of a completion is written, never read.
  const read = completions.map(({ prompt, completion }) => prompt.length + completion.length - 1);
  assertEquals(report!.tokens, read.reduce((sum, length) => sum + length));
});

Deno.test("labels: the loss is over the actions offered, not over the vocabulary", async () => {
  const policy = tinyPolicy(gpu().device);
  const examples = labels(policy);
  const weights = await policy.model.weights();
  const tokens = [...policy.labelTokens(2)];
  const losses = examples.map(({ prompt, target }) => {
    const row = referenceLogits(tinyConfig, weights, prompt).at(-1)!;
    return surprise(tokens.map((token) => row[token]!), target);
  });
  const { reports } = await tuned({ steps: 1, batchSize: 6 });
  assertAlmostEquals(reports[0]!.loss, losses.reduce((sum, value) => sum + value) / 6, 1e-4);
});

Deno.test("a tiny model learns a few texts by heart, and a few labels", async () => {
  const model = tinyModel(gpu().device);
  const losses: number[] = [];
  const onProgress = ({ loss }: FineTuneReport) => losses.push(loss);
  await fineTuneCompletions(model, completions, options({ steps: 100, onProgress }));
  assert(losses[0]! > 2, `starts at ${losses[0]}`);
  assertLess(losses.at(-1)!, 0.02); // measured: 0.003
  const { reports } = await tuned({ steps: 60, batchSize: 6 });
  assertLess(reports.at(-1)!.loss, 0.005); // measured: 0.0003
});

Deno.test("reports come every five steps and at the end, and count the tokens between", async () => {
  const { policy, reports } = await tuned({ steps: 12, batchSize: 6 });
  assertEquals(reports.map(({ step }) => step), [5, 10, 12]);
  const batch = labels(policy).reduce((sum, { prompt }) => sum + prompt.length, 0);
  assertEquals(reports.map(({ tokens }) => tokens), [5 * batch, 5 * batch, 2 * batch]);
  assert(reports.every(({ gradientNorm }) => gradientNorm > 0));
});

Deno.test("the learning rate falls linearly from the first step to the last", async () => {
  const rates = await learningRates(() =>
    tuned({ steps: 5, learningRate: 0.02, finalLearningRate: 0.2 })
  );
  assertEquals(rates.length, 5);
  for (const [i, rate] of [0.02, 0.016, 0.012, 0.008, 0.004].entries()) {
    assertAlmostEquals(rates[i]!, rate, 1e-12);
  }
  assertEquals(await learningRates(() => tuned({ learningRate: 0.03 })), [0.03, 0.03, 0.03]);
  const one = await learningRates(() => tuned({ steps: 1, finalLearningRate: 0 }));
  assertEquals(one, [0.01]);
});

Deno.test("every example is used once in each epoch, in another order each time", async () => {
  const policy = tinyPolicy(gpu().device);
  const used: number[] = [];
  const watched = labels(policy).map((example, i) => ({
    prompt: example.prompt,
    choices: example.choices,
    get target() {
      used.push(i);
      return example.target;
    },
  }));
  await fineTuneLabels(policy, watched, options({ steps: 6, batchSize: 4 }));
  assertEquals(used.length, 24);
  const epochs = [0, 6, 12, 18].map((start) => used.slice(start, start + 6));
  for (const epoch of epochs) assertEquals(epoch.toSorted(), [0, 1, 2, 3, 4, 5]);
  assert(new Set(epochs.map(String)).size > 1, `always in the order ${epochs[0]}`);
});

Deno.test("the same seed gives the same weights, bit for bit; another seed gives others", async () => {
  const first = await weightsOf((await tuned({ seed: 5 })).policy.model);
  assertEquals(await weightsOf((await tuned({ seed: 5 })).policy.model), first);
  assertNotEquals(await weightsOf((await tuned({ seed: 6 })).policy.model), first);
});

Deno.test("an abort stops the training between two steps", async () => {
  const controller = new AbortController();
  const onProgress = () => controller.abort(new Error("enough"));
  const rates = await learningRates(() =>
    assertRejects(
      () => tuned({ steps: 50, signal: controller.signal, onProgress }),
      Error,
      "enough",
    )
  );
  assertEquals(rates.length, 5);
});

Deno.test("a training that blows up ends with the parameter, the value, the first such step and what to do", async () => {
  const error = await assertRejects(
    () => tuned({ steps: 20, learningRate: 1e30, clip: 0 }),
    NonFiniteError,
    "at step 2; lower the learning rate",
  );
  const found = /^the gradient of (\S+) is (NaN|-?Infinity) in element \d+ /.exec(error.message);
  assert(tinyModel(gpu().device).parameters.names.includes(found?.[1] ?? ""), error.message);
});

Deno.test("no examples, or one that is longer than the context, is refused before the first step", async () => {
  const model = tinyModel(gpu().device);
  await assertRejects(() => fineTuneCompletions(model, [], options()), RangeError, "no examples");
  const long = { prompt: Array(40).fill(1), completion: Array(9).fill(1) };
  await fineTuneCompletions(model, [long], options({ steps: 1 }));
  const longer = { ...long, completion: Array(10).fill(1) };
  const rates = await learningRates(() =>
    assertRejects(
      () => fineTuneCompletions(model, [...completions, longer], options()),
      RangeError,
      "example 3 has a prompt of 40 tokens and a completion of 10",
    )
  );
  assertEquals(rates, []);
});

Deno.test("a batch that will not fit is refused before anything is allocated for it", async () => {
  const { gpu: real, adapter } = gpu().device;
  const limits = wrap(real.limits, { maxStorageBufferBindingSize: 2 ** 17 });
  const device = new Device(wrap(real, { limits }), adapter);
  const [model, policy] = [tinyModel(device), tinyPolicy(device)];
  await fineTuneCompletions(model, completions, options({ steps: 1 }));
  const before = device.pool.allocatedBytes;
  for (
    const train of [
      () => fineTuneCompletions(model, completions, options({ batchSize: 99 })),
      () => fineTuneLabels(policy, labels(policy), options({ batchSize: 99 })),
    ]
  ) {
    await assertRejects(train, LimitError, "exceeds maxStorageBufferBindingSize, 131,072 bytes");
    assertEquals(device.pool.allocatedBytes, before);
  }
});

Deno.test("a training that fails gives its buffers back", async () => {
  const policy = tinyPolicy(gpu().device);
  const onProgress = () => {
    throw new Error("listener");
  };
  const fail = () =>
    assertRejects(
      () => fineTuneLabels(policy, labels(policy), options({ onProgress })),
      Error,
      "listener",
    );
  await fail();
  const { pool } = gpu().device;
  const before = pool.allocatedBytes;
  await fail();
  assertEquals(pool.allocatedBytes, before);
});
