import type { Policy } from "../../agents/policy.ts";
import { AdamW, NonFiniteError, type Tape } from "../../kernels/kernels.ts";
import { completionLoss, labelLoss, requireFinite } from "../../training/losses.ts";
import { assert, assertThrows } from "../../std/assert.ts";
import { useGpu } from "../kernels/gpu.ts";
import { completions, labels, tinyPolicy } from "./tiny.ts";

const gpu = useGpu();

/** A fresh policy's gradients, in one vector, after `run`. */
async function gradientsAfter(
  run: (tape: Tape, policy: Policy) => void | Promise<void>,
): Promise<number[]> {
  const policy = tinyPolicy(gpu().device);
  await gpu().run(async (tape) => {
    await run(tape, policy);
    await gpu().device.stream.settle();
  });
  const gradients = await policy.model.parameters.read("gradients");
  return [...gradients.values()].flatMap((values) => [...values]);
}

/** Asserts that vectors are alike, up to rounding. */
function assertNear(actual: readonly number[], expected: readonly number[]): void {
  const largest = Math.max(...expected.map(Math.abs));
  assert(largest > 0.01, `gradients of at most ${largest}`);
  const gap = Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)));
  assert(gap < 1e-4 * largest, `gradients up to ${largest} differ by ${gap}`);
}

/** `a + factor · b` */
function plus(a: readonly number[], factor: number, b: readonly number[]): number[] {
  return a.map((value, i) => value + factor * b[i]!);
}

/** What a text that begins with the prompts' first tokens gives: the loss of the prompts alone. */
function promptGradients(prompts: (policy: Policy) => readonly (readonly number[])[]) {
  return gradientsAfter((tape, policy) => {
    const batch = prompts(policy).map((prompt) => {
      return { prompt: prompt.slice(0, 1), completion: prompt.slice(1) };
    });
    completionLoss(tape, policy.model, batch);
  });
}

Deno.test("a label's loss takes in the prompts' tokens by their weight", async () => {
  const weights = [0.3, -0.2, 0.1, 0.5, -0.4, 0.2];
  const of = (promptWeight?: number) =>
    gradientsAfter((tape, policy) => {
      labelLoss(tape, policy, labels(policy), {
        weights,
        ...(promptWeight === undefined ? {} : { promptWeight }),
      });
    });
  const prompts = await promptGradients((policy) => labels(policy).map(({ prompt }) => prompt));
  assertNear(await of(0.5), plus(await of(), 0.5, prompts));
});

Deno.test("a completion's loss takes in the prompts' tokens by their weight, and reports its own alone", async () => {
  const losses: number[] = [];
  const of = (promptWeight?: number) =>
    gradientsAfter(async (tape, { model }) => {
      const loss = completionLoss(tape, model, completions, promptWeight);
      const values = await gpu().device.stream.read(loss.losses);
      losses.push(values.reduce((sum, value) => sum + value, 0));
    });
  const prompts = await promptGradients(() => completions.map(({ prompt }) => prompt));
  assertNear(await of(2), plus(await of(), 2, prompts));
  assert(Math.abs(losses[0]! - losses[1]!) < 1e-5, `losses ${losses}`);
});

Deno.test("a loss that is no number names its target and step", () => {
  requireFinite("loss", Float32Array.of(1, -2), 7);
  assertThrows(
    () => requireFinite("loss", Float32Array.of(1, Infinity, NaN), 7),
    NonFiniteError,
    "the loss of target 1 of 3 is Infinity at step 7; lower the learning rate",
  );
});

Deno.test("a label's probability rises with a positive weight and falls with a negative one", async () => {
  for (const weight of [1, -1]) {
    const policy = tinyPolicy(gpu().device);
    const example = labels(policy)[0]!;
    const optimizer = new AdamW(gpu().device, policy.model.parameters, { learningRate: 1e-3 });
    const learn = () =>
      gpu().run(async (tape) => {
        const { logProbabilities } = labelLoss(tape, policy, [example], { weights: [weight] });
        return (await gpu().read([logProbabilities]))[0]![0]!;
      });
    const before = await learn();
    optimizer.step();
    const after = await learn();
    assert((after - before) * weight > 1e-4, `${weight}: ${before} → ${after}`);
    optimizer.release();
  }
});

Deno.test("gradients accumulated over micro-batches equal those of one batch", async () => {
  const gradientsOf = async (sizes: number[]) => {
    const policy = tinyPolicy(gpu().device);
    const examples = labels(policy);
    const weights = [0.3, -0.2, 0.1, 0.5, -0.4, 0.2];
    for (const size of sizes) {
      const part = examples.splice(0, size);
      await gpu().run((tape) => {
        labelLoss(tape, policy, part, { weights: weights.splice(0, size), entropyWeight: 0.01 });
        return gpu().device.stream.settle();
      });
    }
    const gradients = await policy.model.parameters.read("gradients");
    return [...gradients.values()].flatMap((values) => [...values]);
  };
  const whole = await gradientsOf([6]);
  const parts = await gradientsOf([4, 1, 1]);
  const largest = Math.max(...whole.map(Math.abs));
  assert(largest > 0.01, `gradients of at most ${largest}`);
  const gap = Math.max(...whole.map((value, i) => Math.abs(value - parts[i]!)));
  assert(gap < 1e-5 * largest, `gradients up to ${largest} differ by ${gap}`);
});
