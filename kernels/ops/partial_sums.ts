/**
 * The second half of sums over many rows: each invocation of an op sums one chunk of rows, and this
 * adds the chunks up, always in the same order and without atomics.
 * @module
 */
import { defineKernel, MAX_ITERATIONS } from "../kernel.ts";
import type { GradientTarget, Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

/** Rows one invocation of an op sums. */
export const CHUNK = 64;
/** Most rows whose chunks one invocation can add up. */
export const MAX_CHUNKED_ROWS = CHUNK * MAX_ITERATIONS;

const kernel = defineKernel({
  label: "sums of partial sums",
  bindings: {
    partials: "read vec4f", // (chunks, parts, C)
    out: "write float4", // (C)
  },
  parameters: {
    width: "u32", // C / 4
    chunks: "u32",
    parts: "u32",
    part: "u32",
    accumulate: "u32",
  },
  workgroupSize: 8,
  body: `var total = vec4f();
if (p.accumulate == 1u) { total = vec4f(out[index]); }
for (var chunk = 0u; chunk < p.chunks; chunk++) {
  total += partials[(chunk * p.parts + p.part) * p.width + index];
}
out[index] = out_t(total);`,
});

/** Sums `partials` (chunks, parts, C) over the chunks, for one of the parts, into a derivative (C). */
export function sumPartials(
  tape: Tape,
  partials: Tensor,
  part: number,
  target: GradientTarget,
): void {
  const [chunks, parts] = partials.shape as [number, number];
  const { gradient: out, accumulate } = target;
  const width = partials.columns / 4;
  const numbers = { width, chunks, parts, part, accumulate };
  tape.device.stream.dispatch(kernel, { partials, out }, numbers, width);
}
