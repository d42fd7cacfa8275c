/**
 * Root mean square normalisation over the last axis (Zhang & Sennrich 2019).
 * @module
 */
import { requireShape } from "../errors.ts";
import { MAX_ITERATIONS } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { CHUNK, MAX_CHUNKED_ROWS, sumPartials } from "./partial_sums.ts";
import { defineRowKernel, resourcesOf, rowsOf } from "./row_source.ts";

const forwardKernel = defineRowKernel({
  label: "rms norm",
  rows: { x: "p.width", weight: "p.width" }, // (M, C), (C)
  bindings: {
    y: "write float4", // (M, C)
    scales: "write f32", // (M): 1 / root mean square
  },
  parameters: { width: "u32", epsilon: "f32" }, // width: C / 4
  body: `var squares = vec4f();
for (var i = 0u; i < p.width; i++) { let v = xAt(index, i); squares += v * v; }
let scale = inverseSqrt(dot(squares, vec4f(1.0)) / f32(4u * p.width) + p.epsilon);
for (var i = 0u; i < p.width; i++) {
  y[index * p.width + i] = y_t(xAt(index, i) * scale * weightAt(0u, i));
}
scales[index] = scale;`,
});

const backwardInputKernel = defineRowKernel({
  label: "rms norm backward, input",
  rows: { x: "p.width", weight: "p.width", dy: "p.width" }, // (M, C), (C), (M, C)
  bindings: {
    scales: "read f32", // (M)
    dx: "write float4", // (M, C)
  },
  parameters: { width: "u32", accumulate: "u32" },
  body: `let scale = scales[index];
var along = vec4f();
for (var i = 0u; i < p.width; i++) { along += dyAt(index, i) * weightAt(0u, i) * xAt(index, i); }
let shrink = dot(along, vec4f(1.0)) / f32(4u * p.width) * scale * scale;
for (var i = 0u; i < p.width; i++) {
  let at = index * p.width + i;
  var value = (dyAt(index, i) * weightAt(0u, i) - xAt(index, i) * shrink) * scale;
  if (p.accumulate == 1u) { value += vec4f(dx[at]); }
  dx[at] = dx_t(value);
}`,
});

/** Scales stand so many rows to a line of 256 bytes, which a texture can hold. */
const LINE = 64;

/** Two loops over a row's vec4s. */
const MAX_COLUMNS = 4 * Math.floor((MAX_ITERATIONS - 1) / 2);

const backwardWeightKernel = defineRowKernel({
  label: "rms norm backward, partial sums",
  rows: { x: "p.width", dy: "p.width", scales: `${LINE / 4}u` }, // (M, C), (M, C), (M)
  bindings: {
    partials: "write vec4f", // (ceil(M / CHUNK), 1, C)
  },
  parameters: { width: "u32", rows: "u32" },
  body: `let column = index % p.width;
let chunk = index / p.width;
var total = vec4f();
for (var row = chunk * ${CHUNK}u; row < min((chunk + 1u) * ${CHUNK}u, p.rows); row++) {
  let scales = scalesAt(row / ${LINE}u, row % ${LINE}u / 4u);
  total += dyAt(row, column) * xAt(row, column) * scales[row % 4u];
}
partials[index] = total;`,
});

function checkShapes(x: Tensor, weight: Tensor): void {
  requireShape(
    x.columns % 4 === 0 && weight.size === x.columns,
    `rms norm: x (${x.shape}) needs a last extent that is a multiple of 4, ` +
      `and weight (${weight.shape}) that size`,
  );
  requireShape(
    x.columns <= MAX_COLUMNS && x.rows <= MAX_CHUNKED_ROWS,
    `rms norm: x (${x.shape}) has more than ${MAX_CHUNKED_ROWS} rows or ${MAX_COLUMNS} columns`,
  );
}

/**
 * `y = x / √(mean(x²) + epsilon) · weight` over rows of x (M, C), C a multiple of 4; weight (C).
 * Throws a ShapeError where shapes do not fit.
 */
export function rmsNorm(tape: Tape, x: Tensor, weight: Tensor, epsilon = 1e-5): Tensor {
  checkShapes(x, weight);
  const [rows, columns] = [x.rows, x.columns];
  const { stream } = tape.device;
  const width = columns / 4;
  const y = tape.result(x.shape, x.requiresGradient || weight.requiresGradient);
  const scales = tape.empty([Math.ceil(rows / LINE), LINE]);
  const operands = rowsOf(tape, { x, weight });
  stream.dispatch(
    forwardKernel(operands),
    { ...resourcesOf(operands), y, scales },
    { width, epsilon },
    rows,
  );
  tape.record(y, (dy) => {
    const toX = tape.target(x);
    const slopes = rowsOf(tape, { x, dy, weight, scales });
    if (toX !== undefined) {
      const { gradient: dx, accumulate } = toX;
      const bindings = { ...resourcesOf(slopes), scales, dx };
      stream.dispatch(backwardInputKernel(slopes), bindings, { width, accumulate }, rows);
    }
    const toWeight = tape.target(weight);
    if (toWeight === undefined) return;
    const partials = tape.empty([Math.ceil(rows / CHUNK), 1, columns]);
    stream.dispatch(
      backwardWeightKernel(slopes),
      { ...resourcesOf(slopes), partials },
      { width, rows },
      partials.shape[0]! * width,
    );
    sumPartials(tape, partials, 0, toWeight);
  });
  return y;
}
