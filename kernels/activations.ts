/**
 * Activation functions in WGSL, each with its derivative: one source for the ops that apply them on
 * their own and for the epilogue of a matrix product.
 * @module
 */

/** Activations by name; `NAME(x)` and `NAMESlope(x)` are their functions in WGSL. */
export const ACTIVATIONS = ["gelu", "geluErf", "silu"] as const;

/**
 * `gelu` and `geluErf`: `x Φ(x)` with the normal distribution function Φ, in the tanh form and with
 * the error function (Hendrycks & Gimpel 2016, section 2). `silu`: `x σ(x)` with the logistic function
 * σ (Elfwing et al. 2018), also called swish.
 */
export type ActivationName = typeof ACTIVATIONS[number];

// tanh overflows to NaN for large arguments on some adapters, hence the clamp; tanh(15) is 1 in f32.
//
// WGSL has no erf. erfc(z) = polynomial(1 / (1 + 0.3275911 z)) · exp(−z²) for z ≥ 0 is formula 7.1.26
// of Abramowitz & Stegun (1964), off by at most 1.5e-7; so Φ is off by 0.75e-7, and by 2.4e-7 with
// the roundings of f32, two last places of 1. Both tails come from the same positive half, so small
// values are no differences of large ones. Beyond 15 the exponential is 0 in f32; the clamp keeps
// squares finite.
//
// The clamp of silu keeps its exponential finite; σ(−80) is 2e-35.
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
  geluErf: `fn geluErfBell(x: vec4f) -> vec4f { return exp(-0.5 * x * x); }
fn geluErfBelow(x: vec4f, bell: vec4f) -> vec4f {
  let t = 1.0 / (1.0 + 0.3275911 * 0.7071067811865476 * abs(x)); // z = |x| / sqrt(2)
  let tail = 0.5 * bell * t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 +
    t * (-1.453152027 + t * 1.061405429))));
  return select(1.0 - tail, tail, x < vec4f());
}
fn geluErf(x: vec4f) -> vec4f {
  let z = clamp(x, vec4f(-15.0), vec4f(15.0));
  return x * geluErfBelow(z, geluErfBell(z));
}
fn geluErfSlope(x: vec4f) -> vec4f {
  let z = clamp(x, vec4f(-15.0), vec4f(15.0));
  let bell = geluErfBell(z);
  return geluErfBelow(z, bell) + z * 0.3989422804014327 * bell; // 1 / sqrt(2 pi)
}`,
  silu: `fn siluLogistic(x: vec4f) -> vec4f {
  return 1.0 / (1.0 + exp(-clamp(x, vec4f(-80.0), vec4f(80.0))));
}
fn silu(x: vec4f) -> vec4f { return x * siluLogistic(x); }
fn siluSlope(x: vec4f) -> vec4f {
  let s = siluLogistic(x);
  return s + x * s * (1.0 - s);
}`,
};

/** Declarations of these activations and their derivatives. */
export function activationWgsl(names: readonly ActivationName[] = ACTIVATIONS): string {
  return names.map((name) => wgsl[name]).join("\n");
}
