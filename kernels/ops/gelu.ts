/**
 * GELU in GPT-2's tanh form (Hendrycks & Gimpel 2016, section 2).
 * @module
 */
import { defineKernel } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

// tanh overflows to NaN for large arguments on some adapters, hence the clamp; tanh(15) is 1 in f32.
const declarations = `const ROOT = 0.7978845608028654; // sqrt(2 / pi)
fn inner(x: vec4f) -> vec4f {
  return tanh(clamp(ROOT * (x + 0.044715 * x * x * x), vec4f(-15.0), vec4f(15.0)));
}`;

const forwardKernel = defineKernel({
  label: "gelu",
  bindings: { x: "read float4", y: "write float4" },
  parameters: {},
  workgroupSize: 64,
  declarations,
  body: `let v = vec4f(x[index]);
y[index] = y_t(0.5 * v * (1.0 + inner(v)));`,
});

const backwardKernel = defineKernel({
  label: "gelu backward",
  bindings: { x: "read float4", dy: "read float4", dx: "write float4" },
  parameters: { accumulate: "u32" },
  workgroupSize: 64,
  declarations,
  body: `let v = vec4f(x[index]);
let t = inner(v);
let slope = 0.5 * (1.0 + t) + 0.5 * v * (1.0 - t * t) * ROOT * (1.0 + 0.134145 * v * v);
var value = vec4f(dy[index]) * slope;
if (p.accumulate == 1u) { value += vec4f(dx[index]); }
dx[index] = dx_t(value);`,
});

/** `y = 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))`, any shape. */
export function gelu(tape: Tape, x: Tensor): Tensor {
  const { stream } = tape.device;
  const count = Math.ceil(x.size / 4);
  const y = tape.result(x.shape, x.requiresGradient);
  stream.dispatch(forwardKernel, { x, y }, {}, count);
  tape.record(y, (gradient) => {
    const target = tape.target(x);
    if (target === undefined) return;
    const { gradient: dx, accumulate } = target;
    stream.dispatch(
      backwardKernel,
      { x, dy: gradient, dx },
      { accumulate },
      count,
    );
  });
  return y;
}
