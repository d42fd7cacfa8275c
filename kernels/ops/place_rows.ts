/**
 * Writing rows at given places of a larger tensor: how decoding fills its cache.
 * @module
 */
import { requireShape } from "../errors.ts";
import { defineKernel, ELEMENTWISE } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

const kernel = defineKernel({
  label: "place rows",
  bindings: { x: "read float4", places: "read u32", y: "write float4" },
  parameters: { width: "u32" },
  workgroupSize: ELEMENTWISE,
  body: "y[places[index / p.width] * p.width + index % p.width] = y_t(vec4f(x[index]));",
});

/** `y (R, C)[places (M)] = x (M, C)`, C a multiple of 4, places all different. Has no derivative. */
export function placeRows(
  tape: Tape,
  x: Tensor,
  places: Uint32Array,
  y: Tensor,
): void {
  requireShape(
    x.rows === places.length && x.columns === y.columns &&
      x.columns % 4 === 0 &&
      places.every((place) => place < y.rows),
    `place rows: (${x.shape}) does not fit at ${places.length} places of (${y.shape})`,
  );
  tape.changed(y);
  const width = x.columns / 4;
  const bindings = { x, places: tape.upload(places), y };
  tape.device.stream.dispatch(kernel, bindings, { width }, x.rows * width);
}
