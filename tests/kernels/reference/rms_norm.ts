/**
 * Root mean square normalisation in float64, with its derivative.
 * @module
 */

function scaleOf(row: Float64Array, epsilon: number): number {
  const square = row.reduce((sum, value) => sum + value ** 2, 0) / row.length;
  return 1 / Math.sqrt(square + epsilon);
}

/** Rows of x divided by their root mean square, then scaled by `weight`, as long as a row. */
export function rmsNorm(x: Float64Array, weight: Float64Array, epsilon: number): Float64Array {
  const columns = weight.length;
  const y = new Float64Array(x.length);
  for (let at = 0; at < x.length; at += columns) {
    const row = x.subarray(at, at + columns);
    const scale = scaleOf(row, epsilon);
    y.set(row.map((value, i) => value * scale * weight[i]!), at);
  }
  return y;
}

/** Derivatives by x and weight. */
export function rmsNormBackward(
  x: Float64Array,
  weight: Float64Array,
  dy: Float64Array,
  epsilon: number,
): [Float64Array, Float64Array] {
  const columns = weight.length;
  const dx = new Float64Array(x.length);
  const toWeight = new Float64Array(columns);
  for (let at = 0; at < x.length; at += columns) {
    const row = x.subarray(at, at + columns);
    const scale = scaleOf(row, epsilon);
    const slope = weight.map((value, i) => value * dy[at + i]!);
    const along = slope.reduce((sum, value, i) => sum + value * row[i]!, 0) / columns;
    for (let i = 0; i < columns; i++) {
      dx[at + i] = scale * slope[i]! - scale ** 3 * along * row[i]!;
      toWeight[i]! += dy[at + i]! * row[i]! * scale;
    }
  }
  return [dx, toWeight];
}
