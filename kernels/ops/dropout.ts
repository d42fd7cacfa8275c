/**
 * Dropout (Srivastava et al. 2014) whose mask is computed, not stored: whether an element is kept
 * follows from the seed and its index alone, so the way back computes the same mask again.
 *
 * The generator is the hash pcg4d of Jarzynski & Olano (2020, "Hash Functions for GPU Rendering"):
 * four words for each vec4 of elements, of its number and the seed. An element is dropped where its
 * word is below rate · 2³².
 * @module
 */
import { defineKernel, ELEMENTWISE, INSIDE } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

const kernel = defineKernel({
  label: "dropout",
  bindings: { x: "read float4", y: "write float4" },
  parameters: { seed: "u32", threshold: "u32", scale: "f32", accumulate: "u32", size: "u32" },
  workgroupSize: ELEMENTWISE,
  declarations: `${INSIDE}
fn pcg4d(counter: vec4u) -> vec4u {
  var v = counter * 1664525u + 1013904223u;
  v.x += v.y * v.w; v.y += v.z * v.x; v.z += v.x * v.y; v.w += v.y * v.z;
  v ^= v >> vec4u(16u);
  v.x += v.y * v.w; v.y += v.z * v.x; v.z += v.x * v.y; v.w += v.y * v.z;
  return v;
}`,
  body:
    `let kept = (pcg4d(vec4u(index, p.seed, 0u, 0u)) >= vec4u(p.threshold)) & inside(index, p.size);
var value = select(vec4f(), vec4f(x[index]) * p.scale, kept);
if (p.accumulate == 1u) { value += vec4f(y[index]); }
y[index] = y_t(value);`,
});

/** What is dropped. */
export interface DropoutOptions {
  /** Probability of an element to become 0; at least 0, below 1. */
  readonly rate: number;
  /** A whole number of 32 bits, unsigned; the same seed drops the same elements. */
  readonly seed: number;
}

/**
 * `y = x · mask / (1 − rate)`, any shape, the mask 0 with probability `rate` and else 1. With rate 0
 * x itself is returned. Throws a RangeError for another rate or seed than the options allow.
 */
export function dropout(tape: Tape, x: Tensor, options: DropoutOptions): Tensor {
  const { rate, seed } = options;
  if (!(rate >= 0 && rate < 1)) {
    throw new RangeError(`dropout: the rate must be at least 0 and below 1, got ${rate}`);
  }
  if (seed >>> 0 !== seed) {
    throw new RangeError(`dropout: the seed must be a whole number of 32 bits, got ${seed}`);
  }
  if (rate === 0) return x;
  const { stream } = tape.device;
  const numbers = {
    size: x.size,
    seed,
    threshold: Math.floor(rate * 2 ** 32),
    scale: 1 / (1 - rate),
  };
  const count = Math.ceil(x.size / 4);
  const y = tape.result(x.shape, x.requiresGradient);
  stream.dispatch(kernel, { x, y }, { ...numbers, accumulate: 0 }, count);
  tape.record(y, (dy) => {
    const { gradient: dx, accumulate } = tape.target(x)!;
    stream.dispatch(kernel, { x: dy, y: dx }, { ...numbers, accumulate }, count);
  });
  return y;
}
