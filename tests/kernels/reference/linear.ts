/**
 * Affine maps in float64, with their derivatives.
 * @module
 */
import { columnSums, matmul } from "./matmul.ts";

/** x (rows, depth) and weight (depth, columns). */
export interface LinearSizes {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

/** `x · weight + bias + residual`; the last two may be left out. */
export function linear(
  sizes: LinearSizes,
  x: Float64Array,
  weight: Float64Array,
  bias?: Float64Array,
  residual?: Float64Array,
): Float64Array {
  return matmul({ ...sizes, transposes: "NN" }, x, weight).map((value, i) =>
    value + (bias?.[i % sizes.columns] ?? 0) + (residual?.[i] ?? 0)
  );
}

/** Derivatives by x, weight, bias and residual. */
export function linearBackward(
  { rows, columns, depth }: LinearSizes,
  x: Float64Array,
  weight: Float64Array,
  dy: Float64Array,
): [Float64Array, Float64Array, Float64Array, Float64Array] {
  const toX = { rows, columns: depth, depth: columns };
  const toWeight = { rows: depth, columns, depth: rows };
  return [
    matmul({ ...toX, transposes: "NT" }, dy, weight),
    matmul({ ...toWeight, transposes: "TN" }, x, dy),
    columnSums(dy, columns),
    dy,
  ];
}
