/**
 * Causal multi-head attention over packed sequences of different lengths, without padding and
 * without ever holding the T × T matrix (online softmax: Milakov & Gimelshein 2018; recomputation in
 * the backward pass: Dao et al. 2022).
 *
 * Queries, keys and values stand in one tensor, (rows, 3, heads, headDim). A list of spans says
 * which row each query is and which rows it may look at, so the same kernel serves a training batch
 * (all rows, packed) and decoding against a cache (one row per sequence).
 * @module
 */
import { requireShape } from "../errors.ts";
import { defineKernel, type Kernel, MAX_ITERATIONS, unroll } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import type { Resource } from "../pipelines.ts";

/** Which rows belong together. */
export interface AttentionSpans {
  /**
   * (queries, 4) u32: row of the query, first row of its sequence, end of its sequence, 0.
   * No sequence is longer than 65,535 rows.
   */
  readonly spans: Tensor;
  /** Number of heads the columns are split into. */
  readonly heads: number;
}

/**
 * The spans of sequences packed one after another, every row a query. Throws a ShapeError for a
 * sequence of more than 65,535 rows.
 */
export function packedSpans(lengths: readonly number[]): Uint32Array {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const spans = new Uint32Array(total * 4);
  let start = 0;
  for (const length of lengths) {
    requireShape(
      length <= MAX_ITERATIONS,
      `attention: a sequence of ${length} rows is longer than ${MAX_ITERATIONS}`,
    );
    for (let row = start; row < start + length; row++) {
      spans.set([row, start, start + length, 0], row * 4);
    }
    start += length;
  }
  return spans;
}

type Source = "texture" | "buffer";

interface Kernels {
  readonly forward: Kernel<
    "qkv" | "spans" | "y" | "logSums",
    "heads" | "scale"
  >;
  readonly backwardQuery: Kernel<
    "qkv" | "spans" | "y" | "dy" | "logSums" | "deltas" | "dqkv",
    "heads" | "scale" | "accumulate"
  >;
  readonly backwardKey: Kernel<
    "qkv" | "spans" | "dy" | "logSums" | "deltas" | "dqkv",
    "heads" | "scale" | "accumulate"
  >;
}

/** `width` is headDim / 4; `part` 0, 1, 2 is query, key, value. */
function loadFunction(source: Source): string {
  return source === "texture"
    ? "fn load(row: u32, column: u32) -> vec4f { return textureLoad(qkv, vec2u(column, row), 0); }"
    : "fn load(row: u32, column: u32) -> vec4f { return qkv[row * 3u * p.heads * WIDTH + column]; }";
}

function kernelsFor(width: number, source: Source): Kernels {
  const qkv = source === "texture" ? "texture" as const : "read vec4f" as const;
  const declarations = `const WIDTH = ${width}u;\n${loadFunction(source)}`;
  const each = (line: (i: number) => string) => unroll(width, line);
  /** Dot product of two registers arrays, `a0..` and an expression. */
  const dots = (a: string, b: (i: number) => string) =>
    Array.from({ length: width }, (_, i) => `dot(${a}${i}, ${b(i)})`).join(
      " + ",
    );
  const head = `let head = index % p.heads;
let query = index / p.heads;
let span = spans[query];
let keys = (p.heads + head) * WIDTH;
let values = (2u * p.heads + head) * WIDTH;`;
  const store = (part: number, names: string) =>
    `{ let at = (span.x * 3u + ${part}u) * p.heads * WIDTH + head * WIDTH;
if (p.accumulate == 1u) {
${each((i) => `dqkv[at + ${i}u] += ${names}${i};`)}
} else {
${each((i) => `dqkv[at + ${i}u] = ${names}${i};`)}
} }`;

  const forward = defineKernel({
    label: "attention",
    bindings: {
      qkv, // (rows, 3, heads, headDim)
      spans: "read vec4u", // (queries)
      y: "write vec4f", // (queries, heads, headDim)
      logSums: "write f32", // (queries, heads): log of the softmax's denominator
    },
    parameters: { heads: "u32", scale: "f32" },
    workgroupSize: 8,
    declarations,
    body: `${head}
${each((i) => `let q${i} = load(span.x, head * WIDTH + ${i}u) * p.scale; var o${i} = vec4f();`)}
var highest = -3.0e38;
var total = 0.0;
for (var row = span.y; row <= span.x; row++) {
${each((i) => `let k${i} = load(row, keys + ${i}u); let v${i} = load(row, values + ${i}u);`)}
  let score = ${dots("q", (i) => `k${i}`)};
  let top = max(highest, score);
  let shrink = exp(highest - top);
  let weight = exp(score - top);
  total = total * shrink + weight;
  highest = top;
${each((i) => `o${i} = o${i} * shrink + weight * v${i};`)}
}
${each((i) => `y[index * WIDTH + ${i}u] = o${i} / total;`)}
logSums[index] = highest + log(total);`,
  });

  const backwardQuery = defineKernel({
    label: "attention backward, queries",
    bindings: {
      qkv,
      spans: "read vec4u",
      y: "read vec4f",
      dy: "read vec4f",
      logSums: "read f32",
      deltas: "write f32", // (queries, heads): Σ dy · y
      dqkv: "write vec4f",
    },
    parameters: { heads: "u32", scale: "f32", accumulate: "u32" },
    workgroupSize: 8,
    declarations,
    body: `${head}
${
      each((i) =>
        `let q${i} = load(span.x, head * WIDTH + ${i}u) * p.scale;
let d${i} = dy[index * WIDTH + ${i}u]; var g${i} = vec4f();`
      )
    }
let delta = ${dots("d", (i) => `y[index * WIDTH + ${i}u]`)};
deltas[index] = delta;
let logSum = logSums[index];
for (var row = span.y; row <= span.x; row++) {
${each((i) => `let k${i} = load(row, keys + ${i}u); let v${i} = load(row, values + ${i}u);`)}
  let weight = exp(${dots("q", (i) => `k${i}`)} - logSum);
  let slope = weight * (${dots("d", (i) => `v${i}`)} - delta) * p.scale;
${each((i) => `g${i} += slope * k${i};`)}
}
${store(0, "g")}`,
  });

  const backwardKey = defineKernel({
    label: "attention backward, keys and values",
    bindings: {
      qkv,
      spans: "read vec4u",
      dy: "read vec4f",
      logSums: "read f32",
      deltas: "read f32",
      dqkv: "write vec4f",
    },
    parameters: { heads: "u32", scale: "f32", accumulate: "u32" },
    workgroupSize: 8,
    declarations,
    body: `${head}
${
      each((i) =>
        `let k${i} = load(span.x, keys + ${i}u) * p.scale; let v${i} = load(span.x, values + ${i}u);
var dk${i} = vec4f(); var dv${i} = vec4f();`
      )
    }
for (var row = span.x; row < span.z; row++) {
  let at = row * p.heads + head;
${each((i) => `let q${i} = load(row, head * WIDTH + ${i}u); let d${i} = dy[at * WIDTH + ${i}u];`)}
  let weight = exp(${dots("k", (i) => `q${i}`)} - logSums[at]);
  let slope = weight * (${dots("d", (i) => `v${i}`)} - deltas[at]) * p.scale;
${each((i) => `dk${i} += slope * q${i}; dv${i} += weight * d${i};`)}
}
${store(1, "dk")}
${store(2, "dv")}`,
  });
  return { forward, backwardQuery, backwardKey };
}

const known = new Map<string, Kernels>();

function kernelsOf(width: number, source: Source): Kernels {
  const key = `${width} ${source}`;
  let kernels = known.get(key);
  if (kernels === undefined) {
    known.set(key, kernels = kernelsFor(width, source));
  }
  return kernels;
}

/**
 * `y (queries, heads · headDim) = softmax(Q Kᵀ / √headDim) V` per sequence and head, causal.
 *
 * `qkv` is (rows, 3 · heads · headDim), headDim a multiple of 4. Backward needs every row to be a
 * query, in order ({@linkcode packedSpans}).
 */
export function attention(
  tape: Tape,
  qkv: Tensor,
  layout: AttentionSpans,
): Tensor {
  const { heads, spans } = layout;
  const headDim = qkv.columns / 3 / heads;
  requireShape(
    Number.isInteger(headDim) && headDim % 4 === 0,
    `attention: ${qkv.columns} columns do not hold query, key and value of ${heads} heads ` +
      `whose size is a multiple of 4`,
  );
  const { stream } = tape.device;
  const queries = spans.size / 4;
  // Decoding reads a few rows of a large cache: copying all of it would cost more than it saves.
  const image = queries < qkv.rows || qkv.rows > 8192 ? undefined : tape.image(qkv);
  const kernels = kernelsOf(
    headDim / 4,
    image === undefined ? "buffer" : "texture",
  );
  const source: Resource = image?.texture ?? qkv;
  const y = tape.result([queries, heads * headDim], qkv.requiresGradient);
  const logSums = tape.empty([queries, heads]);
  const scale = 1 / Math.sqrt(headDim);
  const count = queries * heads;
  stream.dispatch(kernels.forward, { qkv: source, spans, y, logSums }, {
    heads,
    scale,
  }, count);
  tape.record(y, (dy) => {
    const target = tape.target(qkv);
    if (target === undefined) return;
    requireShape(
      queries === qkv.rows,
      `attention: backward needs every row as a query, got ${queries} of ${qkv.rows}`,
    );
    const deltas = tape.empty([queries, heads]);
    const numbers = { heads, scale, accumulate: target.accumulate };
    const common = {
      qkv: source,
      spans,
      dy,
      logSums,
      deltas,
      dqkv: target.gradient,
    };
    stream.dispatch(kernels.backwardQuery, { ...common, y }, numbers, count);
    stream.dispatch(kernels.backwardKey, common, numbers, count);
  });
  return y;
}
