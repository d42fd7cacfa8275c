/**
 * Memory: what is given back is taken again, so a long training run stands still.
 */
import { assert, assertEquals, assertGreater, assertLess } from "../../std/assert.ts";
import {
  AdamW,
  attention,
  categoricalLoss,
  type Device,
  gatherRows,
  gelu,
  layerNorm,
  linear,
  linearTransposed,
  packedSpans,
  Parameters,
  requestDevice,
  Tape,
} from "../../kernels/kernels.ts";
import { Pool, sizeClass } from "../../kernels/pool.ts";
import { Verdicts } from "../../kernels/verdicts.ts";
import { Random } from "../../std/random.ts";
import { forAll, numbers } from "./property.ts";
import { wrap } from "./wrap.ts";

Deno.test("size classes hold what is asked, waste at most a quarter, and are classes of their own", () =>
  forAll(200, (random) => {
    const bytes = 1 + random.below(2 ** (1 + random.below(27)));
    const size = sizeClass(bytes);
    assert(size >= bytes && size % 256 === 0, `${bytes} bytes in ${size}`);
    if (bytes >= 1024) assert(size < bytes * 1.25, `${bytes} bytes in ${size}`);
    assertEquals(sizeClass(size), size, "a class is its own class");
    return Promise.resolve();
  }));

Deno.test("a buffer given back is the next one of its class, at the adapter's limit too", async () => {
  const device = await requestDevice();
  // A limit that is no class of its own, as on adapters whose limit is no power of two.
  const limits = {
    maxBufferSize: 70_000,
    maxStorageBufferBindingSize: 70_000,
    maxTextureDimension2D: 50,
  };
  const limited = wrap(device.gpu, { limits });
  const pool = new Pool(limited, new Verdicts(device.gpu), "a small adapter");
  for (const bytes of [0, 1, 5000, 70_000]) {
    const first = pool.buffer(bytes);
    const second = pool.buffer(bytes);
    assert(first !== second && first.size <= limits.maxBufferSize);
    const allocated = pool.allocatedBytes;
    pool.release(first);
    assert(pool.buffer(bytes) === first, `${bytes} bytes`);
    assertEquals(pool.allocatedBytes, allocated);
  }
  const texture = pool.texture(4, 49);
  assertEquals([texture.width, texture.height], [4, 50]);
  pool.releaseTexture(texture);
  assert(pool.texture(4, 50) === texture);
  await device.stream.settle();
  device.dispose();
});

Deno.test("of the buffers and textures given back the oldest is taken first", async () => {
  const device = await requestDevice();
  const { pool } = device;
  const orders = {
    buffer: () => {
      const made = [1, 2, 3, 4].map(() => pool.buffer(5000));
      for (const i of [2, 0, 3, 1]) pool.release(made[i]!);
      return [made, made.map(() => pool.buffer(5000))];
    },
    texture: () => {
      const made = [1, 2, 3, 4].map(() => pool.texture(16, 16));
      for (const i of [2, 0, 3, 1]) pool.releaseTexture(made[i]!);
      return [made, made.map(() => pool.texture(16, 16))];
    },
  };
  for (const [what, order] of Object.entries(orders)) {
    const [made, taken] = order();
    assertEquals(taken!.map((one) => (made as unknown[]).indexOf(one)), [0, 1, 2, 3], what);
  }
  device.dispose();
});

const WIDTH = 64;
const VOCABULARY = 64;

function parametersOf(device: Device): Parameters {
  const shapes = {
    embedding: [VOCABULARY, WIDTH],
    gain: [WIDTH],
    shift: [WIDTH],
    project: [WIDTH, 3 * WIDTH],
    merge: [WIDTH, WIDTH],
    bias: [WIDTH],
  };
  const parameters = new Parameters(
    device,
    Object.entries(shapes).map(([name, shape]) => ({
      name,
      shape,
      decay: shape.length > 1,
    })),
    { trainable: true },
  );
  const random = new Random(1);
  for (const name of parameters.names) {
    const data = numbers(random, parameters.get(name).size, 0.2);
    parameters.write(name, data);
  }
  return parameters;
}

/** One training step of a small transformer over one sequence and one of a single token. */
function trainingStep(
  device: Device,
  parameters: Parameters,
  adamw: AdamW,
  length: number,
): void {
  const tape = new Tape(device);
  const rows = length + 1;
  const tokens = Uint32Array.from(
    { length: rows },
    (_, i) => i * 7 % VOCABULARY,
  );
  const table = parameters.get("embedding");
  const x = gatherRows(tape, table, tokens);
  const [gain, shift] = [parameters.get("gain"), parameters.get("shift")];
  const normed = layerNorm(tape, x, gain, shift);
  const qkv = linear(tape, normed, parameters.get("project"));
  const attended = attention(tape, qkv, { heads: 8, spans: packedSpans([length, 1]) });
  const y = linear(tape, gelu(tape, attended), parameters.get("merge"), {
    bias: parameters.get("bias"),
    residual: x,
  });
  const logits = linearTransposed(tape, y, table);
  categoricalLoss(tape, logits, {
    targets: tokens,
    weights: new Float32Array(rows).fill(1 / rows),
  });
  tape.backward(logits);
  adamw.step();
  tape.release();
}

Deno.test("a thousand training steps of varying lengths allocate no more than the first few", async () => {
  const device = await requestDevice();
  const parameters = parametersOf(device);
  const adamw = new AdamW(device, parameters);
  const random = new Random(2);
  const lengths = Array.from({ length: 40 }, (_, i) => i + 1);
  for (const length of lengths) trainingStep(device, parameters, adamw, length);
  await device.stream.settle();
  const allocated = device.pool.allocatedBytes;
  assertGreater(allocated, 0);
  // A step's buffers are about a megabyte: leaking them would show a thousandfold.
  assertLess(allocated, 2 ** 24);
  const resident = Deno.memoryUsage().rss;
  for (let step = lengths.length; step < 1000; step++) {
    trainingStep(device, parameters, adamw, random.pick(lengths));
    if (step % 20 === 0) await device.stream.settle();
  }
  await device.stream.settle();
  assertEquals(device.pool.allocatedBytes, allocated);
  const growth = (Deno.memoryUsage().rss - resident) / 2 ** 20;
  assertLess(growth, 128, `resident memory grew by ${growth} MiB`);
  const values = await parameters.read();
  assert(values.get("embedding")!.every(Number.isFinite));
  adamw.release();
  parameters.release();
  device.dispose();
});

Deno.test("forward passes alone give their buffers and textures back", async () => {
  const device = await requestDevice();
  const forward = () => {
    const tape = new Tape(device, { gradients: false });
    const x = tape.upload(numbers(new Random(1), WIDTH * WIDTH), [WIDTH, WIDTH]);
    linear(tape, linear(tape, x, x), x);
    tape.release();
  };
  forward();
  const { allocatedBytes, textureBytes } = device.pool;
  assertGreater(textureBytes, 0);
  for (const _ of [1, 2, 3]) forward();
  assertEquals(device.pool.allocatedBytes, allocatedBytes);
  await device.stream.settle();
  device.dispose();
});
