/**
 * Ops that map each element on its own: one function and its derivative in WGSL make the whole op.
 * @module
 */
import { defineKernel } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

/** An op of one tensor, of any shape. */
export type Pointwise = (tape: Tape, x: Tensor) => Tensor;

/** The op of `NAME(x: vec4f) -> vec4f`, whose derivative is `NAMESlope`; both stand in `declarations`. */
export function definePointwise(name: string, declarations: string): Pointwise {
  const forwardKernel = defineKernel({
    label: name,
    bindings: { x: "read float4", y: "write float4" },
    parameters: {},
    workgroupSize: 64,
    declarations,
    body: `y[index] = y_t(${name}(vec4f(x[index])));`,
  });
  const backwardKernel = defineKernel({
    label: `${name} backward`,
    bindings: { x: "read float4", dy: "read float4", dx: "write float4" },
    parameters: { accumulate: "u32" },
    workgroupSize: 64,
    declarations,
    body: `var value = vec4f(dy[index]) * ${name}Slope(vec4f(x[index]));
if (p.accumulate == 1u) { value += vec4f(dx[index]); }
dx[index] = dx_t(value);`,
  });
  return (tape, x) => {
    const { stream } = tape.device;
    const count = Math.ceil(x.size / 4);
    const y = tape.result(x.shape, x.requiresGradient);
    stream.dispatch(forwardKernel, { x, y }, {}, count);
    tape.record(y, (dy) => {
      const target = tape.target(x);
      if (target === undefined) return;
      const { gradient: dx, accumulate } = target;
      stream.dispatch(backwardKernel, { x, dy, dx }, { accumulate }, count);
    });
    return y;
  };
}
