/**
 * The adapter's highest rate of f32 multiply-adds: a loop that touches registers alone. How many
 * accumulators an invocation should hold differs by adapter, so a few counts are tried.
 * @module
 */
import type { Device } from "../../kernels/kernels.ts";
import { defineKernel, unroll } from "../../kernels/kernel.ts";
import { type Prepared, timed } from "../serve.ts";

/** Turns of the loop; the software adapter would stop at 65,535. */
const TURNS = 8192;
const INVOCATIONS = 4096;
const UNROLLED = 4;
const ACCUMULATORS = [2, 3, 4, 8] as const;

const kernels = ACCUMULATORS.map((count) => ({
  kernel: defineKernel({
    label: `peak, ${count} accumulators`,
    bindings: { out: "write f32" },
    parameters: { factor: "f32", addend: "f32" },
    workgroupSize: 64,
    // Held in registers: a load inside the loop would be what is measured.
    body: `let factor = vec4f(p.factor);
let addend = vec4f(p.addend);
${unroll(count, (i) => `var sum${i} = vec4f(f32(index) + ${i}.0);`)}
for (var turn = 0u; turn < ${TURNS}u; turn++) {
${unroll(UNROLLED, () => unroll(count, (i) => `sum${i} = fma(sum${i}, factor, addend);`))}
}
out[index] = dot(${Array.from({ length: count }, (_, i) => `sum${i}`).join(" + ")}, vec4f(1.0));`,
  }),
  gigaflops: 2 * 4 * count * UNROLLED * TURNS * INVOCATIONS / 1e9,
}));

/** A multiply-add is two operations. Repetitions are of the whole set; the best kernel counts. */
export function openPeak(device: Device): Prepared {
  const out = device.empty([INVOCATIONS]);
  const rate = async ({ kernel, gigaflops }: typeof kernels[number]) => {
    const seconds = await timed(1, async () => {
      device.stream.dispatch(kernel, { out }, { factor: 0.5, addend: 1 }, INVOCATIONS);
      await device.stream.settle();
    });
    return seconds / gigaflops;
  };
  return {
    check: [],
    async measure(repetitions) {
      let best = Infinity;
      for (let i = 0; i < repetitions; i++) {
        for (const kernel of kernels) best = Math.min(best, await rate(kernel));
      }
      return best;
    },
    close: () => device.pool.release(out.buffer),
  };
}
