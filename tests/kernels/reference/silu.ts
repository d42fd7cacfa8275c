/**
 * SiLU and the product it gates, in float64.
 * @module
 */
function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** `x / (1 + exp(−x))` of every element. */
export function silu(x: Float64Array): Float64Array {
  return x.map((value) => value * logistic(value));
}

/** Derivative by x. */
export function siluBackward(x: Float64Array, dy: Float64Array): Float64Array {
  return x.map((value, i) => {
    const s = logistic(value);
    return dy[i]! * (s + value * s * (1 - s));
  });
}

/** `silu(gate) · up`. */
export function siluGate(gate: Float64Array, up: Float64Array): Float64Array {
  return silu(gate).map((value, i) => value * up[i]!);
}

/** Derivatives by gate and up. */
export function siluGateBackward(
  gate: Float64Array,
  up: Float64Array,
  dy: Float64Array,
): [Float64Array, Float64Array] {
  const toGate = siluBackward(gate, dy.map((value, i) => value * up[i]!));
  return [toGate, silu(gate).map((value, i) => value * dy[i]!)];
}
