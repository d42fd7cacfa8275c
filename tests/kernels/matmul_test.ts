/**
 * Matrix multiplication in all transposes, on its fast and on its plain path.
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertStringIncludes,
  assertThrows,
} from "../../std/assert.ts";
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
import { Random } from "../../std/random.ts";
import { assertClose, assertSameBits } from "./close.ts";
import { Gpu, useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";
import * as reference from "./reference/matmul.ts";

const gpu = useGpu();

/** What besides the product a call asks for. */
interface Extras {
  readonly bias: boolean;
  readonly accumulate: 0 | 1;
  readonly columnSums: boolean;
}

function shapesOf(
  { transposes, rows, columns, depth }: reference.MatmulSizes,
): [number[], number[]] {
  return [
    transposes === "TN" ? [depth, rows] : [rows, depth],
    transposes === "NT" ? [columns, depth] : [depth, columns],
  ];
}

/** Multiplies random matrices and compares with float64. */
async function check(
  on: Gpu,
  random: Random,
  sizes: reference.MatmulSizes,
  extras: Extras,
): Promise<void> {
  const { rows, columns, depth, transposes } = sizes;
  const [a, b] = [
    numbers(random, rows * depth),
    numbers(random, depth * columns),
  ];
  const bias = numbers(random, columns);
  const before = numbers(random, rows * columns);
  const sumsBefore = numbers(random, columns);
  const [shapeA, shapeB] = shapesOf(sizes);
  const run = () =>
    on.run((tape) => {
      const out = extras.accumulate === 1
        ? tape.upload(before, [rows, columns])
        : tape.empty([rows, columns]);
      const columnSums = tape.upload(sumsBefore);
      matmul(tape, {
        transposes,
        a: tape.upload(a, shapeA),
        b: tape.upload(b, shapeB),
        out,
        accumulate: extras.accumulate,
        ...(extras.bias ? { bias: tape.upload(bias) } : {}),
        ...(extras.columnSums ? { columnSums } : {}),
      });
      return on.read([out, columnSums]);
    });
  const [out, sums] = await run();
  const what = `${transposes} ${rows}x${depth}x${columns} ${JSON.stringify(extras)}`;
  const product = reference.matmul(sizes, a, b).map((value, i) =>
    value + (extras.bias ? bias[i % columns]! : 0) +
    (extras.accumulate === 1 ? before[i]! : 0)
  );
  assertClose(out!, product, 2e-5, what);
  const added = extras.columnSums ? reference.columnSums(b, columns) : new Float64Array(columns);
  const expected = sumsBefore.map((value, i) => value + added[i]!);
  assertClose(sums!, expected, 2e-5, `${what}, column sums`);
  assertSameBits((await run())[0]!, out!, `${what}, run again`);
}

function extrasOf(random: Random, transposes: Transposes): Extras {
  return {
    bias: random.next() < 0.5,
    accumulate: random.next() < 0.5 ? 1 : 0,
    columnSums: transposes === "TN" && random.next() < 0.7,
  };
}

/** Random extents that textures can hold: rows of 64 elements, four columns at a time. */
function fastSizes(
  random: Random,
  transposes: Transposes,
): reference.MatmulSizes {
  const many = () => 64 * between(random, 1, 3);
  const odd = () => between(random, 1, 90);
  return {
    transposes,
    rows: transposes === "TN" ? many() : odd(),
    columns: transposes === "NT" ? 4 * between(random, 1, 40) : many(),
    depth: transposes === "TN" ? odd() : many(),
  };
}

for (const transposes of ["NN", "NT", "TN"] as const) {
  Deno.test(`matmul ${transposes} from textures equals float64`, () =>
    forAll(6, async (random) => {
      const before = gpu().textures;
      const sizes = fastSizes(random, transposes);
      await check(gpu(), random, sizes, extrasOf(random, transposes));
      assertEquals(gpu().textures - before, 4, "textures of two runs");
    }));

  Deno.test(`matmul ${transposes} of any shape equals float64`, () =>
    forAll(6, async (random) => {
      const sizes = {
        transposes,
        rows: between(random, 1, 40),
        columns: 2 * between(random, 0, 20) + 1,
        depth: between(random, 1, 70),
      };
      await check(gpu(), random, sizes, extrasOf(random, transposes));
    }));
}

Deno.test("the tiles chosen for a hardware GPU give the same product", async () => {
  const { device } = gpu();
  const hardware = new Gpu(
    new Device(device.gpu, { ...device.adapter, software: false }),
  );
  const textures = hardware.textures;
  await forAll(1, async (random) => {
    for (const transposes of ["NN", "NT", "TN"] as const) {
      const sizes = fastSizes(random, transposes);
      await check(hardware, random, sizes, extrasOf(random, transposes));
    }
  });
  assertGreater(hardware.textures, textures);
});

Deno.test("an operand with more rows than a texture takes the plain path", async () => {
  const rows = gpu().device.gpu.limits.maxTextureDimension2D + 1;
  const before = gpu().textures;
  const extras = { bias: true, accumulate: 0, columnSums: false } as const;
  const tall = { transposes: "NN", rows, columns: 4, depth: 64 } as const;
  await check(gpu(), new Random(1), tall, extras);
  assertEquals(gpu().textures, before);
});

/** The product of all-one matrices, whose every element is the inner extent. */
function productOfOnes(sizes: reference.MatmulSizes): Promise<Float32Array> {
  const { transposes, rows, columns } = sizes;
  const [shapeA, shapeB] = shapesOf(sizes);
  return gpu().run((tape) => {
    const ones = (shape: readonly number[]) =>
      tape.upload(new Float32Array(sizeOf(shape)).fill(1), shape);
    const out = tape.empty([rows, columns]);
    const [a, b] = [ones(shapeA), ones(shapeB)];
    matmul(tape, { transposes, a, b, out });
    return tape.device.stream.read(out);
  });
}

Deno.test("the largest inner extent is summed to its end", async () => {
  const depth = 65_535;
  const textureRows = gpu().device.gpu.limits.maxTextureDimension2D;
  for (
    const sizes of [
      { transposes: "TN", rows: 3, columns: 5, depth },
      { transposes: "NT", rows: 3, columns: 5, depth },
      { transposes: "TN", rows: 64, columns: 64, depth: textureRows },
      { transposes: "NN", rows: 1, columns: 64, depth: textureRows },
    ] as const
  ) {
    const product = await productOfOnes(sizes);
    assert(product.every((sum) => sum === sizes.depth), JSON.stringify(sizes));
  }
});

Deno.test("more workgroups than one dimension holds compute every element", () =>
  gpu().run(async (tape) => {
    const extent = 2049;
    assertGreater(extent ** 2, 65_535 * 64);
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

Deno.test("matmul refuses an inner extent beyond the adapter's silent limit", () => {
  const error = assertThrows(
    () =>
      matmul(new Tape(gpu().device), {
        transposes: "NN",
        a: claimed([1, 65_536]),
        b: claimed([65_536, 1]),
        out: claimed([1, 1]),
      }),
    ShapeError,
    "65536 exceeds 65535",
  );
  assertStringIncludes(error.message, "use smaller batches");
});

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
});
