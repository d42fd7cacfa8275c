/**
 * Causal attention in float64, the textbook way: the whole matrix of weights, one head at a time.
 * @module
 */

/** Layout of `qkv` (rows, heads + 2 · keyValueHeads, headDim), and which rows each query looks at. */
export interface AttentionSizes {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  /** Row of each query, and the rows it looks at. */
  readonly queries: readonly { readonly row: number; readonly keys: readonly number[] }[];
}

/** Where a vector starts: a query's head counts from 0, then come keys' and values' heads. */
function start({ heads, keyValueHeads, headDim }: AttentionSizes, row: number, head: number) {
  return (row * (heads + 2 * keyValueHeads) + head) * headDim;
}

/** The heads of key and value that a query's head looks at, counted as by {@linkcode start}. */
function others({ heads, keyValueHeads }: AttentionSizes, head: number): [number, number] {
  const other = Math.floor(head * keyValueHeads / heads);
  return [heads + other, heads + keyValueHeads + other];
}

function dot(
  a: Float64Array,
  atA: number,
  b: Float64Array,
  atB: number,
  count: number,
): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += a[atA + i]! * b[atB + i]!;
  return sum;
}

/** Softmax of a query's scores against the rows it looks at. */
function weightsOf(
  sizes: AttentionSizes,
  qkv: Float64Array,
  query: AttentionSizes["queries"][number],
  head: number,
): number[] {
  const { headDim } = sizes;
  const q = start(sizes, query.row, head);
  const [keyHead] = others(sizes, head);
  const scores = query.keys.map((row) =>
    dot(qkv, q, qkv, start(sizes, row, keyHead), headDim) / Math.sqrt(headDim)
  );
  const highest = scores.reduce((a, b) => Math.max(a, b));
  const powers = scores.map((score) => Math.exp(score - highest));
  const total = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / total);
}

/** y (queries, heads, headDim). */
export function attention(
  sizes: AttentionSizes,
  qkv: Float64Array,
): Float64Array {
  const { heads, headDim, queries } = sizes;
  const y = new Float64Array(queries.length * heads * headDim);
  for (const [index, query] of queries.entries()) {
    for (let head = 0; head < heads; head++) {
      const out = (index * heads + head) * headDim;
      const [, valueHead] = others(sizes, head);
      for (const [j, w] of weightsOf(sizes, qkv, query, head).entries()) {
        const v = start(sizes, query.keys[j]!, valueHead);
        for (let i = 0; i < headDim; i++) y[out + i]! += w * qkv[v + i]!;
      }
    }
  }
  return y;
}

/** Derivative by qkv. */
export function attentionBackward(
  sizes: AttentionSizes,
  qkv: Float64Array,
  dy: Float64Array,
): Float64Array {
  const { heads, headDim, queries } = sizes;
  const slope = new Float64Array(qkv.length);
  for (const [index, query] of queries.entries()) {
    for (let head = 0; head < heads; head++) {
      const out = (index * heads + head) * headDim;
      const q = start(sizes, query.row, head);
      const [keyHead, valueHead] = others(sizes, head);
      const weights = weightsOf(sizes, qkv, query, head);
      const toWeights = weights.map((_, j) =>
        dot(dy, out, qkv, start(sizes, query.keys[j]!, valueHead), headDim)
      );
      const mean = weights.reduce((sum, w, j) => sum + w * toWeights[j]!, 0);
      for (const [j, w] of weights.entries()) {
        const k = start(sizes, query.keys[j]!, keyHead);
        const v = start(sizes, query.keys[j]!, valueHead);
        const toScore = w * (toWeights[j]! - mean) / Math.sqrt(headDim);
        for (let i = 0; i < headDim; i++) {
          slope[q + i]! += toScore * qkv[k + i]!;
          slope[k + i]! += toScore * qkv[q + i]!;
          slope[v + i]! += w * dy[out + i]!;
        }
      }
    }
  }
  return slope;
}
