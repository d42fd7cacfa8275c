/**
 * The tape: derivatives that meet in one tensor, textures kept while they are true, ownership.
 */
import { assert, assertEquals, assertThrows } from "../../std/assert.ts";
import {
  attention,
  gelu,
  linear,
  Parameters,
  placeRows,
  ShapeError,
  Tape,
  type Tensor,
} from "../../kernels/kernels.ts";
import { addInto } from "../../kernels/ops/add.ts";
import { Random } from "../../std/random.ts";
import { checkOperation } from "./check_operation.ts";
import { assertClose } from "./close.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";
import { gelu as geluReference, geluBackward } from "./reference/gelu.ts";
import { linear as linearReference, linearBackward } from "./reference/linear.ts";

const gpu = useGpu();

function sum(...terms: readonly Float64Array[]): Float64Array {
  return terms[0]!.map((_, i) => terms.reduce((all, term) => all + term[i]!, 0));
}

Deno.test("addInto adds every element, however stored, and refuses another size", () =>
  forAll(6, (random) => {
    const count = between(random, 1, 300);
    // Multiples of 1/64 below 4: their sums are exact in f16.
    const exact = () => numbers(random, count).map((value) => Math.round(value * 64) / 64);
    const [x, y] = [exact(), exact()];
    return gpu().run(async (tape) => {
      const target = gpu().leaf(tape, y, [count], random.pick(["f32", "f16"]));
      addInto(tape, gpu().leaf(tape, x, [count], random.pick(["f32", "f16"])), target);
      assertEquals(await gpu().read([target]), [y.map((v, i) => v + x[i]!)]);
      assertThrows(
        () => addInto(tape, tape.empty([count + 1]), target),
        ShapeError,
        `(${count + 1}) does not fit (${count})`,
      );
    });
  }));

Deno.test("a tensor that feeds two ops and a residual gets the sum of their derivatives", () =>
  forAll(4, (random) => {
    // y = gelu(h) W + h with h = gelu(x), as in a block of a transformer.
    const [rows, columns] = [between(random, 1, 30), random.pick([64, 12])];
    const sizes = { rows, columns, depth: columns };
    return checkOperation(gpu(), random, {
      name: `gelu(h) W + h, h ${rows}x${columns}`,
      shapes: [[rows, columns], [columns, columns]],
      run: (tape, [x, weight]) => {
        const h = gelu(tape, x!);
        return linear(tape, gelu(tape, h), weight!, { residual: h });
      },
      forward: ([x, weight]) => {
        const h = geluReference(x!);
        const inner = geluReference(h);
        return linearReference(sizes, inner, weight!, undefined, h);
      },
      backward: ([x, weight], dy) => {
        const h = geluReference(x!);
        const inner = geluReference(h);
        const [toInner, toWeight] = linearBackward(sizes, inner, weight!, dy);
        const toH = sum(geluBackward(h, toInner), dy);
        return [geluBackward(x!, toH), toWeight];
      },
    });
  }));

Deno.test("a tensor that is an op's input and its residual gets both derivatives", () => {
  const sizes = { rows: 7, columns: 64, depth: 64 };
  return checkOperation(gpu(), new Random(5), {
    name: "x W + x",
    shapes: [[7, 64], [64, 64]],
    run: (tape, [x, weight]) => linear(tape, x!, weight!, { residual: x! }),
    forward: ([x, weight]) => linearReference(sizes, x!, weight!, undefined, x!),
    backward: ([x, weight], dy) => {
      const [toX, toWeight] = linearBackward(sizes, x!, weight!, dy);
      return [sum(toX, dy), toWeight];
    },
  });
});

Deno.test("a residual that two ops share gets both derivatives, neither op the other's", () =>
  gpu().run(async (tape) => {
    // z = (h W + r) W + r: the inner op's derivative must not see what is added to r's.
    const [rows, columns] = [3, 8];
    const sizes = { rows, columns, depth: columns };
    const random = new Random(6);
    const data = [rows, columns, rows].map((n) => numbers(random, n * columns));
    const [h, weight, r] = data.map((values, i) =>
      gpu().leaf(tape, values, [i === 1 ? columns : rows, columns])
    ) as [Tensor, Tensor, Tensor];
    const inner = linear(tape, h, weight, { residual: r });
    const z = linear(tape, inner, weight, { residual: r });
    const dz = numbers(random, z.size);
    z.gradient = tape.upload(dz, z.shape);
    tape.backward(z);
    const [hs, ws, rs] = data.map((values) => Float64Array.from(values));
    const middle = linearReference(sizes, hs!, ws!, undefined, rs);
    const outer = linearBackward(sizes, middle, ws!, Float64Array.from(dz));
    const first = linearBackward(sizes, hs!, ws!, outer[0]);
    const expected = [
      first[0],
      sum(outer[1], first[1]),
      sum(outer[3], first[3]),
    ];
    const gradients = await gpu().read([h, weight, r].map((t) => t.gradient!));
    gradients.forEach((gradient, i) =>
      assertClose(gradient, expected[i]!, 2e-5, `derivative ${i}`)
    );
  }));

Deno.test("a cache written between two reads on one tape is read anew", () =>
  gpu().run(async (tape) => {
    const columns = 3 * 64;
    const cache = tape.upload(new Float32Array(4 * columns), [4, columns]);
    const layout = { heads: 16, spans: [{ row: 0, queries: 1, first: 0 }] };
    const before = attention(tape, cache, layout);
    const row = tape.upload(new Float32Array(columns).fill(2), [1, columns]);
    placeRows(tape, row, Uint32Array.of(0), cache);
    const after = attention(tape, cache, layout);
    const [zeros, twos] = await gpu().read([before, after]);
    assert(zeros!.every((value) => value === 0));
    assert(twos!.every((value) => value === 2));
  }, { gradients: false }));

Deno.test("a parameter written by an op is read anew, and so is a tensor written through a view", () =>
  gpu().run(async (tape) => {
    const { device } = gpu();
    const shape = [{ name: "w", shape: [64, 64], decay: false }];
    const parameters = new Parameters(device, shape, { trainable: false });
    const w = parameters.get("w");
    parameters.write("w", new Float32Array(64 * 64).fill(1));
    const ones = tape.upload(new Float32Array(64).fill(1), [1, 64]);
    const before = linear(tape, ones, w);
    const rows = tape.upload(new Float32Array(64 * 64).fill(2), [64, 64]);
    placeRows(tape, rows, Uint32Array.from({ length: 64 }, (_, i) => i), w);
    const after = linear(tape, ones, w);
    const x = tape.upload(new Float32Array(64).fill(1), [1, 64]);
    const viewed = linear(tape, x, rows);
    addInto(tape, ones, x.reshape([64]));
    const doubled = linear(tape, x, rows);
    const results = await gpu().read([before, after, viewed, doubled]);
    assertEquals(results.map((values) => values[0]), [64, 128, 128, 256]);
    parameters.release();
    assertThrows(() => linear(tape, ones, w), ShapeError, "was given back");
  }, { gradients: false }));

Deno.test("a tensor copied to a texture once serves every op of the tape", () =>
  gpu().run(async (tape) => {
    const x = tape.upload(numbers(new Random(7), 64 * 64), [64, 64]);
    const before = gpu().textures;
    const y = linear(tape, x, x);
    linear(tape, x, x);
    assertEquals(gpu().textures - before, 1);
    await gpu().read([y]);
  }));

Deno.test("a tape without gradients records nothing", () =>
  gpu().run((tape) => {
    const x = tape.empty([4], { requiresGradient: true });
    const y = gelu(tape, x);
    assertEquals([x.requiresGradient, y.requiresGradient], [false, false]);
    y.gradient = tape.empty([4]);
    tape.backward(y);
    assertEquals(x.gradient, undefined);
    return Promise.resolve();
  }, { gradients: false }));

Deno.test("a tensor that outlives its tapes gets each tape's own gradient", async () => {
  const { device } = gpu();
  const x = device.empty([4], { requiresGradient: true });
  device.gpu.queue.writeBuffer(x.buffer, 0, Float32Array.of(50, 50, 50, 50));
  for (const slope of [3, 5]) {
    await gpu().run(async (tape) => {
      const y = gelu(tape, x);
      y.gradient = tape.upload(new Float32Array(4).fill(slope));
      tape.backward(y);
      const [gradient] = await gpu().read([x.gradient!]);
      assertClose(gradient!, new Array(4).fill(slope), 1e-6, "gradient");
    });
    assertEquals(x.gradient, undefined);
  }
  device.pool.release(x.buffer);
});

Deno.test("backward refuses a loss without a derivative", () => {
  const tape = new Tape(gpu().device);
  assertThrows(
    () => tape.backward(tape.empty([1], { requiresGradient: true })),
    ShapeError,
    "needs the derivative of the loss",
  );
  tape.release();
});

Deno.test("a tensor is viewed under shapes of its own size only", () => {
  const tape = new Tape(gpu().device);
  const x = tape.empty([2, 3, 4]);
  assertEquals([x.rows, x.columns, x.size, x.byteLength], [6, 4, 24, 96]);
  assertEquals(x.reshape([8, 3]).rows, 8);
  assertThrows(() => x.reshape([5, 5]), ShapeError, "24 elements against 25");
  tape.release();
});
