/**
 * Activation functions as ops of their own, and as the passes before and after a matrix product.
 * @module
 */
import { type ActivationName, ACTIVATIONS, activationWgsl } from "../activations.ts";
import { defineKernel, ELEMENTWISE, INSIDE } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

function kernelsOf(name: ActivationName) {
  const declarations = activationWgsl([name]);
  const forward = defineKernel({
    label: name,
    bindings: { x: "read float4", y: "write float4" },
    parameters: {},
    workgroupSize: ELEMENTWISE,
    declarations,
    body: `y[index] = y_t(${name}(vec4f(x[index])));`,
  });
  const backward = defineKernel({
    label: `${name} backward`,
    bindings: { x: "read float4", dy: "read float4", dx: "write float4" },
    parameters: { accumulate: "u32", size: "u32" },
    workgroupSize: ELEMENTWISE,
    declarations: `${declarations}\n${INSIDE}`,
    body: `let slope = vec4f(dy[index]) * ${name}Slope(vec4f(x[index]));
var value = select(vec4f(), slope, inside(index, p.size));
if (p.accumulate == 1u) { value += vec4f(dx[index]); }
dx[index] = dx_t(value);`,
  });
  return { forward, backward };
}

const kernels = new Map(ACTIVATIONS.map((name) => [name, kernelsOf(name)]));

/** `y = f(x)`, written into a tensor of the same size. */
export function activateInto(tape: Tape, name: ActivationName, x: Tensor, y: Tensor): void {
  const { forward } = kernels.get(name)!;
  tape.device.stream.dispatch(forward, { x, y }, {}, Math.ceil(x.size / 4));
}

/** `dx = dy · f′(x) [+ dx]`, written into a tensor of the same size. */
export function activateBackward(
  tape: Tape,
  name: ActivationName,
  tensors: { readonly x: Tensor; readonly dy: Tensor; readonly dx: Tensor },
  accumulate: 0 | 1,
): void {
  const { backward } = kernels.get(name)!;
  const count = Math.ceil(tensors.x.size / 4);
  const { size } = tensors.x;
  tape.device.stream.dispatch(backward, tensors, { accumulate, size }, count);
}

/** `y = f(x)`, any shape. */
export function activation(tape: Tape, name: ActivationName, x: Tensor): Tensor {
  const y = tape.result(x.shape, x.requiresGradient);
  activateInto(tape, name, x, y);
  tape.record(y, (dy) => {
    const target = tape.target(x);
    if (target === undefined) return;
    activateBackward(tape, name, { x, dy, dx: target.gradient }, target.accumulate);
  });
  return y;
}

/** `tanh`: `0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))`. `erf`: `0.5 x (1 + erf(x / √2))`. */
export type GeluForm = "tanh" | "erf";

/** GELU in the form asked for, any shape; the default is GPT-2's. */
export function gelu(tape: Tape, x: Tensor, form: GeluForm = "tanh"): Tensor {
  return activation(tape, form === "tanh" ? "gelu" : "geluErf", x);
}

/** `y = x / (1 + exp(−x))`, any shape. */
export function silu(tape: Tape, x: Tensor): Tensor {
  return activation(tape, "silu", x);
}
