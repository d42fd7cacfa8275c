/**
 * Losses of a policy that chooses among a few labels, fused with their derivative: the policy
 * gradient (Williams 1992) or its proximal form with a clipped ratio (Schulman et al. 2017,
 * "Proximal policy optimization algorithms", equation 7), an entropy bonus, and a penalty on the
 * divergence from a reference policy.
 *
 * One invocation walks a row; for the rows of a whole vocabulary there is `categoricalLoss`.
 * @module
 */
import { requireShape } from "../errors.ts";
import { defineKernel, MAX_ITERATIONS, unroll } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import { Tensor } from "../tensor.ts";
import {
  type CategoricalLoss,
  type CategoricalLossOptions,
  targetsAndChoices,
} from "./categorical_loss.ts";
import { eachFour, flatImage, fourAt, imageBinding, type Stored, storedAs } from "./row_parts.ts";

/** Four loops over a row, of at most a quarter of its columns and two turns each. */
const MAX_COLUMNS = 4 * (Math.floor((MAX_ITERATIONS - 3) / 4) - 2);

/** Results of a row, in the order the kernel writes them. */
const RESULTS = 7;

const declarations = `const NONE = -3.0e38;
fn most(values: vec4f) -> f32 { return max(max(values.x, values.y), max(values.z, values.w)); }
fn sum(values: vec4f) -> f32 { return dot(values, vec4f(1.0)); }
// What has no probability has no share, though its logarithm be infinite.
fn shares(probabilities: vec4f, values: vec4f) -> vec4f {
  return select(probabilities * values, vec4f(), probabilities == vec4f());
}
// ratio − 1 − log ratio, without taking a small difference of large numbers.
fn drift(logRatio: f32) -> f32 {
  let d = logRatio;
  let near = d * d * (0.5 + d * (1.0 / 6.0 + d * (1.0 / 24.0 + d / 120.0)));
  return select(exp(d) - 1.0 - d, near, abs(d) < 0.1);
}`;

const body = `let row = index;
let chosen = rows[row].x;
let first = 0u;
var end = rows[row].y;
var top = NONE;
var referenceTop = NONE;
${
  eachFour(
    "logitsAt(at, p.shift)",
    `top = max(top, most(select(vec4f(NONE), four, inside)));
referenceTop = max(referenceTop, most(select(vec4f(NONE), referenceAt(at, p.referenceShift), inside)));`,
  )
}
var total = 0.0;
var moment = 0.0;
var referenceTotal = 0.0;
${
  eachFour(
    "logitsAt(at, p.shift)",
    `let masses = select(vec4f(), exp(four - top), inside);
total += sum(masses);
moment += sum(shares(masses, four - top));
referenceTotal += sum(select(vec4f(), exp(referenceAt(at, p.referenceShift) - referenceTop), inside));`,
  )
}
let logTotal = log(total);
let referenceLogTotal = log(referenceTotal);
let entropy = logTotal - moment / total;
var divergence = 0.0;
${
  eachFour(
    "logitsAt(at, p.shift)",
    `let logs = four - top - logTotal;
let differences = logs - (referenceAt(at, p.referenceShift) - referenceTop - referenceLogTotal);
divergence += sum(shares(select(vec4f(), exp(logs), inside), differences));`,
  )
}
let weight = numbers[row].x;
let chosenAt = row * p.columns + chosen;
let logProbability = logitsAt(chosenAt / 4u, p.shift)[chosenAt % 4u] - top - logTotal;
let logRatio = select(0.0, logProbability - numbers[row].y, p.useRatio == 1u);
let ratio = exp(logRatio);
let clipped = weight > 0.0 && ratio > p.highest || weight < 0.0 && ratio < p.lowest;
var pull = weight;
var loss = -weight * logProbability;
if (p.useRatio == 1u) {
  // A step of no weight counts for nothing, however far the ratio has run away.
  pull = select(weight * ratio, 0.0, clipped || weight == 0.0);
  let least = min(weight * ratio, weight * clamp(ratio, p.lowest, p.highest));
  loss = select(-least, 0.0, weight == 0.0);
}
end = p.columns;
${
  eachFour(
    "logitsAt(at, p.shift)",
    `let logs = four - top - logTotal;
let differences = logs - (referenceAt(at, p.referenceShift) - referenceTop - referenceLogTotal);
let probabilities = exp(logs);
let hits = select(vec4f(), vec4f(1.0), columns == vec4u(chosen));
let slopes = pull * (probabilities - hits) +
  p.entropyWeight * shares(probabilities, logs + entropy) +
  p.divergenceWeight * shares(probabilities, differences - divergence);
let masked = select(vec4f(), slopes, columns < vec4u(rows[row].y));
${unroll(4, (i) => `if (inside[${i}]) { dLogits[place[${i}]] = dLogits_t(masked[${i}]); }`)}`,
  )
}
results[row] = loss - p.entropyWeight * entropy + p.divergenceWeight * divergence;
results[p.stride + row] = logProbability;
results[2u * p.stride + row] = entropy;
results[3u * p.stride + row] = ratio;
results[4u * p.stride + row] = select(0.0, 1.0, p.useRatio == 1u && clipped);
results[5u * p.stride + row] = drift(logRatio);
results[6u * p.stride + row] = divergence;`;

function policyKernel(stored: Stored, referenceStored: Stored) {
  return defineKernel({
    label: "policy loss",
    bindings: {
      logits: imageBinding(stored), // (N, L)
      reference: imageBinding(referenceStored), // (N, L); the logits themselves where there is none
      rows: "read vec2u", // (N, 2): target, choices
      numbers: "read vec2f", // (N, 2): weight, old log probability
      results: "write f32", // (RESULTS, stride), stride at least N
      dLogits: "write float", // (N, L)
    },
    parameters: {
      columns: "u32",
      shift: "u32",
      referenceShift: "u32",
      stride: "u32",
      useRatio: "u32",
      lowest: "f32", // 1 − clip
      highest: "f32", // 1 + clip
      entropyWeight: "f32",
      divergenceWeight: "f32",
    },
    workgroupSize: 8,
    declarations: `${fourAt("logits", stored)}
${fourAt("reference", referenceStored)}
${declarations}`,
    body,
  });
}

/** By how the logits are stored, then by how the reference is. */
const kernels = {
  f32: { f32: policyKernel("f32", "f32"), f16: policyKernel("f32", "f16") },
  f16: { f32: policyKernel("f16", "f32"), f16: policyKernel("f16", "f16") },
};

/** What the loss is of; weights are advantages/N. */
export interface PolicyLossOptions extends CategoricalLossOptions {
  /** Makes it the clipped loss of proximal policy optimisation. Default: the policy gradient. */
  readonly proximal?: {
    /** (N): log probability of the target under the policy that chose it. */
    readonly oldLogProbabilities: Float32Array;
    /** How far the ratio may move from 1 before it counts no more; above 0, or 0. */
    readonly clip: number;
  };
  /** Adds `weight · KL(policy ‖ reference)` over the choices to each row. Default: nothing. */
  readonly divergence?: {
    /** (N, L): the reference policy's logits, or its log probabilities, of the same choices. */
    readonly reference: Tensor;
    /** Of each row, as the entropy's weight. */
    readonly weight: number;
  };
}

/** Per row of the logits, all (N). */
export interface PolicyLoss extends CategoricalLoss {
  /**
   * `−weight · log p(target)`, or with `r = p(target) / old probability`
   * `−min(weight · r, weight · clamp(r, 1 − clip, 1 + clip))`; then
   * `− entropyWeight · entropy + divergence.weight · divergence`. The loss is their sum.
   */
  readonly losses: Tensor;
  /** `r`; 1 without `proximal`. */
  readonly ratios: Tensor;
  /** 1 where the clip keeps the row from counting, else 0: their mean is the clip fraction. */
  readonly clipped: Tensor;
  /** `r − 1 − log r`, whose mean estimates KL(old policy ‖ policy); 0 without `proximal`. */
  readonly drifts: Tensor;
  /** KL(policy ‖ reference) over the choices, in nats; 0 without a reference. */
  readonly divergences: Tensor;
}

function check(logits: Tensor, { proximal, divergence }: PolicyLossOptions): void {
  const [rows, columns] = [logits.rows, logits.columns];
  storedAs("policy loss", logits);
  requireShape(
    columns <= MAX_COLUMNS,
    `policy loss: ${columns} columns exceed ${MAX_COLUMNS}`,
  );
  const old = proximal?.oldLogProbabilities.length ?? rows;
  requireShape(
    old === rows,
    `policy loss: logits (${logits.shape}) need ${rows} old log probabilities, got ${old}`,
  );
  const reference = divergence?.reference ?? logits;
  storedAs("policy loss", reference);
  requireShape(
    reference.rows === rows && reference.columns === columns,
    `policy loss: logits (${logits.shape}) and reference (${reference.shape}) differ in shape`,
  );
  const clip = proximal?.clip ?? 0;
  if (!(clip >= 0 && clip < Infinity)) {
    throw new RangeError(`policy loss: clip is ${clip}, must be a number that is not negative`);
  }
}

/** Weight and old log probability of each row, one after the other. */
function numbersOf({ weights, proximal }: PolicyLossOptions): Float32Array {
  const numbers = new Float32Array(2 * weights.length);
  weights.forEach((weight, row) => {
    numbers.set([weight, proximal?.oldLogProbabilities[row] ?? 0], 2 * row);
  });
  return numbers;
}

/**
 * Loss of `logits` (N, L), whose derivative is left in `logits.gradient`: go on with
 * `tape.backward(logits)`. The reference gets no derivative. Throws a ShapeError where shapes do not
 * fit or targets are no choices, a RangeError for a negative clip.
 */
export function policyLoss(tape: Tape, logits: Tensor, options: PolicyLossOptions): PolicyLoss {
  check(logits, options);
  const pairs = targetsAndChoices("policy loss", logits, options);
  const { proximal, divergence, entropyWeight = 0 } = options;
  const count = logits.rows;
  // Each result is a tensor of its own, and starts where a slice of a buffer may.
  const stride = Math.ceil(count / 64) * 64;
  const results = tape.empty([RESULTS, stride]);
  const dLogits = tape.empty(logits.shape, { type: logits.type });
  const image = flatImage(tape, logits);
  const other = divergence?.reference ?? logits;
  const reference = divergence === undefined ? image : flatImage(tape, other);
  const kernel = kernels[storedAs("policy loss", logits)][storedAs("policy loss", other)];
  tape.device.stream.dispatch(kernel, {
    logits: image.texture,
    reference: reference.texture,
    rows: tape.upload(pairs, [count, 2]),
    numbers: tape.upload(numbersOf(options), [count, 2]),
    results,
    dLogits,
  }, {
    columns: logits.columns,
    shift: image.shift,
    referenceShift: reference.shift,
    stride,
    useRatio: proximal === undefined ? 0 : 1,
    lowest: 1 - (proximal?.clip ?? 0),
    highest: 1 + (proximal?.clip ?? 0),
    entropyWeight,
    divergenceWeight: divergence?.weight ?? 0,
  }, count);
  requireShape(
    logits.gradient === undefined,
    `policy loss: logits (${logits.shape}) have a derivative already, which this one would replace`,
  );
  logits.gradient = dLogits;
  const result = (i: number) => new Tensor([count], results.buffer, 4 * i * stride, false);
  return {
    losses: result(0),
    logProbabilities: result(1),
    entropies: result(2),
    ratios: result(3),
    clipped: result(4),
    drifts: result(5),
    divergences: result(6),
  };
}
