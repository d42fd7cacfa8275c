/**
 * Causal attention in float64, the textbook way: the whole matrix of weights, one head at a time.
 * @module
 */

/** Layout of `qkv` (rows, 3, heads, headDim), and which rows each query looks at. */
export interface AttentionSizes {
  readonly heads: number;
  readonly headDim: number;
  /** Row of each query and first row of its sequence; it looks at all rows from there to itself. */
  readonly queries: readonly {
    readonly row: number;
    readonly first: number;
  }[];
}

/** Where a head's query (part 0), key (1) or value (2) of a row starts. */
function start(
  { heads, headDim }: AttentionSizes,
  row: number,
  part: number,
  head: number,
): number {
  return ((row * 3 + part) * heads + head) * headDim;
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
  query: { readonly row: number; readonly first: number },
  head: number,
): number[] {
  const { headDim } = sizes;
  const q = start(sizes, query.row, 0, head);
  const scores: number[] = [];
  for (let row = query.first; row <= query.row; row++) {
    const k = start(sizes, row, 1, head);
    scores.push(dot(qkv, q, qkv, k, headDim) / Math.sqrt(headDim));
  }
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
      for (const [j, w] of weightsOf(sizes, qkv, query, head).entries()) {
        const v = start(sizes, query.first + j, 2, head);
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
      const q = start(sizes, query.row, 0, head);
      const weights = weightsOf(sizes, qkv, query, head);
      const toWeights = weights.map((_, j) =>
        dot(dy, out, qkv, start(sizes, query.first + j, 2, head), headDim)
      );
      const mean = weights.reduce((sum, w, j) => sum + w * toWeights[j]!, 0);
      for (const [j, w] of weights.entries()) {
        const k = start(sizes, query.first + j, 1, head);
        const v = start(sizes, query.first + j, 2, head);
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
