/**
 * Addition into a tensor that exists.
 * @module
 */
import { requireShape } from "../errors.ts";
import { defineKernel, ELEMENTWISE } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

const kernel = defineKernel({
  label: "add",
  bindings: { x: "read float4", y: "write float4" },
  parameters: {},
  workgroupSize: ELEMENTWISE,
  body: "y[index] = y_t(vec4f(y[index]) + vec4f(x[index]));",
});

/** `target += source`, element by element; same size, each stored as it is. */
export function addInto(tape: Tape, source: Tensor, target: Tensor): void {
  requireShape(
    source.size === target.size,
    `add: (${source.shape}) does not fit (${target.shape})`,
  );
  tape.changed(target);
  tape.device.stream.dispatch(
    kernel,
    { x: source, y: target },
    {},
    Math.ceil(source.size / 4),
  );
}
