/**
 * Parameters that do not fit into one buffer, parameters in f16, and saved optimisers.
 */
import { assert, assertEquals, assertRejects, assertThrows } from "../../std/assert.ts";
import {
  AdamW,
  type AdamWOptions,
  Device,
  gelu,
  LimitError,
  NonFiniteError,
  Parameters,
  type ParameterShape,
  requestDevice,
  ShapeError,
  sizeOf,
  Tape,
} from "../../kernels/kernels.ts";
import { Random } from "../../std/random.ts";
import { assertClose, assertSameBits } from "./close.ts";
import { useGpu } from "./gpu.ts";
import { numbers } from "./property.ts";
import { ReferenceAdamW } from "./reference/adamw.ts";
import { wrap } from "./wrap.ts";

const gpu = useGpu();

const SETTINGS = {
  learningRate: 1e-2,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.1,
  clip: 1,
};

/** In this order 100 KiB, 4 bytes, 60 KiB, 1 KiB, 64 KiB. */
const SHAPES: readonly ParameterShape[] = [
  { name: "table", shape: [160, 160], decay: true },
  { name: "gain", shape: [1], decay: false },
  { name: "weight", shape: [96, 160], decay: true },
  { name: "bias", shape: [256], decay: false },
  { name: "head", shape: [128, 128], decay: true },
];

/** A device whose largest buffer is of 128 KiB. */
async function smallDevice(): Promise<Device> {
  const { gpu, adapter } = await requestDevice();
  const limits = wrap(gpu.limits, { maxStorageBufferBindingSize: 2 ** 17 });
  return new Device(wrap(gpu, { limits }), adapter);
}

function valuesOf(seed: number): Map<string, Float32Array<ArrayBuffer>> {
  const random = new Random(seed);
  return new Map(SHAPES.map(({ name, shape }) => {
    return [name, numbers(random, shape.reduce((a, b) => a * b))];
  }));
}

function trainable(device: Device, half = false): Parameters {
  const parameters = new Parameters(device, SHAPES, { trainable: true, half });
  for (const [name, data] of valuesOf(1)) parameters.write(name, data);
  return parameters;
}

function setGradients(device: Device, parameters: Parameters, seed: number): void {
  for (const [name, data] of valuesOf(seed)) {
    device.stream.write(parameters.get(name).gradient!, data);
  }
}

/** Everything in one vector, in the order of SHAPES. */
function flat(values: ReadonlyMap<string, Float32Array<ArrayBuffer>>): Float32Array<ArrayBuffer> {
  return Float32Array.from(SHAPES.flatMap(({ name }) => [...values.get(name)!]));
}

Deno.test("parameters go into the first buffer that has room, those that decay first in each", async () => {
  const device = await smallDevice();
  const parameters = trainable(device);
  assertEquals(parameters.names, ["table", "gain", "bias", "weight", "head"]);
  const buffers = parameters.names.map((name) => parameters.get(name).buffer);
  assertEquals(parameters.arenas.length, 2);
  assertEquals(new Set(buffers.slice(0, 3)), new Set([parameters.arenas[0]!.values.buffer]));
  assertEquals(new Set(buffers.slice(3)), new Set([parameters.arenas[1]!.values.buffer]));
  for (const { values, gradients, start } of parameters.arenas) {
    assert(values.buffer.size <= 2 ** 17 && gradients!.buffer.size === values.buffer.size);
    assertEquals(
      start,
      values === parameters.arenas[0]!.values ? 0 : parameters.arenas[0]!.values.size,
    );
  }
  assertSameBits(flat(await parameters.read()), flat(valuesOf(1)), "read back");
  assertEquals(parameters.locate(0), { name: "table", element: 0 });
  const { start } = parameters.arenas[1]!;
  assertEquals(parameters.locate(start + 96 * 160 + 7), { name: "head", element: 7 });
  device.dispose();
});

Deno.test("a single parameter beyond the limit is refused by name, before anything is allocated", async () => {
  const device = await smallDevice();
  const shapes = [...SHAPES, { name: "wte.weight", shape: [256, 129], decay: true }];
  assertThrows(
    () => new Parameters(device, shapes, { trainable: true }),
    LimitError,
    'a tensor "wte.weight" (256, 129) of 132,096 bytes exceeds maxStorageBufferBindingSize, 131,072 bytes',
  );
  assertEquals(device.pool.allocatedBytes, 0);
  const half = new Parameters(device, shapes, { trainable: false, half: true });
  assertEquals(half.get("wte.weight").type, "f16");
  device.dispose();
});

Deno.test("AdamW and the clipped norm over two buffers equal float64", async () => {
  const device = await smallDevice();
  const parameters = trainable(device);
  const adamw = new AdamW(device, parameters, SETTINGS);
  const decays = SHAPES.flatMap(({ decay, shape }) =>
    new Array<boolean>(shape.reduce((a, b) => a * b)).fill(decay)
  );
  const reference = new ReferenceAdamW(Float64Array.from(flat(valuesOf(1))), decays, SETTINGS);
  for (let step = 1; step <= 3; step++) {
    setGradients(device, parameters, 10 + step);
    adamw.step();
    const norm = reference.step(flat(valuesOf(10 + step)));
    assertClose(flat(await parameters.read()), reference.values, 2e-5, `step ${step}`);
    assertClose([(await adamw.check()).norm], [norm], 1e-5, `norm of step ${step}`);
  }
  device.dispose();
});

for (const half of [false, true]) {
  const stored = half ? "with values in f16, too" : "in f32";
  Deno.test(`an optimiser restored from its state goes on bit for bit, ${stored}`, async () => {
    const device = await smallDevice();
    const parameters = trainable(device, half);
    const adamw = new AdamW(device, parameters, SETTINGS);
    const train = async (optimizer: AdamW, target: Parameters, seeds: readonly number[]) => {
      for (const seed of seeds) {
        setGradients(device, target, seed);
        optimizer.step();
      }
      return flat(await target.read());
    };
    await train(adamw, parameters, [2, 3]);
    const state = await Array.fromAsync(adamw.readState());
    assertEquals(state.map(([key]) => key), [...adamw.stateShapes.keys()]);
    assertEquals(state.length, SHAPES.length * (half ? 4 : 3));
    for (const [key, data] of state) assertEquals(data.length, sizeOf(adamw.stateShapes.get(key)!));
    const whole = await train(adamw, parameters, [4, 5]);

    const again = trainable(device, half);
    const restored = new AdamW(device, again, SETTINGS);
    restored.restore(adamw.steps - 2, state);
    assertEquals(restored.steps, 2);
    assertEquals(await Array.fromAsync(restored.readState()), state);
    assertSameBits(await train(restored, again, [4, 5]), whole, "restored");
    const without = state.filter(([key]) => key !== "second/bias");
    assertThrows(() => restored.restore(1, without), ShapeError, "lacks second/bias");
    const unknown = [["third/bias", state[0]![1]] as const, ...state];
    assertThrows(() => restored.restore(1, unknown), ShapeError, "third/bias twice");
    assertEquals(restored.steps, 4);
    device.dispose();
  });
}

Deno.test("vectors laid out as the arenas are read back in pieces of any size", async () => {
  const device = await smallDevice();
  const parameters = trainable(device);
  const whole = [...await parameters.read()];
  for (const elements of [1, 100, 1000, Infinity]) {
    const parts = parameters.readParts(({ values }) => values, elements);
    assertEquals(await Array.fromAsync(parts), whole, `${elements} elements`);
  }
  device.dispose();
});

Deno.test("a shadow in f16 is what ops take: the rounded values, after each step too", async () => {
  const device = await smallDevice();
  const plain = trainable(device);
  const halves = trainable(device, true);
  const optimizers = [plain, halves].map((it) => new AdamW(device, it, SETTINGS));
  for (const step of [0, 1, 2]) {
    for (const [i, parameters] of [plain, halves].entries()) {
      if (step > 0) setGradients(device, parameters, 20 + step);
      if (step > 0) optimizers[i]!.step();
    }
    const values = await plain.read();
    assertSameBits(flat(await halves.read()), flat(values), `f32 values after step ${step}`);
    for (const { name } of SHAPES) {
      const tensor = halves.get(name);
      assertEquals([tensor.type, tensor.gradient!.type, tensor.requiresGradient], [
        "f16",
        "f32",
        true,
      ]);
      const rounded = Float32Array.from(Float16Array.from(values.get(name)!));
      assertSameBits(await device.stream.read(tensor), rounded, `${name} after step ${step}`);
    }
  }
  device.dispose();
});

Deno.test("an op adds the derivative by a parameter in f16 to its gradient in f32", () => {
  const shapes = [{ name: "x", shape: [5, 7], decay: false }];
  const parameters = new Parameters(gpu().device, shapes, { trainable: true, half: true });
  parameters.write("x", numbers(new Random(3), 35));
  return gpu().run(async (tape) => {
    const x = parameters.get("x");
    const slopes: Float32Array[] = [];
    for (const earlier of [0, 1]) {
      gpu().device.stream.write(x.gradient!, new Float32Array(35).fill(earlier));
      const y = gelu(tape, x);
      y.gradient = gpu().leaf(tape, new Float32Array(35).fill(1), [5, 7], "f16");
      tape.backward(y);
      slopes.push((await gpu().read([x.gradient!]))[0]!);
    }
    assertClose(slopes[1]!, slopes[0]!.map((slope) => slope + 1), 1e-6, "added");
    parameters.release();
  }, { storage: "f16" });
});

Deno.test("gradients of a scaled loss give the steps and the norm of the loss itself", async () => {
  const device = await smallDevice();
  const run = async (lossScale: number) => {
    const parameters = trainable(device);
    const options: AdamWOptions = { ...SETTINGS, lossScale };
    const adamw = new AdamW(device, parameters, options);
    for (const [name, data] of valuesOf(30)) {
      const scaled = data.map((value) => value * lossScale);
      device.stream.write(parameters.get(name).gradient!, scaled);
    }
    adamw.step();
    return [flat(await parameters.read()), Float32Array.of((await adamw.check()).norm)] as const;
  };
  const [values, norm] = await run(1);
  const [scaledValues, scaledNorm] = await run(1024);
  assertClose(scaledValues, values, 1e-6, "values");
  assertClose(scaledNorm, norm, 1e-6, "norm");
  device.dispose();
});

Deno.test("a value that f16 cannot hold is refused by name", async () => {
  const device = await smallDevice();
  const parameters = trainable(device, true);
  assertThrows(
    () => parameters.write("bias", new Float32Array(256).fill(70_000, 3)),
    NonFiniteError,
    "element 3 of parameter bias is 70000",
  );
  await assertRejects(
    () => new Parameters(device, SHAPES, { trainable: false }).read("gradients"),
    ShapeError,
    "no gradients",
  );
  assertThrows(() => new Tape(device).upload(new Float32Array(2 ** 15 + 1)), LimitError);
  device.dispose();
});
