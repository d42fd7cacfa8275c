/**
 * Activation functions in WGSL, each with its derivative: one source for the ops that apply them on
 * their own and for the epilogue of a matrix product.
 * @module
 */

/** Activations by name; `NAME(x)` and `NAMESlope(x)` are their functions in WGSL. */
export const ACTIVATIONS = ["gelu"] as const;

/** `gelu`: the tanh form of Hendrycks & Gimpel (2016, section 2). */
export type ActivationName = typeof ACTIVATIONS[number];

// tanh overflows to NaN for large arguments on some adapters, hence the clamp; tanh(15) is 1 in f32.
const wgsl: Readonly<Record<ActivationName, string>> = {
  gelu: `const GELU_ROOT = 0.7978845608028654; // sqrt(2 / pi)
fn geluInner(x: vec4f) -> vec4f {
  return tanh(clamp(GELU_ROOT * (x + 0.044715 * x * x * x), vec4f(-15.0), vec4f(15.0)));
}
fn gelu(x: vec4f) -> vec4f { return 0.5 * x * (1.0 + geluInner(x)); }
fn geluSlope(x: vec4f) -> vec4f {
  let t = geluInner(x);
  return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * GELU_ROOT * (1.0 + 0.134145 * x * x);
}`,
};

/** Declarations of these activations and their derivatives. */
export function activationWgsl(names: readonly ActivationName[] = ACTIVATIONS): string {
  return names.map((name) => wgsl[name]).join("\n");
}
