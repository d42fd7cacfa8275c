/**
 * GELU, tanh form, in float64.
 * @module
 */
const ROOT = Math.sqrt(2 / Math.PI);

function inner(x: number): number {
  return Math.tanh(ROOT * (x + 0.044715 * x ** 3));
}

/** `0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))` of every element. */
export function gelu(x: Float64Array): Float64Array {
  return x.map((value) => 0.5 * value * (1 + inner(value)));
}

/** Derivative by x. */
export function geluBackward(x: Float64Array, dy: Float64Array): Float64Array {
  return x.map((value, i) => {
    const t = inner(value);
    const slope = 0.5 * (1 + t) +
      0.5 * value * (1 - t * t) * ROOT * (1 + 3 * 0.044715 * value ** 2);
    return slope * dy[i]!;
  });
}
