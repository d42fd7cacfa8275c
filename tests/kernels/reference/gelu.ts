/**
 * GELU in float64, in both forms.
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

/** `2/√π · exp(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1 · 3 · … · (2n + 1))`, whose terms all have one sign. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = 0;
  for (let n = 1; sum + term !== sum; n++) {
    sum += term;
    term *= 2 * x * x / (2 * n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

/** `0.5 x (1 + erf(x / √2))` of every element. */
export function geluErf(x: Float64Array): Float64Array {
  return x.map((value) => 0.5 * value * (1 + erf(value / Math.SQRT2)));
}

/** Derivative of that by x. */
export function geluErfBackward(x: Float64Array, dy: Float64Array): Float64Array {
  return x.map((value, i) => {
    const bell = Math.exp(-0.5 * value ** 2) / Math.sqrt(2 * Math.PI);
    return (0.5 * (1 + erf(value / Math.SQRT2)) + value * bell) * dy[i]!;
  });
}
