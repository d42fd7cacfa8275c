/**
 * Attention over packed sequences, over sequences that share a prefix and against a cache; with as
 * many heads of keys as of queries and with fewer; on textures and on buffers.
 */
import { assertEquals, assertGreater, assertThrows } from "../../std/assert.ts";
import {
  attention,
  Device,
  packedSpans,
  ShapeError,
  sharedPrefixSpans,
  type Span,
  Tape,
} from "../../kernels/kernels.ts";
import { keyKernel, queryKernel } from "../../kernels/ops/attention/backward.ts";
import { blocksOf } from "../../kernels/ops/attention/spans.ts";
import { type Tuning, tuningFor } from "../../kernels/tuning.ts";
import { Random } from "../../std/random.ts";
import { checkOperation, type Operation } from "./check_operation.ts";
import { assertClose } from "./close.ts";
import { Gpu, useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";
import * as reference from "./reference/attention.ts";

const gpu = useGpu();
const software = tuningFor({ software: true });

function withTuning(tuning: Tuning): Gpu {
  const { device } = gpu();
  return new Gpu(new Device(device.gpu, device.adapter, tuning));
}

interface Heads {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
}

/** Every query of the spans, in order, with the rows it looks at. */
function queriesOf(spans: readonly Span[]) {
  return spans.flatMap(({ row, queries, first, prefix = { first: 0, end: 0 } }) =>
    Array.from({ length: queries }, (_, i) => ({
      row: row + i,
      keys: [
        ...Array.from({ length: prefix.end - prefix.first }, (_, j) => prefix.first + j),
        ...Array.from({ length: row + i + 1 - first }, (_, j) => first + j),
      ],
    }))
  );
}

function columnsOf({ heads, keyValueHeads, headDim }: Heads): number {
  return (heads + 2 * keyValueHeads) * headDim;
}

function operation(spans: readonly Span[], shape: Heads): Operation {
  const queries = queriesOf(spans);
  const sizes = { ...shape, queries };
  const rows = spans.reduce((most, span) => Math.max(most, span.row + span.queries), 0);
  return {
    name: `attention ${JSON.stringify(shape)} over ${JSON.stringify(spans)}`,
    shapes: [[rows, columnsOf(shape)]],
    run: (tape, [qkv]) => attention(tape, qkv!, { ...shape, spans }),
    forward: ([qkv]) => reference.attention(sizes, qkv!),
    backward: ([qkv], dy) => [reference.attentionBackward(sizes, qkv!, dy)],
  };
}

function lengthsOf(random: Random): number[] {
  return Array.from(
    { length: between(random, 1, 4) },
    () => random.next() < 0.3 ? 1 : between(random, 2, 35),
  );
}

function headsOf(random: Random): Heads {
  const [keyValueHeads, headDim] = random.pick(
    [[16, 4], [8, 8], [4, 32], [1, 4], [3, 4], [1, 8], [2, 64]] as const,
  );
  return { heads: keyValueHeads * random.pick([1, 1, 2, 3]), keyValueHeads, headDim };
}

for (const storage of ["f32", "f16"] as const) {
  Deno.test(`attention in ${storage} over packed sequences, and its derivative, equal float64`, () => {
    // Small blocks compile faster; the software adapter's own are checked below.
    const on = withTuning({ ...software, attentionBlock: 2 });
    return forAll(8, async (random) => {
      const before = on.textures;
      const packed = packedSpans(lengthsOf(random));
      await checkOperation(on, random, operation(packed, headsOf(random)), storage);
      if (storage === "f32") assertEquals(on.textures - before, 6, "textures of two runs");
    });
  });

  Deno.test(`attention in ${storage} as a hardware GPU reads it equals float64`, () => {
    const on = withTuning({
      ...software,
      readFrom: "buffers",
      attentionBlock: 1,
      attentionNeighbours: "blocks",
    });
    return forAll(3, async (random) => {
      const packed = packedSpans(lengthsOf(random));
      await checkOperation(on, random, operation(packed, headsOf(random)), storage);
      assertEquals(on.textures, 0);
    });
  });

  Deno.test(`attention in ${storage} with the software adapter's blocks equals float64`, () => {
    const shape = { heads: 4, keyValueHeads: 2, headDim: 16 };
    return checkOperation(
      gpu(),
      new Random(4),
      operation(packedSpans([21, 1, 10]), shape),
      storage,
    );
  });
}

Deno.test("attention with a common prefix equals that of whole sequences", () =>
  forAll(4, async (random) => {
    const prefix = between(random, 1, 20);
    const shape = { heads: 6, keyValueHeads: random.pick([2, 3]), headDim: 4 };
    const spans = [
      ...packedSpans([3]),
      ...sharedPrefixSpans(prefix, lengthsOf(random), 3),
    ];
    await checkOperation(gpu(), random, operation(spans, shape));
  }));

Deno.test("blocks of queries end with their span, and say who looks at their rows", () => {
  const spans = sharedPrefixSpans(3, [5, 2], 10);
  assertEquals([...blocksOf(spans, 4)], [
    ...[10, 3, 10, 20, 0, 0, 0, 0],
    ...[13, 4, 13, 18, 10, 13, 3, 0],
    ...[17, 1, 13, 18, 10, 13, 7, 0],
    ...[18, 2, 18, 20, 10, 13, 8, 0],
  ]);
});

Deno.test("attention over sequences of one row each returns their values", () =>
  checkOperation(
    gpu(),
    new Random(1),
    operation(packedSpans([1, 1, 1]), { heads: 3, keyValueHeads: 3, headDim: 4 }),
  ));

Deno.test("attention with scores far apart neither overflows nor loses weight", () => {
  const random = new Random(2);
  return checkOperation(gpu(), random, {
    ...operation(packedSpans([9, 4]), { heads: 3, keyValueHeads: 3, headDim: 4 }),
    // Scores reach some hundreds: exp of them is infinite in f32.
    data: [numbers(random, 13 * 36, 25)],
    tolerance: 1e-3,
  });
});

Deno.test("attention over more rows than one panel of a texture equals float64", async () => {
  const rows = 2 * 8192 + 5;
  const lengths = [...new Array<number>(Math.floor(rows / 7)).fill(7), rows % 7];
  const shape = { heads: 2, keyValueHeads: 1, headDim: 4 };
  const { run, forward, shapes } = operation(packedSpans(lengths), shape);
  const data = numbers(new Random(3), rows * shapes[0]![1]!);
  const before = gpu().textures;
  await gpu().run(async (tape) => {
    const y = run(tape, [tape.upload(data, shapes[0])]);
    const [result] = await gpu().read([y]);
    assertClose(result!, forward([Float64Array.from(data)]), 2e-5, "result");
  });
  assertGreater(gpu().textures, before);
});

Deno.test("attention of single queries against a cache equals float64", () =>
  forAll(4, async (random) => {
    const shape = headsOf(random);
    const slots = between(random, 5, 20); // rows of the cache for each sequence
    const spans = Array.from({ length: 3 }, (_, sequence) => {
      const first = sequence * slots;
      return { row: first + random.below(slots), queries: 1, first };
    });
    const columns = columnsOf(shape);
    const cache = numbers(random, 3 * slots * columns);
    // Rows after a query's own are not filled yet.
    for (const { row, first } of spans) {
      cache.fill(NaN, (row + 1) * columns, (first + slots) * columns);
    }
    await gpu().run(async (tape) => {
      const y = attention(tape, tape.upload(cache, [3 * slots, columns]), { ...shape, spans });
      assertEquals(y.shape, [3, shape.heads * shape.headDim]);
      const [result] = await gpu().read([y]);
      const sizes = { ...shape, queries: queriesOf(spans) };
      const expected = reference.attention(sizes, Float64Array.from(cache));
      assertClose(result!, expected, 2e-5, `cache of ${slots} slots`);
    }, { gradients: false });
  }));

/** The longest sequence: its last query, and the derivatives by its last query and its first key. */
Deno.test("attention's loops reach the end of the longest sequence, forward and backward", () =>
  gpu().run(async (tape) => {
    const rows = 65_533;
    // All keys are equal, so the last query's result is the mean of the values, to which the first
    // and the last row contribute 1 each.
    const data = new Float32Array(rows * 12);
    data.fill(rows, 8, 12);
    data.fill(rows, data.length - 4);
    const qkv = tape.upload(data, [rows, 12]);
    const last = { row: rows - 1, queries: 1, first: 0 };
    const y = attention(tape, qkv, { heads: 1, spans: [last] });
    const [result] = await gpu().read([y]);
    assertClose(result!, [2, 2, 2, 2], 1e-4, "mean of the values");
    // The way back needs all queries; one block of the kernels is enough to see their loops' ends.
    const { stream, tuning } = tape.device;
    const shape = {
      width: 1,
      block: 1,
      source: "buffer",
      sourceDy: "buffer",
      sourceStatistics: "buffer",
      neighbours: "heads",
      workgroup: tuning.workgroup,
    } as const;
    const numbers = {
      ...{ heads: 1, keyValueHeads: 1, scale: 0.5, blocks: 1, accumulate: 0 },
      ...{ qkvWidth: 3, dyWidth: 1, statisticsWidth: 1 },
    };
    const ones = new Float32Array(rows * 4).fill(1);
    const everyQuery = tape.upload(ones.map((_, i) => i % 4 === 0 ? Math.log2(rows) : 0));
    const [dy, dqkv] = [tape.upload(ones), tape.empty(qkv.shape)];
    const blocks = tape.upload(Uint32Array.of(0, 1, 0, rows, 0, 0, 0, 0));
    const bindings = { qkv, blocks, dy, dqkv, statistics: everyQuery };
    stream.dispatch(keyKernel(shape), bindings, numbers, 1);
    const lastBlock = tape.upload(Uint32Array.of(rows - 1, 1, 0, rows, 0, 0, 0, 0));
    const zero = tape.upload(new Float32Array(rows * 4));
    const queryBindings = { ...bindings, blocks: lastBlock, y: zero };
    // Two values differ from 0, and so do the slopes of their keys' scores: 2 each.
    const keysOfOne = tape.upload(data.map((value, i) => i % 12 >= 4 && i % 12 < 8 ? 1 : value));
    stream.dispatch(queryKernel(shape), { ...queryBindings, qkv: keysOfOne }, numbers, 1);
    const gradient = await stream.read(dqkv);
    assertClose(gradient.slice(8, 12), [1, 1, 1, 1], 1e-4, "derivative by the first value");
    const toQuery = gradient.slice(-12, -8);
    assertClose(toQuery, [4, 4, 4, 4], 1e-3, "derivative by the last query");
  }));

Deno.test("attention refuses heads, sequences and derivatives it cannot do", () => {
  const tape = new Tape(gpu().device);
  const refuses = (run: () => unknown, message: string) => assertThrows(run, ShapeError, message);
  const qkv = tape.empty([2, 36], { requiresGradient: true });
  const spans = packedSpans([2]);
  refuses(() => attention(tape, qkv, { heads: 5, spans }), "36 columns");
  refuses(() => attention(tape, qkv, { heads: 2, spans }), "multiple of 4");
  refuses(() => attention(tape, qkv, { heads: 5, keyValueHeads: 2, spans }), "share 2");
  refuses(() => attention(tape, qkv, { heads: 3, spans: packedSpans([3]) }), "does not fit");
  const backward = (given: readonly Span[], on = qkv) => () => {
    const y = attention(tape, on, { heads: 3, spans: given });
    y.gradient = tape.empty(y.shape);
    tape.backward(y);
  };
  refuses(backward([{ row: 1, queries: 1, first: 0 }]), "every row as a query");
  refuses(backward(packedSpans([1])), "got 1 of 2");
  const four = tape.empty([4, 36], { requiresGradient: true });
  const prefix = { first: 0, end: 1 };
  const apart = [...packedSpans([1, 1]), { row: 2, queries: 2, first: 2, prefix }];
  refuses(backward(apart, four), "share the prefix at row 0 to follow it");
  const long = [{ row: 0, queries: 65_536, first: 0 }];
  const claimed = tape.empty([65_536, 12]);
  refuses(() => attention(tape, claimed, { heads: 1, spans: long }), "65536 rows is longer");
  tape.release();
});
