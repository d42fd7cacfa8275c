/**
 * Rows of a table, in float64.
 * @module
 */

/** `table (R, columns)[indices]`. */
export function gatherRows(
  table: Float64Array,
  columns: number,
  indices: Uint32Array,
): Float64Array {
  const y = new Float64Array(indices.length * columns);
  indices.forEach((index, row) =>
    y.set(table.subarray(index * columns, (index + 1) * columns), row * columns)
  );
  return y;
}

/** Derivative by a table of `size` elements. */
export function gatherRowsBackward(
  size: number,
  columns: number,
  indices: Uint32Array,
  dy: Float64Array,
): Float64Array {
  const slope = new Float64Array(size);
  for (let i = 0; i < dy.length; i++) {
    const index = indices[Math.floor(i / columns)]!;
    slope[index * columns + i % columns]! += dy[i]!;
  }
  return slope;
}
