/**
 * GELU, `x Φ(x)` with the normal distribution function Φ (Hendrycks & Gimpel 2016): in GPT-2's tanh
 * form (section 2 there) and with the error function.
 * @module
 */
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { definePointwise } from "./pointwise.ts";

/** `tanh`: `0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))`. `erf`: `0.5 x (1 + erf(x / √2))`. */
export type GeluForm = "tanh" | "erf";

// tanh overflows to NaN for large arguments on some adapters, hence the clamp; tanh(15) is 1 in f32.
const tanhForm = definePointwise(
  "gelu",
  `const ROOT = 0.7978845608028654; // sqrt(2 / pi)
fn inner(x: vec4f) -> vec4f {
  return tanh(clamp(ROOT * (x + 0.044715 * x * x * x), vec4f(-15.0), vec4f(15.0)));
}
fn gelu(x: vec4f) -> vec4f { return 0.5 * x * (1.0 + inner(x)); }
fn geluSlope(x: vec4f) -> vec4f {
  let t = inner(x);
  return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * ROOT * (1.0 + 0.134145 * x * x);
}`,
);

// WGSL has no erf. erfc(z) = polynomial(1 / (1 + 0.3275911 z)) · exp(−z²) for z ≥ 0 is formula 7.1.26
// of Abramowitz & Stegun (1964), off by at most 1.5e-7; so Φ is off by 0.75e-7, and by 2.4e-7 with
// the roundings of f32, two last places of 1. Both tails come from the same positive half, so small
// values are no differences of large ones. Beyond 15 the exponential is 0 in f32; the clamp keeps
// squares finite.
const erfForm = definePointwise(
  "geluErf",
  `fn bell(x: vec4f) -> vec4f { return exp(-0.5 * x * x); }
fn normalBelow(x: vec4f, bell: vec4f) -> vec4f {
  let t = 1.0 / (1.0 + 0.3275911 * 0.7071067811865476 * abs(x)); // z = |x| / sqrt(2)
  let tail = 0.5 * bell * t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 +
    t * (-1.453152027 + t * 1.061405429))));
  return select(1.0 - tail, tail, x < vec4f());
}
fn geluErf(x: vec4f) -> vec4f {
  let z = clamp(x, vec4f(-15.0), vec4f(15.0));
  return x * normalBelow(z, bell(z));
}
fn geluErfSlope(x: vec4f) -> vec4f {
  let z = clamp(x, vec4f(-15.0), vec4f(15.0));
  return normalBelow(z, bell(z)) + z * 0.3989422804014327 * bell(z); // 1 / sqrt(2 pi)
}`,
);

/** GELU of x, any shape, in the form asked for; the default is GPT-2's. */
export function gelu(tape: Tape, x: Tensor, form: GeluForm = "tanh"): Tensor {
  return (form === "tanh" ? tanhForm : erfForm)(tape, x);
}
