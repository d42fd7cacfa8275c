/**
 * Layer normalisation over the last axis (Ba et al. 2016).
 * @module
 */
import { requireShape } from "../errors.ts";
import { MAX_ITERATIONS } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { CHUNK, MAX_CHUNKED_ROWS, sumPartials } from "./partial_sums.ts";
import { defineRowKernel, resourcesOf, rowsOf } from "./row_source.ts";

const forwardKernel = defineRowKernel({
  label: "layer norm",
  rows: { x: "p.width", weight: "p.width", bias: "p.width" }, // (M, C), (C), (C)
  bindings: {
    y: "write float4", // (M, C)
    statistics: "write vec2f", // (M, 2): mean, 1 / standard deviation
  },
  parameters: { width: "u32", epsilon: "f32" }, // width: C / 4
  body: `let base = index * p.width;
let one = vec4f(1.0);
let count = f32(4u * p.width);
var total = vec4f();
for (var i = 0u; i < p.width; i++) { total += xAt(index, i); }
let mean = dot(total, one) / count;
var squares = vec4f();
for (var i = 0u; i < p.width; i++) { let d = xAt(index, i) - mean; squares += d * d; }
let scale = inverseSqrt(dot(squares, one) / count + p.epsilon);
for (var i = 0u; i < p.width; i++) {
  y[base + i] = y_t((xAt(index, i) - mean) * scale * weightAt(0u, i) + biasAt(0u, i));
}
statistics[index] = vec2f(mean, scale);`,
});

const backwardInputKernel = defineRowKernel({
  label: "layer norm backward, input",
  rows: { x: "p.width", weight: "p.width", dy: "p.width" }, // (M, C), (C), (M, C)
  bindings: {
    statistics: "read vec2f", // (M, 2)
    dx: "write float4", // (M, C)
  },
  parameters: { width: "u32", accumulate: "u32" },
  body: `let base = index * p.width;
let known = statistics[index];
let count = f32(4u * p.width);
var sumD = vec4f();
var sumDX = vec4f();
for (var i = 0u; i < p.width; i++) {
  let d = dyAt(index, i) * weightAt(0u, i);
  sumD += d;
  sumDX += d * (xAt(index, i) - known.x) * known.y;
}
let meanD = dot(sumD, vec4f(1.0)) / count;
let meanDX = dot(sumDX, vec4f(1.0)) / count;
for (var i = 0u; i < p.width; i++) {
  let normal = (xAt(index, i) - known.x) * known.y;
  var value = (dyAt(index, i) * weightAt(0u, i) - meanD - normal * meanDX) * known.y;
  if (p.accumulate == 1u) { value += vec4f(dx[base + i]); }
  dx[base + i] = dx_t(value);
}`,
});

/** Statistics stand so many rows to a line of 256 bytes, which a texture can hold. */
const LINE = 32;

/** The forward kernel has three loops over a row's vec4s. */
const MAX_COLUMNS = 4 * Math.floor((MAX_ITERATIONS - 2) / 3);

const backwardWeightKernel = defineRowKernel({
  label: "layer norm backward, partial sums",
  rows: { x: "p.width", dy: "p.width", statistics: `${LINE / 2}u` }, // (M, C), (M, C), (M, 2)
  bindings: {
    partials: "write vec4f", // (ceil(M / CHUNK), 2, C)
  },
  parameters: { width: "u32", rows: "u32" },
  body: `let column = index % p.width;
let chunk = index / p.width;
var toWeight = vec4f();
var toBias = vec4f();
for (var row = chunk * ${CHUNK}u; row < min((chunk + 1u) * ${CHUNK}u, p.rows); row++) {
  let pair = statisticsAt(row / ${LINE}u, row % ${LINE}u / 2u);
  let known = select(pair.xy, pair.zw, row % 2u == 1u);
  let d = dyAt(row, column);
  toBias += d;
  toWeight += d * (xAt(row, column) - known.x) * known.y;
}
partials[2u * chunk * p.width + column] = toWeight;
partials[(2u * chunk + 1u) * p.width + column] = toBias;`,
});

/**
 * `y = (x − mean) / √(variance + epsilon) · weight + bias` over rows of x (M, C), C a multiple of 4.
 * `weight` and `bias` (C) either both require gradients or neither does.
 */
export function layerNorm(
  tape: Tape,
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  epsilon = 1e-5,
): Tensor {
  const [rows, columns] = [x.rows, x.columns];
  requireShape(
    weight.requiresGradient === bias.requiresGradient,
    "layer norm: weight and bias are trained or frozen together",
  );
  requireShape(
    columns % 4 === 0 && weight.size === columns && bias.size === columns,
    `layer norm: x (${x.shape}) needs a last extent that is a multiple of 4, ` +
      `and weight (${weight.shape}) and bias (${bias.shape}) of that size`,
  );
  requireShape(
    columns <= MAX_COLUMNS && rows <= MAX_CHUNKED_ROWS,
    `layer norm: x (${x.shape}) has more than ${MAX_CHUNKED_ROWS} rows or ${MAX_COLUMNS} columns`,
  );
  const { stream } = tape.device;
  const width = columns / 4;
  const y = tape.result(x.shape, x.requiresGradient || weight.requiresGradient);
  const statistics = tape.empty([Math.ceil(rows / LINE), 2 * LINE]);
  const operands = rowsOf(tape, { x, weight, bias });
  stream.dispatch(
    forwardKernel(operands),
    { ...resourcesOf(operands), y, statistics },
    { width, epsilon },
    rows,
  );
  tape.record(y, (dy) => {
    const toX = tape.target(x);
    const slopes = rowsOf(tape, { x, dy, weight, statistics });
    if (toX !== undefined) {
      const { gradient: dx, accumulate } = toX;
      const bindings = { ...resourcesOf(slopes), statistics, dx };
      stream.dispatch(backwardInputKernel(slopes), bindings, { width, accumulate }, rows);
    }
    const toWeight = tape.target(weight);
    const toBias = tape.target(bias);
    if (toWeight === undefined || toBias === undefined) return;
    const partials = tape.empty([Math.ceil(rows / CHUNK), 2, columns]);
    stream.dispatch(
      backwardWeightKernel(slopes),
      { ...resourcesOf(slopes), partials },
      { width, rows },
      partials.shape[0]! * width,
    );
    sumPartials(tape, partials, 0, toWeight);
    sumPartials(tape, partials, 1, toBias);
  });
  return y;
}
