/**
 * Addition into a tensor that exists.
 * @module
 */
import { requireShape } from "../errors.ts";
import { defineKernel, ELEMENTWISE, INSIDE } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

const kernel = defineKernel({
  label: "add",
  bindings: { x: "read float4", y: "write float4" },
  parameters: { size: "u32" },
  workgroupSize: ELEMENTWISE,
  declarations: INSIDE,
  body: `let added = select(vec4f(), vec4f(x[index]), inside(index, p.size));
y[index] = y_t(vec4f(y[index]) + added);`,
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
    { size: source.size },
    Math.ceil(source.size / 4),
  );
}
