/**
 * Layer normalisation in float64, with its derivative.
 * @module
 */

/** The normalised row, and the factor it was scaled by. */
function normalise(
  row: Float64Array,
  epsilon: number,
): { normal: Float64Array; scale: number } {
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) /
    row.length;
  const scale = 1 / Math.sqrt(variance + epsilon);
  return { normal: row.map((value) => (value - mean) * scale), scale };
}

/** Rows of x normalised, then scaled by `weight` and shifted by `bias`, both as long as a row. */
export function layerNorm(
  x: Float64Array,
  weight: Float64Array,
  bias: Float64Array,
  epsilon: number,
): Float64Array {
  const columns = weight.length;
  const y = new Float64Array(x.length);
  for (let at = 0; at < x.length; at += columns) {
    const { normal } = normalise(x.subarray(at, at + columns), epsilon);
    y.set(normal.map((value, i) => value * weight[i]! + bias[i]!), at);
  }
  return y;
}

/** Derivatives by x, weight and bias. */
export function layerNormBackward(
  x: Float64Array,
  weight: Float64Array,
  dy: Float64Array,
  epsilon: number,
): [Float64Array, Float64Array, Float64Array] {
  const columns = weight.length;
  const dx = new Float64Array(x.length);
  const toWeight = new Float64Array(columns);
  const toBias = new Float64Array(columns);
  for (let at = 0; at < x.length; at += columns) {
    const { normal, scale } = normalise(
      x.subarray(at, at + columns),
      epsilon,
    );
    const slope = weight.map((value, i) => value * dy[at + i]!);
    const mean = slope.reduce((sum, value) => sum + value, 0) / columns;
    const along = slope.reduce((sum, value, i) => sum + value * normal[i]!, 0) /
      columns;
    for (let i = 0; i < columns; i++) {
      dx[at + i] = (slope[i]! - mean - normal[i]! * along) * scale;
      toWeight[i]! += dy[at + i]! * normal[i]!;
      toBias[i]! += dy[at + i]!;
    }
  }
  return [dx, toWeight, toBias];
}
