/**
 * Predicted memory against what a step on a fresh device allocates, and checkpoints of blocks.
 */
import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "../../std/assert.ts";
import {
  AdamW,
  categoricalLoss,
  Device,
  gatherRows,
  LimitError,
  memoryBudget,
  requestDevice,
  requireMemory,
  Tape,
  type Tensor,
} from "../../kernels/kernels.ts";
import { type PackedBatch, packSequences } from "../../models/batch.ts";
import type { CausalModel } from "../../models/causal_model.ts";
import type { ModelConfig } from "../../models/config.ts";
import { Gpt2 } from "../../models/gpt2.ts";
import { gpt2Presets } from "../../models/gpt2_config.ts";
import { Llama } from "../../models/llama.ts";
import { llamaPresets } from "../../models/llama_config.ts";
import { predictTrainingMemory, type TrainingShape } from "../../models/training_memory.ts";
import { Random } from "../../std/random.ts";
import { assertSameBits } from "../kernels/close.ts";
import { wrap } from "../kernels/wrap.ts";

const { nano, micro } = gpt2Presets;

function fresh(device: Device, config: ModelConfig): CausalModel {
  const options = { seed: 1, trainable: true };
  return config.model_type === "llama"
    ? Llama.initialize(device, config, options)
    : Gpt2.initialize(device, config, options);
}

/** One step as training does it, on random tokens. */
function train(model: CausalModel, adamw: AdamW | undefined, shape: TrainingShape): Tape {
  const random = new Random(2);
  const sequences = shape.lengths.map((length) =>
    Array.from({ length }, () => random.below(model.config.vocab_size))
  );
  const batch = packSequences(sequences, model.shape.positions);
  const rows = Uint32Array.from(batch.tokens.keys()).slice(-shape.targets);
  const tape = new Tape(model.device);
  const hidden = hiddenRows(tape, model, batch, rows, shape);
  const logits = shape.labels === undefined
    ? model.logits(tape, hidden)
    : model.tokenLogits(tape, hidden, Uint32Array.from({ length: shape.labels }, (_, i) => 3 * i));
  const targets = Uint32Array.from(rows, () => random.below(logits.columns));
  categoricalLoss(tape, logits, { targets, weights: new Float32Array(rows.length).fill(1) });
  tape.backward(logits);
  adamw?.step();
  return tape;
}

/** The targets' hidden states; with prompts' targets all are computed, and those have a loss first. */
function hiddenRows(
  tape: Tape,
  model: CausalModel,
  batch: PackedBatch,
  rows: Uint32Array,
  { promptTargets, checkpoint = false }: TrainingShape,
): Tensor {
  if (promptTargets === undefined) return model.hidden(tape, batch, rows, { checkpoint });
  const every = Uint32Array.from(batch.tokens.keys());
  const all = model.hidden(tape, batch, every, { checkpoint });
  const logits = model.logits(tape, gatherRows(tape, all, every.slice(0, promptTargets)));
  const weights = new Float32Array(promptTargets).fill(1);
  categoricalLoss(tape, logits, { targets: batch.tokens.slice(0, promptTargets), weights });
  return gatherRows(tape, all, rows);
}

const CASES: [string, ModelConfig, TrainingShape][] = [
  ["texts", nano, { lengths: [100, 7, 60, 31], targets: 40 }],
  ["labels", nano, { lengths: new Array(32).fill(71), targets: 32, labels: 6 }],
  ["long texts, all rows", micro, { lengths: [256, 250], targets: 506 }],
  ["labels and prompts", nano, { lengths: [71, 60], targets: 2, labels: 6, promptTargets: 129 }],
  ["checkpoints", micro, { lengths: [256, 250], targets: 506, checkpoint: true }],
  ["llama", llamaPresets.nano, { lengths: [71, 60], targets: 2, labels: 6, promptTargets: 129 }],
  ["llama, checkpoints", llamaPresets.micro, {
    lengths: [256, 250],
    targets: 506,
    checkpoint: true,
  }],
  ["one token", { ...nano, n_layer: 1, n_embd: 24, n_head: 2 }, { lengths: [1], targets: 1 }],
];

for (const [name, config, shape] of CASES) {
  Deno.test(`the predicted memory is what a step allocates: ${name}`, async () => {
    const device = await requestDevice();
    const predicted = predictTrainingMemory(device, config, shape);
    assertEquals(device.pool.allocatedBytes, 0);
    const model = fresh(device, config);
    const adamw = new AdamW(device, model.parameters);
    train(model, adamw, shape).release();
    await device.stream.settle();
    const { allocatedBytes, textureBytes } = device.pool;
    assertLess(Math.abs(predicted.total - allocatedBytes), 0.02 * allocatedBytes);
    assertLess(Math.abs(predicted.textures - textureBytes), 0.02 * textureBytes + 1);
    const { total, ...parts } = predicted;
    assertEquals(Object.values(parts).reduce((sum, bytes) => sum + bytes), total);
    const size = model.parameters.size * 4;
    assertEquals([parts.parameters, parts.gradients], [size, size]);
    assert(parts.optimizer >= 2 * size && parts.optimizer < 2 * size + 2 ** 16);
    device.dispose();
  });
}

Deno.test("a second step of the same shape allocates nothing", async () => {
  const device = await requestDevice();
  const model = Gpt2.initialize(device, nano, { seed: 1, trainable: true });
  const adamw = new AdamW(device, model.parameters);
  const shape = { lengths: [50, 3], targets: 9 };
  train(model, adamw, shape).release();
  const { allocatedBytes } = device.pool;
  for (const _ of [1, 2]) train(model, adamw, shape).release();
  assertEquals(device.pool.allocatedBytes, allocatedBytes);
  await device.stream.settle();
  device.dispose();
});

async function sameWithCheckpoints(config: ModelConfig, embeddings: string): Promise<void> {
  const device = await requestDevice();
  const shape = { lengths: [90, 40, 70], targets: 25 };
  const gradientsOf = async (checkpoint: boolean) => {
    const model = fresh(device, config);
    const tape = train(model, undefined, { ...shape, checkpoint });
    const gradients = await model.parameters.read("gradients");
    tape.release();
    model.release();
    return gradients;
  };
  const plain = await gradientsOf(false);
  const checkpointed = await gradientsOf(true);
  for (const [name, gradient] of plain) assertSameBits(checkpointed.get(name)!, gradient, name);
  assertGreater(plain.get(embeddings)!.filter((value) => value !== 0).length, 1000);
  device.dispose();
}

Deno.test("checkpoints of blocks: the same gradients, bit for bit", async () => {
  await sameWithCheckpoints(micro, "transformer.wte.weight");
  await sameWithCheckpoints(llamaPresets.micro, "model.embed_tokens.weight");
});

Deno.test("checkpoints of blocks: a fraction of the memory", async () => {
  const device = await requestDevice();
  const long = { lengths: new Array(8).fill(256), targets: 64 };
  const deep: ModelConfig[] = [
    { ...micro, n_layer: 12 },
    { ...llamaPresets.micro, num_hidden_layers: 12 },
  ];
  for (const config of deep) {
    const [all, few] = [false, true].map((checkpoint) =>
      predictTrainingMemory(device, config, { ...long, checkpoint })
    );
    assertLess(few!.activations, 0.3 * all!.activations, config.model_type);
  }
  device.dispose();
});

Deno.test("f16 parameters and results are predicted too", async () => {
  const device = await requestDevice();
  const shape: TrainingShape = { lengths: [200, 200], targets: 400 };
  const single = predictTrainingMemory(device, micro, shape);
  const half = predictTrainingMemory(device, micro, { ...shape, storage: "f16", half: true });
  assertEquals(half.gradients, single.gradients);
  assertEquals(half.parameters, 1.5 * single.parameters);
  assertLess(half.activations, 0.75 * single.activations);
  device.dispose();
});

Deno.test("what will not fit is refused before it starts, with the numbers", async () => {
  const { gpu, adapter } = await requestDevice();
  const limits = wrap(gpu.limits, { maxStorageBufferBindingSize: 2 ** 20 });
  const device = new Device(wrap(gpu, { limits }), adapter);
  const shape = { lengths: [100], targets: 100 };
  assertThrows(
    () => predictTrainingMemory(device, { ...nano, vocab_size: 5000 }, shape),
    LimitError,
    'a tensor "transformer.wte.weight" (5000, 64) of 1,280,000 bytes exceeds',
  );
  assertThrows(
    () => predictTrainingMemory(device, nano, { ...shape, lengths: new Array(14).fill(100) }),
    LimitError,
    "a tensor (1400, 192) of 1,075,200 bytes exceeds maxStorageBufferBindingSize, 1,048,576 bytes",
  );
  const needed = predictTrainingMemory(device, nano, shape);
  requireMemory(needed, undefined);
  requireMemory(needed, needed.total);
  const words = (bytes: number) => `${bytes.toLocaleString("en-US")} bytes`;
  assertThrows(
    () => requireMemory(needed, needed.total - 1),
    LimitError,
    `needs ${words(needed.total)} (parameters ${words(needed.parameters)}, gradients ` +
      `${words(needed.gradients)}, optimizer ${words(needed.optimizer)}, activations ` +
      `${words(needed.activations)}, textures ${words(needed.textures)}), but there are ` +
      `${words(needed.total - 1)}; use a smaller batch`,
  );
  assertEquals(device.pool.allocatedBytes, 0);
  gpu.destroy();
});

Deno.test("the budget is a software adapter's free memory; of a GPU nothing is known", async () => {
  const device = await requestDevice();
  const { state } = await Deno.permissions.query({ name: "sys", kind: "systemMemoryInfo" });
  const software = new Device(device.gpu, { ...device.adapter, software: true });
  const before = memoryBudget(software);
  if (state !== "granted") assertEquals(before, undefined);
  else assert(before! > 0 && before! <= Deno.systemMemoryInfo().total);
  assertEquals(
    memoryBudget(new Device(device.gpu, { ...device.adapter, software: false })),
    undefined,
  );
  device.dispose();
});
