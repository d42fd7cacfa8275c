/**
 * Matrix multiplication: every transpose, storage, epilogue and tile against float64.
 */
import { assert, assertEquals, assertGreater, assertThrows } from "../../std/assert.ts";
import {
  Device,
  matmul,
  type MatmulArguments,
  ShapeError,
  sizeOf,
  Tape,
  Tensor,
  type Transposes,
} from "../../kernels/kernels.ts";
import { type Tuning, tuningFor } from "../../kernels/tuning.ts";
import { Random } from "../../std/random.ts";
import { assertClose, assertSameBits } from "./close.ts";
import { Gpu, useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";
import { gelu } from "./reference/gelu.ts";
import * as reference from "./reference/matmul.ts";

const gpu = useGpu();

const ALL_TRANSPOSES = ["NN", "NT", "TN", "TT"] as const;

/** What besides the product a call asks for. */
interface Extras {
  readonly bias: boolean;
  readonly accumulate: 0 | 1;
  readonly residual: boolean;
  readonly columnSums: boolean;
  readonly activation: boolean;
}

const NO_EXTRAS: Extras = {
  bias: false,
  accumulate: 0,
  residual: false,
  columnSums: false,
  activation: false,
};

interface Case extends reference.MatmulSizes {
  readonly batch: number;
  readonly a: "f32" | "f16";
  readonly b: "f32" | "f16";
}

function shapesOf({ transposes, rows, columns, depth, batch }: Case): [number[], number[]] {
  return [
    transposes[0] === "T" ? [batch * depth, rows] : [batch * rows, depth],
    transposes[1] === "T" ? [batch * columns, depth] : [batch * depth, columns],
  ];
}

/** Numbers as a tensor of this type holds them. */
function stored(random: Random, count: number, type: "f32" | "f16"): Float32Array<ArrayBuffer> {
  const values = numbers(random, count);
  return type === "f16" ? Float32Array.from(Float16Array.from(values)) : values;
}

/** The products of a batch, one after the other. */
function productOf(sizes: Case, a: Float32Array, b: Float32Array): Float64Array {
  const { batch, rows, columns } = sizes;
  const out = new Float64Array(batch * rows * columns);
  for (let i = 0; i < batch; i++) {
    const part = (all: Float32Array) =>
      all.subarray(i * all.length / batch, (i + 1) * all.length / batch);
    out.set(reference.matmul(sizes, part(a), part(b)), i * rows * columns);
  }
  return out;
}

/** Multiplies random matrices and compares with float64. */
async function check(
  on: Gpu,
  random: Random,
  sizes: Case,
  extras: Extras,
  tolerance = 2e-5,
): Promise<void> {
  const { rows, columns, depth, transposes, batch } = sizes;
  const a = stored(random, batch * rows * depth, sizes.a);
  const b = stored(random, batch * depth * columns, sizes.b);
  const bias = numbers(random, columns);
  const [earlier, residual] = [0, 1].map(() => numbers(random, batch * rows * columns));
  const sumsBefore = numbers(random, columns);
  const [shapeA, shapeB] = shapesOf(sizes);
  const shape = [batch * rows, columns];
  const run = () =>
    on.run((tape) => {
      const out = extras.accumulate === 1 ? tape.upload(earlier!, shape) : tape.empty(shape);
      const columnSums = tape.upload(sumsBefore);
      const before = tape.empty(shape);
      matmul(tape, {
        transposes,
        batch,
        a: on.leaf(tape, a, shapeA, sizes.a),
        b: on.leaf(tape, b, shapeB, sizes.b),
        out,
        accumulate: extras.accumulate,
        ...(extras.bias ? { bias: tape.upload(bias) } : {}),
        ...(extras.residual ? { residual: tape.upload(residual!, shape) } : {}),
        ...(extras.columnSums ? { columnSums } : {}),
        ...(extras.activation ? { activation: { name: "gelu", before } } : {}),
      });
      return on.read([out, columnSums, ...(extras.activation ? [before] : [])]);
    });
  const [out, sums, before] = await run();
  const what = `${JSON.stringify(sizes)} ${JSON.stringify(extras)}`;
  const linear = productOf(sizes, a, b).map((value, i) =>
    value + (extras.bias ? bias[i % columns]! : 0) + (extras.residual ? residual![i]! : 0) +
    (extras.accumulate === 1 ? earlier![i]! : 0)
  );
  if (before !== undefined) {
    assertClose(before, linear, tolerance, `${what}, before the activation`);
  }
  assertClose(out!, extras.activation ? gelu(linear) : linear, tolerance, what);
  const added = extras.columnSums ? reference.columnSums(b, columns) : new Float64Array(columns);
  const expected = sumsBefore.map((value, i) => value + added[i]!);
  assertClose(sums!, expected, 2e-5, `${what}, column sums`);
  assertSameBits((await run())[0]!, out!, `${what}, run again`);
}

function extrasOf(random: Random, { transposes, batch }: Case): Extras {
  const activation = random.next() < 0.3;
  return {
    bias: random.next() < 0.5,
    accumulate: !activation && random.next() < 0.5 ? 1 : 0,
    residual: !activation && random.next() < 0.5,
    columnSums: transposes === "TN" && batch === 1 && random.next() < 0.7,
    activation,
  };
}

/** Any extents; columns are a multiple of 4 as often as not. */
function anySizes(random: Random, transposes: Transposes): Case {
  const extent = (most: number) =>
    random.next() < 0.5 ? between(random, 1, most) : 4 * between(random, 1, most / 4);
  const type = () => random.pick(["f32", "f16"] as const);
  return {
    transposes,
    rows: extent(80),
    columns: extent(140),
    depth: extent(140),
    batch: random.pick([1, 1, 3]),
    a: type(),
    b: type(),
  };
}

/** The device of the tests with other tiles. */
function withTuning(tuning: Tuning): Gpu {
  const { device } = gpu();
  return new Gpu(new Device(device.gpu, device.adapter, tuning));
}

const software = tuningFor({ software: true });

for (const transposes of ALL_TRANSPOSES) {
  Deno.test(`matmul ${transposes} of any shape equals float64`, () =>
    forAll(8, async (random) => {
      const sizes = anySizes(random, transposes);
      await check(gpu(), random, sizes, extrasOf(random, sizes));
    }));

  Deno.test(`matmul ${transposes} with tiles of a workgroup equals float64`, async () => {
    for (const tile of software.workgroupTiles) {
      const on = withTuning({
        ...software,
        matmul: "workgroup",
        workgroupTiles: [{ ...tile, from: 0 }],
      });
      await forAll(3, async (random) => {
        const sizes = anySizes(random, transposes);
        await check(on, random, sizes, extrasOf(random, sizes));
      });
      assertEquals(on.textures, 0);
    }
  });
}

for (const tile of software.registerTiles) {
  Deno.test(`matmul with tiles of ${tile.rows}x${4 * tile.columns} registers equals float64`, () => {
    const on = withTuning({ ...software, registerTiles: [{ ...tile, from: 0 }] });
    return forAll(4, async (random) => {
      const sizes = { ...anySizes(random, random.pick(ALL_TRANSPOSES)), columns: 132, batch: 1 };
      const before = on.textures;
      await check(on, random, sizes, extrasOf(random, sizes));
      assertEquals(on.textures - before, 4, "textures of two runs");
    });
  });
}

Deno.test("operands with more rows than one panel of a texture stand in several", async () => {
  const rows = 8192 + 8192 + 3;
  const sizes = { rows: 3, columns: 4, depth: 64, batch: 1, a: "f32", b: "f16" } as const;
  const before = gpu().textures;
  await check(gpu(), new Random(1), { ...sizes, transposes: "NN", rows }, NO_EXTRAS);
  await check(gpu(), new Random(2), { ...sizes, transposes: "NT", columns: rows }, NO_EXTRAS);
  await check(gpu(), new Random(3), { ...sizes, transposes: "TT", depth: rows }, NO_EXTRAS);
  assertEquals(gpu().textures - before, 12);
});

Deno.test("an operand wider than a texture is multiplied from its buffer", async () => {
  const depth = 4 * gpu().device.gpu.limits.maxTextureDimension2D + 1;
  const wide = {
    transposes: "NT",
    rows: 2,
    columns: 3,
    depth,
    batch: 1,
    a: "f32",
    b: "f32",
  } as const;
  const before = gpu().textures;
  await check(gpu(), new Random(1), wide, { ...NO_EXTRAS, bias: true });
  assertEquals(gpu().textures, before);
});

/** The product of all-one matrices plus a bias of ones: every element is the inner extent and one. */
function productOfOnes(on: Gpu, sizes: reference.MatmulSizes): Promise<Float32Array> {
  const { transposes, rows, columns } = sizes;
  const [shapeA, shapeB] = shapesOf({ ...sizes, batch: 1, a: "f32", b: "f32" });
  return on.run((tape) => {
    const ones = (shape: readonly number[]) =>
      tape.upload(new Float32Array(sizeOf(shape)).fill(1), shape);
    const out = tape.empty([rows, columns]);
    const [a, b] = [ones(shapeA), ones(shapeB)];
    matmul(tape, { transposes, a, b, out, bias: ones([columns]) });
    return tape.device.stream.read(out);
  });
}

/** Beyond these depths an invocation would exceed the software adapter's silent limit of loop turns. */
Deno.test("an inner extent beyond one call's loops is summed in parts to its end", async () => {
  const workgroups = withTuning({ ...software, matmul: "workgroup" });
  const shape = { rows: 3, columns: 8 };
  for (
    const [on, transposes, depth] of [
      [gpu(), "TN", 262_112],
      [gpu(), "TN", 262_113],
      [gpu(), "TN", 300_001],
      [gpu(), "NN", 65_532],
      [workgroups, "NT", 40_321],
      [workgroups, "TN", 100_003],
    ] as const
  ) {
    const product = await productOfOnes(on, { ...shape, transposes, depth });
    assert(product.every((sum) => sum === depth + 1), `${transposes} over ${depth}: ${product}`);
  }
});

Deno.test("an activation is applied to the whole of a product summed in parts", async () => {
  const sizes = { transposes: "NN", rows: 2, columns: 8, batch: 1, a: "f32", b: "f32" } as const;
  const on = withTuning({ ...software, matmul: "workgroup" });
  const extras = { ...NO_EXTRAS, bias: true, activation: true };
  const random = new Random(5);
  await check(on, random, { ...sizes, depth: 40_000 }, extras, 2e-4);
});

Deno.test("more workgroups than one dimension holds compute every element", () =>
  gpu().run(async (tape) => {
    const extent = 2056;
    assertGreater(Math.ceil(extent / 8) * Math.ceil(extent / 8), 65_535);
    const upwards = Float32Array.from({ length: extent }, (_, i) => i);
    const a = tape.upload(upwards, [extent, 1]);
    const b = tape.upload(upwards, [1, extent]);
    const out = tape.empty([extent, extent]);
    matmul(tape, { transposes: "NN", a, b, out });
    const [product] = await gpu().read([out]);
    const wrong = product!.findIndex((value, i) => value !== Math.floor(i / extent) * (i % extent));
    assertEquals(wrong, -1);
  }));

/** A tensor of this shape whose elements are never touched. */
function claimed(shape: readonly number[]): Tensor {
  return new Tensor(shape, gpu().device.pool.buffer(16), 0, false);
}

Deno.test("matmul refuses operands, results, biases and sums that do not fit", () => {
  const [a, b, out] = [claimed([2, 3]), claimed([3, 5]), claimed([2, 5])];
  const refuses = (call: Partial<MatmulArguments>, message: string) =>
    assertThrows(
      () =>
        matmul(new Tape(gpu().device), {
          transposes: "NN",
          a,
          b,
          out,
          ...call,
        }),
      ShapeError,
      message,
    );
  refuses({ b: claimed([4, 5]) }, "(2,3) and (4,5) do not give (2,5)");
  refuses({ out: claimed([2, 4]) }, "do not give (2,4)");
  refuses({ transposes: "NT" }, "matmul NT");
  refuses({ bias: claimed([4]) }, "bias (4)");
  refuses({ bias: claimed([5]), columnSums: claimed([5]) }, "columnSums");
  refuses(
    { transposes: "TN", a: claimed([3, 2]), columnSums: claimed([4]) },
    "columnSums (4)",
  );
  refuses({ batch: 2 }, "a batch of 2");
  refuses({ residual: claimed([2, 4]) }, "(2,4) beside the result");
  const activation = { name: "gelu", before: claimed([2, 5]) } as const;
  refuses({ activation: { ...activation, before: out } }, "memory of its own");
  refuses({ activation, accumulate: 1 }, "excludes residual and accumulate");
});
