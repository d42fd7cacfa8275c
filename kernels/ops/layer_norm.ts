/**
 * Layer normalisation over the last axis (Ba et al. 2016).
 * @module
 */
import { requireShape } from "../errors.ts";
import { defineKernel, MAX_ITERATIONS } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

const forwardKernel = defineKernel({
  label: "layer norm",
  bindings: {
    x: "read vec4f", // (M, C)
    weight: "read vec4f", // (C)
    bias: "read vec4f", // (C)
    y: "write vec4f", // (M, C)
    statistics: "write vec2f", // (M, 2): mean, 1 / standard deviation
  },
  parameters: { width: "u32", epsilon: "f32" }, // width: C / 4
  workgroupSize: 8,
  body: `let base = index * p.width;
let one = vec4f(1.0);
let count = f32(4u * p.width);
var total = vec4f();
for (var i = 0u; i < p.width; i++) { total += x[base + i]; }
let mean = dot(total, one) / count;
var squares = vec4f();
for (var i = 0u; i < p.width; i++) { let d = x[base + i] - mean; squares += d * d; }
let scale = inverseSqrt(dot(squares, one) / count + p.epsilon);
for (var i = 0u; i < p.width; i++) {
  y[base + i] = (x[base + i] - mean) * scale * weight[i] + bias[i];
}
statistics[index] = vec2f(mean, scale);`,
});

const backwardInputKernel = defineKernel({
  label: "layer norm backward, input",
  bindings: {
    x: "read vec4f", // (M, C)
    weight: "read vec4f", // (C)
    statistics: "read vec2f", // (M, 2)
    dy: "read vec4f", // (M, C)
    dx: "write vec4f", // (M, C)
  },
  parameters: { width: "u32", accumulate: "u32" },
  workgroupSize: 8,
  body: `let base = index * p.width;
let known = statistics[index];
let count = f32(4u * p.width);
var sumD = vec4f();
var sumDX = vec4f();
for (var i = 0u; i < p.width; i++) {
  let d = dy[base + i] * weight[i];
  sumD += d;
  sumDX += d * (x[base + i] - known.x) * known.y;
}
let meanD = dot(sumD, vec4f(1.0)) / count;
let meanDX = dot(sumDX, vec4f(1.0)) / count;
for (var i = 0u; i < p.width; i++) {
  let normal = (x[base + i] - known.x) * known.y;
  var value = (dy[base + i] * weight[i] - meanD - normal * meanDX) * known.y;
  if (p.accumulate == 1u) { value += dx[base + i]; }
  dx[base + i] = value;
}`,
});

/** Rows summed by one invocation; partial sums keep the order fixed without atomics. */
const CHUNK = 64;

const MAX_ROWS = CHUNK * MAX_ITERATIONS;
/** The forward kernel has three loops over a row's vec4s. */
const MAX_COLUMNS = 4 * Math.floor((MAX_ITERATIONS - 2) / 3);

const backwardWeightKernel = defineKernel({
  label: "layer norm backward, partial sums",
  bindings: {
    x: "read vec4f", // (M, C)
    statistics: "read vec2f", // (M, 2)
    dy: "read vec4f", // (M, C)
    partials: "write vec4f", // (ceil(M / CHUNK), 2, C)
  },
  parameters: { width: "u32", rows: "u32" },
  workgroupSize: 8,
  body: `let column = index % p.width;
let chunk = index / p.width;
var toWeight = vec4f();
var toBias = vec4f();
for (var row = chunk * ${CHUNK}u; row < min((chunk + 1u) * ${CHUNK}u, p.rows); row++) {
  let known = statistics[row];
  let d = dy[row * p.width + column];
  toBias += d;
  toWeight += d * (x[row * p.width + column] - known.x) * known.y;
}
partials[2u * chunk * p.width + column] = toWeight;
partials[(2u * chunk + 1u) * p.width + column] = toBias;`,
});

const sumPartialsKernel = defineKernel({
  label: "layer norm backward, sums",
  bindings: {
    partials: "read vec4f", // (chunks, 2, C)
    weight: "write vec4f", // (C)
    bias: "write vec4f", // (C)
  },
  parameters: {
    width: "u32",
    chunks: "u32",
    accumulateWeight: "u32",
    accumulateBias: "u32",
  },
  workgroupSize: 8,
  body: `var toWeight = vec4f();
var toBias = vec4f();
if (p.accumulateWeight == 1u) { toWeight = weight[index]; }
if (p.accumulateBias == 1u) { toBias = bias[index]; }
for (var chunk = 0u; chunk < p.chunks; chunk++) {
  toWeight += partials[2u * chunk * p.width + index];
  toBias += partials[(2u * chunk + 1u) * p.width + index];
}
weight[index] = toWeight;
bias[index] = toBias;`,
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
    columns % 4 === 0 && weight.size === columns && bias.size === columns,
    `layer norm: x (${x.shape}) needs a last extent that is a multiple of 4, ` +
      `and weight (${weight.shape}) and bias (${bias.shape}) of that size`,
  );
  requireShape(
    columns <= MAX_COLUMNS && rows <= MAX_ROWS,
    `layer norm: x (${x.shape}) has more than ${MAX_ROWS} rows or ${MAX_COLUMNS} columns`,
  );
  const { stream } = tape.device;
  const width = columns / 4;
  const y = tape.result(x.shape, x.requiresGradient || weight.requiresGradient);
  const statistics = tape.empty([rows, 2]);
  stream.dispatch(forwardKernel, { x, weight, bias, y, statistics }, {
    width,
    epsilon,
  }, rows);
  tape.record(y, (dy) => {
    const toX = tape.target(x);
    if (toX !== undefined) {
      const { gradient: dx, accumulate } = toX;
      const bindings = { x, weight, statistics, dy, dx };
      stream.dispatch(
        backwardInputKernel,
        bindings,
        { width, accumulate },
        rows,
      );
    }
    const toWeight = tape.target(weight);
    const toBias = tape.target(bias);
    if (toWeight === undefined || toBias === undefined) return;
    const chunks = Math.ceil(rows / CHUNK);
    const partials = tape.empty([chunks, 2, columns]);
    stream.dispatch(
      backwardWeightKernel,
      { x, statistics, dy, partials },
      { width, rows },
      chunks * width,
    );
    stream.dispatch(
      sumPartialsKernel,
      { partials, weight: toWeight.gradient, bias: toBias.gradient },
      {
        width,
        chunks,
        accumulateWeight: toWeight.accumulate,
        accumulateBias: toBias.accumulate,
      },
      width,
    );
  });
  return y;
}
