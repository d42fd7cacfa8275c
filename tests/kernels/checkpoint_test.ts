/**
 * Memory of backward: what is no longer needed goes back, and checkpoints compute it again.
 */
import { assert, assertEquals, assertLess, assertRejects, assertThrows } from "../../std/assert.ts";
import {
  type Device,
  gelu,
  layerNorm,
  linear,
  Parameters,
  requestDevice,
  ShapeError,
  Tape,
  type Tensor,
} from "../../kernels/kernels.ts";
import { Random } from "../../std/random.ts";
import { assertSameBits } from "./close.ts";
import { useGpu } from "./gpu.ts";
import { numbers } from "./property.ts";

const gpu = useGpu();

const WIDTH = 64;
const LAYERS = 8;
const ROWS = 200;

function parametersOf(device: Device): Parameters {
  const layers = Array.from({ length: LAYERS }, (_, i) => [
    { name: `${i}.gain`, shape: [WIDTH], decay: false },
    { name: `${i}.shift`, shape: [WIDTH], decay: false },
    { name: `${i}.up`, shape: [WIDTH, 4 * WIDTH], decay: true },
    { name: `${i}.down`, shape: [4 * WIDTH, WIDTH], decay: true },
    { name: `${i}.bias`, shape: [WIDTH], decay: false },
  ]);
  const parameters = new Parameters(device, layers.flat(), { trainable: true });
  const random = new Random(1);
  for (const name of parameters.names) {
    parameters.write(name, numbers(random, parameters.get(name).size, 0.3));
  }
  return parameters;
}

/** x + W gelu(V norm(x)) + b, which hands its derivative over to x and then adds to it. */
function layer(tape: Tape, parameters: Parameters, i: number, x: Tensor): Tensor {
  const get = (name: string) => parameters.get(`${i}.${name}`);
  const normed = layerNorm(tape, x, get("gain"), get("shift"));
  const inner = linear(tape, normed, get("up"), { activation: "gelu" });
  return linear(tape, inner, get("down"), { bias: get("bias"), residual: x });
}

/** `every`: layers in a segment; 0 for no checkpoints. */
function stack(tape: Tape, parameters: Parameters, x: Tensor, every: number): Tensor {
  for (let i = 0; i < LAYERS; i += Math.max(every, 1)) {
    const run = (tape: Tape, [start]: readonly Tensor[]) => {
      let y = start!;
      for (let j = i; j < i + Math.max(every, 1); j++) y = layer(tape, parameters, j, y);
      return y;
    };
    x = every > 0 ? tape.checkpoint([x], run) : run(tape, [x]);
  }
  return x;
}

/** All gradients and the result of two steps on one device, the second on memory the first has used. */
async function gradientsOf(device: Device, every: number, poisoned: boolean) {
  const parameters = parametersOf(device);
  const random = new Random(2);
  const found: Float32Array<ArrayBuffer>[] = [];
  for (const _ of [1, 2]) {
    const tape = new Tape(device);
    const x = tape.empty([ROWS, WIDTH], { requiresGradient: true });
    device.stream.write(x, numbers(random, ROWS * WIDTH));
    // The start is used again behind the segments, so it has a derivative when theirs is added.
    const start = gelu(tape, x);
    const mixed = tape.upload(numbers(random, WIDTH * WIDTH), [WIDTH, WIDTH]);
    const y = linear(tape, stack(tape, parameters, start, every), mixed, { residual: start });
    y.gradient = tape.upload(numbers(random, y.size), y.shape);
    const result = device.stream.read(y);
    tape.backward(y);
    const gradients = [...(await parameters.read("gradients")).values()];
    found.push(await result, await device.stream.read(y), await device.stream.read(x.gradient!));
    found.push(...gradients);
    tape.release();
  }
  parameters.release();
  if (poisoned) await gpu().checkGuards();
  return found;
}

Deno.test("checkpoints give the derivatives of the plain tape, bit for bit", async () => {
  const plain = await gradientsOf(gpu().device, 0, true);
  for (const every of [1, 2, LAYERS]) {
    const again = await gradientsOf(gpu().device, every, true);
    assertEquals(again.length, plain.length);
    for (const [i, numbers] of plain.entries()) {
      assert(numbers.some((value) => value !== 0));
      assertSameBits(again[i]!, numbers, `segments of ${every}, output ${i}`);
    }
  }
});

/** Bytes a fresh device allocates for the results of forward, and for both passes. */
async function bytesOf(every: number): Promise<{ forward: number; both: number }> {
  const device = await requestDevice();
  const parameters = parametersOf(device);
  const before = device.pool.allocatedBytes;
  const tape = new Tape(device);
  const x = tape.upload(numbers(new Random(2), ROWS * WIDTH), [ROWS, WIDTH]);
  const y = stack(tape, parameters, x, every);
  const forward = device.pool.allocatedBytes - before;
  y.gradient = tape.upload(numbers(new Random(3), y.size), y.shape);
  tape.backward(y);
  const both = device.pool.allocatedBytes - before;
  tape.release();
  await device.stream.settle();
  device.dispose();
  return { forward, both };
}

Deno.test("backward lives where the results of forward did; checkpoints keep a layer's at a time", async () => {
  const plain = await bytesOf(0);
  // The derivatives of all results would double it.
  assertLess(plain.both, 1.15 * plain.forward);
  const checkpointed = await bytesOf(1);
  // A layer keeps 10 rows' worth, of which a checkpoint is 1; one layer is there in full.
  assertLess(checkpointed.both, 0.45 * plain.both);
});

Deno.test("without gradients a checkpoint is its segment", () =>
  gpu().run(async (tape) => {
    const x = tape.upload(numbers(new Random(1), 8), [2, 4]);
    const y = tape.checkpoint([x], (inner, [x]) => {
      assert(inner === tape);
      return gelu(inner, x!);
    });
    const [values, expected] = await gpu().read([y, gelu(tape, x)]);
    assertSameBits(values!, expected!, "result");
  }, { gradients: false }));

Deno.test("what backward has given back can no longer be used, and says so", () =>
  gpu().run(async (tape) => {
    const x = gpu().leaf(tape, numbers(new Random(1), 8), [2, 4]);
    const middle = gelu(tape, x);
    const y = gelu(tape, middle);
    y.gradient = tape.upload(new Float32Array(8).fill(1), [2, 4]);
    tape.backward(y);
    await assertRejects(() => gpu().device.stream.read(middle), ShapeError, "(2,4) was given back");
    assertThrows(() => gelu(tape, middle), ShapeError, "gelu: a tensor (2,4) was given back");
    assertEquals((await gpu().read([x, y, x.gradient!])).map(({ length }) => length), [8, 8, 8]);
  }));

Deno.test("a segment that returns an input, or takes one it was not given, is refused", () =>
  gpu().run((tape) => {
    const x = gpu().leaf(tape, numbers(new Random(1), 16), [4, 4]);
    const z = gelu(tape, x);
    assertThrows(() => tape.checkpoint([x], () => x), ShapeError, "not one of its inputs");
    const y = tape.checkpoint(
      [x],
      (tape, [x]) => linear(tape, gelu(tape, x!), x!, { residual: z }),
    );
    y.gradient = tape.upload(new Float32Array(16).fill(1), [4, 4]);
    assertThrows(() => tape.backward(y), ShapeError, "(4,4) that requires a derivative");
    return Promise.resolve();
  }));
