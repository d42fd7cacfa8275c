/**
 * Matrix multiplication in float64.
 * @module
 */
import type { Transposes } from "../../../kernels/kernels.ts";

/** Extents of `out (rows, columns) = op(a) op(b)`, summed over `depth`. */
export interface MatmulSizes {
  readonly transposes: Transposes;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

/** op(a) op(b), row-major. */
export function matmul(
  { transposes, rows, columns, depth }: MatmulSizes,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < depth; k++) {
      const left = a[transposes[0] === "T" ? k * rows + row : row * depth + k]!;
      for (let column = 0; column < columns; column++) {
        const at = transposes[1] === "T" ? column * depth + k : k * columns + column;
        out[row * columns + column]! += left * b[at]!;
      }
    }
  }
  return out;
}

/** Sums of the columns of x (rows, columns). */
export function columnSums(
  x: ArrayLike<number>,
  columns: number,
): Float64Array {
  const sums = new Float64Array(columns);
  for (let i = 0; i < x.length; i++) sums[i % columns]! += x[i]!;
  return sums;
}
