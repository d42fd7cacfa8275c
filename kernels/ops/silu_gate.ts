/**
 * The gated product of a SwiGLU feed-forward layer (Shazeer 2020): `silu(gate) · up`.
 * @module
 */
import { activationWgsl } from "../activations.ts";
import { requireShape } from "../errors.ts";
import { ELEMENTWISE } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { defineRowKernel, resourcesOf, rowsOf } from "./row_source.ts";

/** `gate` and `up` are two tensors of rows `stride` apart, or one, up starting `shift` into each row. */
const place = {
  width: "u32", // H / 4
  stride: "u32", // vec4s from row to row of gate and of up
  shift: "u32", // vec4s from an element of gate to that of up
} as const;

const locate = `let row = index / p.width;
let column = index % p.width;
let g = gateAt(row, column);
let u = upAt(row, column + p.shift);`;

const forwardKernel = defineRowKernel({
  label: "silu gate",
  rows: { gate: "p.stride", up: "p.stride" }, // (M, H) each, or both (M, 2H)
  bindings: { y: "write float4" }, // (M, H)
  parameters: place,
  workgroupSize: ELEMENTWISE,
  declarations: activationWgsl(["silu"]),
  body: `${locate}
y[index] = y_t(silu(g) * u);`,
});

const backwardBody = (dGate: string, dUp: string) =>
  `${locate}
let d = dyAt(row, column);
var toGate = d * u * siluSlope(g);
var toUp = d * silu(g);
let at = row * p.stride + column;
if (p.accumulateGate == 1u) { toGate += vec4f(${dGate}[at]); }
if (p.accumulateUp == 1u) { toUp += vec4f(${dUp}[at + p.shift]); }
${dGate}[at] = ${dGate}_t(toGate);
${dUp}[at + p.shift] = ${dUp}_t(toUp);`;

const backward = {
  rows: { gate: "p.stride", up: "p.stride", dy: "p.width" },
  parameters: { ...place, accumulateGate: "u32", accumulateUp: "u32" },
  workgroupSize: ELEMENTWISE,
  declarations: activationWgsl(["silu"]),
} as const;

const backwardKernel = defineRowKernel({
  ...backward,
  label: "silu gate backward",
  bindings: { dGate: "write float4", dUp: "write float4" }, // (M, H)
  body: backwardBody("dGate", "dUp"),
});

const packedBackwardKernel = defineRowKernel({
  ...backward,
  label: "silu gate backward, packed",
  bindings: { dx: "write float4" }, // (M, 2H)
  body: backwardBody("dx", "dx"),
});

function checkColumns(columns: number, shape: readonly number[]): void {
  requireShape(
    columns % 4 === 0,
    `silu gate: (${shape}) needs a number of columns that is a multiple of 4 in gate and in up`,
  );
}

/**
 * `y = silu(gate) · up`, element by element; gate and up (M, H), H a multiple of 4. Either both
 * require gradients or neither does, and they are different tensors.
 */
export function siluGate(tape: Tape, gate: Tensor, up: Tensor): Tensor {
  checkColumns(gate.columns, gate.shape);
  requireShape(
    gate !== up && gate.rows === up.rows && gate.columns === up.columns &&
      gate.requiresGradient === up.requiresGradient,
    `silu gate: gate (${gate.shape}) and up (${up.shape}) need to be two tensors of the same shape, ` +
      `both with gradients or both without`,
  );
  const width = gate.columns / 4;
  const numbers = { width, stride: width, shift: 0 };
  const count = gate.rows * width;
  const { stream } = tape.device;
  const y = tape.result(gate.shape, gate.requiresGradient);
  const rows = rowsOf(tape, { gate, up });
  stream.dispatch(forwardKernel(rows), { ...resourcesOf(rows), y }, numbers, count);
  tape.record(y, (dy) => {
    const [toGate, toUp] = [tape.target(gate)!, tape.target(up)!];
    const slopes = rowsOf(tape, { gate, up, dy });
    stream.dispatch(
      backwardKernel(slopes),
      { ...resourcesOf(slopes), dGate: toGate.gradient, dUp: toUp.gradient },
      { ...numbers, accumulateGate: toGate.accumulate, accumulateUp: toUp.accumulate },
      count,
    );
  });
  return y;
}

/**
 * `y (M, H) = silu(gate) · up` where gate and up are the left and the right half of x (M, 2H), as one
 * projection to both gives them; H a multiple of 4.
 */
export function siluGatePacked(tape: Tape, x: Tensor): Tensor {
  checkColumns(x.columns / 2, x.shape);
  const width = x.columns / 8;
  const numbers = { width, stride: 2 * width, shift: width };
  const count = x.rows * width;
  const { stream } = tape.device;
  const y = tape.result([...x.shape.slice(0, -1), x.columns / 2], x.requiresGradient);
  const rows = rowsOf(tape, { gate: x, up: x });
  stream.dispatch(forwardKernel(rows), { ...resourcesOf(rows), y }, numbers, count);
  tape.record(y, (dy) => {
    const { gradient: dx, accumulate } = tape.target(x)!;
    const slopes = rowsOf(tape, { gate: x, up: x, dy });
    stream.dispatch(
      packedBackwardKernel(slopes),
      { ...resourcesOf(slopes), dx },
      { ...numbers, accumulateGate: accumulate, accumulateUp: accumulate },
      count,
    );
  });
  return y;
}
