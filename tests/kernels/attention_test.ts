/**
 * Attention over packed sequences and against a cache, from textures and from buffers.
 */
import { assertEquals, assertThrows } from "../../std/assert.ts";
import { attention, packedSpans, ShapeError, Tape } from "../../kernels/kernels.ts";
import { Random } from "../../std/random.ts";
import { checkOperation, type Operation } from "./check_operation.ts";
import { assertClose } from "./close.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";
import * as reference from "./reference/attention.ts";

const gpu = useGpu();

function packedQueries(lengths: readonly number[]) {
  let first = 0;
  return lengths.flatMap((length) => {
    const start = first;
    first += length;
    return Array.from({ length }, (_, i) => ({ row: start + i, first: start }));
  });
}

function packed(
  lengths: readonly number[],
  heads: number,
  headDim: number,
): Operation {
  const queries = packedQueries(lengths);
  const sizes = { heads, headDim, queries };
  return {
    name: `attention over (${lengths}), ${heads} heads of ${headDim}`,
    shapes: [[queries.length, 3 * heads * headDim]],
    run: (tape, [qkv]) =>
      attention(tape, qkv!, {
        heads,
        spans: tape.upload(packedSpans(lengths), [queries.length, 4]),
      }),
    forward: ([qkv]) => reference.attention(sizes, qkv!),
    backward: (
      [qkv],
      dy,
    ) => [reference.attentionBackward(sizes, qkv!, dy)],
  };
}

function lengthsOf(random: Random): number[] {
  return Array.from(
    { length: between(random, 1, 4) },
    () => random.next() < 0.3 ? 1 : between(random, 2, 25),
  );
}

/** Heads × head size: three times their product fills whole texture rows of 64 elements, or does not. */
const SHAPES = [[16, 4], [8, 8], [4, 32], [1, 4], [3, 4], [3, 8], [1, 32]] as const;

Deno.test("attention from textures, and its derivative, equal float64", () =>
  forAll(10, async (random) => {
    const before = gpu().textures;
    const [heads, headDim] = random.pick(SHAPES);
    const operation = packed(lengthsOf(random), heads, headDim);
    await checkOperation(gpu(), random, operation);
    assertEquals(gpu().textures - before, 2, "textures of two runs");
  }));

Deno.test("attention over sequences of one row each returns their values", () =>
  checkOperation(gpu(), new Random(1), packed([1, 1, 1], 3, 4)));

Deno.test("attention with scores far apart neither overflows nor loses weight", () => {
  const random = new Random(2);
  return checkOperation(gpu(), random, {
    ...packed([9, 4], 3, 4),
    // Scores reach some hundreds: exp of them is infinite in f32.
    data: [numbers(random, 13 * 36, 25)],
    tolerance: 1e-3,
  });
});

Deno.test("attention over more rows than a texture holds reads its buffer", async () => {
  const rows = gpu().device.gpu.limits.maxTextureDimension2D + 5;
  const lengths = [
    ...new Array<number>(Math.floor(rows / 7)).fill(7),
    rows % 7,
  ];
  const before = gpu().textures;
  const { run, forward, shapes } = packed(lengths, 16, 4);
  const data = numbers(new Random(3), rows * shapes[0]![1]!);
  await gpu().run(async (tape) => {
    const y = run(tape, [tape.upload(data, shapes[0])]);
    const [result] = await gpu().read([y]);
    const expected = forward([Float64Array.from(data)]);
    assertClose(result!, expected, 2e-5, "result");
  });
  assertEquals(gpu().textures, before);
});

Deno.test("attention of single queries against a cache equals float64", () =>
  forAll(4, async (random) => {
    const [heads, headDim] = random.pick(SHAPES);
    const slots = between(random, 5, 20); // rows of the cache for each sequence
    const queries = Array.from({ length: 3 }, (_, sequence) => {
      const first = sequence * slots;
      return { row: first + random.below(slots), first };
    });
    const shape = [3 * slots, 3 * heads * headDim];
    const cache = numbers(random, shape[0]! * shape[1]!);
    // Rows after a query's own are not filled yet.
    for (const { row, first } of queries) {
      cache.fill(NaN, (row + 1) * shape[1]!, (first + slots) * shape[1]!);
    }
    const spans = queries.flatMap(({ row, first }) => [row, first, row + 1, 0]);
    await gpu().run(async (tape) => {
      const y = attention(tape, tape.upload(cache, shape), {
        heads,
        spans: tape.upload(Uint32Array.from(spans), [3, 4]),
      });
      assertEquals(y.shape, [3, heads * headDim]);
      const [result] = await gpu().read([y]);
      const exact = Float64Array.from(cache);
      const expected = reference.attention({ heads, headDim, queries }, exact);
      assertClose(result!, expected, 2e-5, `cache (${shape})`);
    }, { gradients: false });
  }));

Deno.test("the longest sequence is attended to its end", () =>
  gpu().run(async (tape) => {
    const rows = 65_535;
    // All keys are equal, so the result is the mean of the values, to which the first and the
    // last row contribute 1 each.
    const qkv = new Float32Array(rows * 12);
    qkv.fill(rows, 8, 12);
    qkv.fill(rows, qkv.length - 4);
    const y = attention(tape, tape.upload(qkv, [rows, 12]), {
      heads: 1,
      spans: tape.upload(Uint32Array.of(rows - 1, 0, rows, 0), [1, 4]),
    });
    const [result] = await gpu().read([y]);
    assertClose(result!, [2, 2, 2, 2], 1e-4, "mean of the values");
  }));

Deno.test("attention refuses heads, sequences and derivatives it cannot do", () => {
  const tape = new Tape(gpu().device);
  const spans = tape.upload(packedSpans([2]), [2, 4]);
  const refuses = (run: () => unknown, message: string) => assertThrows(run, ShapeError, message);
  const qkv = tape.empty([2, 36], { requiresGradient: true });
  refuses(() => attention(tape, qkv, { heads: 5, spans }), "36 columns");
  refuses(() => attention(tape, qkv, { heads: 2, spans }), "multiple of 4");
  refuses(() => packedSpans([3, 65_536]), "65536");
  const one = tape.upload(Uint32Array.of(1, 0, 2, 0), [1, 4]);
  const y = attention(tape, qkv, { heads: 3, spans: one });
  y.gradient = tape.empty(y.shape);
  refuses(() => tape.backward(y), "every row as a query, got 1 of 2");
  tape.release();
});
