/**
 * SiLU, `x σ(x)` with the logistic function σ (Elfwing et al. 2018), also called swish.
 * @module
 */
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { definePointwise } from "./pointwise.ts";

/** WGSL of `silu` and its derivative `siluSlope`. The clamp keeps exp finite; σ(−80) is 2e-35. */
export const siluWgsl = `fn logistic(x: vec4f) -> vec4f {
  return 1.0 / (1.0 + exp(-clamp(x, vec4f(-80.0), vec4f(80.0))));
}
fn silu(x: vec4f) -> vec4f { return x * logistic(x); }
fn siluSlope(x: vec4f) -> vec4f {
  let s = logistic(x);
  return s + x * s * (1.0 - s);
}`;

const op = definePointwise("silu", siluWgsl);

/** `y = x / (1 + exp(−x))`, any shape. */
export function silu(tape: Tape, x: Tensor): Tensor {
  return op(tape, x);
}
