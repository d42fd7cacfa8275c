/**
 * Addition: of two tensors, and into one that exists.
 * @module
 */
import { requireShape } from "../errors.ts";
import { defineKernel } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

const sumKernel = defineKernel({
  label: "add",
  bindings: { a: "read float4", b: "read float4", y: "write float4" },
  parameters: {},
  workgroupSize: 64,
  body: "y[index] = y_t(vec4f(a[index]) + vec4f(b[index]));",
});

const intoKernel = defineKernel({
  label: "add into",
  bindings: { x: "read float4", y: "write float4" },
  parameters: { accumulate: "u32" },
  workgroupSize: 64,
  body: `var value = vec4f(x[index]);
if (p.accumulate == 1u) { value += vec4f(y[index]); }
y[index] = y_t(value);`,
});

function dispatchInto(tape: Tape, x: Tensor, y: Tensor, accumulate: 0 | 1): void {
  tape.device.stream.dispatch(intoKernel, { x, y }, { accumulate }, Math.ceil(x.size / 4));
}

/** `target += source`, element by element; same size, each stored as it is. */
export function addInto(tape: Tape, source: Tensor, target: Tensor): void {
  requireShape(
    source.size === target.size,
    `add: (${source.shape}) does not fit (${target.shape})`,
  );
  tape.changed(target);
  dispatchInto(tape, source, target, 1);
}

/** `y = a + b`, element by element; same shape. Throws a ShapeError where the shapes differ. */
export function add(tape: Tape, a: Tensor, b: Tensor): Tensor {
  requireShape(
    a.shape.join() === b.shape.join(),
    `add: (${a.shape}) does not fit (${b.shape})`,
  );
  const y = tape.result(a.shape, a.requiresGradient || b.requiresGradient);
  tape.device.stream.dispatch(sumKernel, { a, b, y }, {}, Math.ceil(a.size / 4));
  tape.record(y, (dy) => {
    // Only one of the two may get the memory itself; what is added to it later is not the other's.
    const toA = tape.target(a);
    if (toA !== undefined) dispatchInto(tape, dy, toA.gradient, toA.accumulate);
    tape.handOver(dy, b, (target) => addInto(tape, dy, target));
  });
  return y;
}
