/**
 * Losses over categorical choices, fused with their derivative: cross-entropy for supervised
 * fine-tuning, and the policy gradient (Williams 1992), which is cross-entropy weighted by the
 * advantage.
 * @module
 */
import { requireShape } from "../errors.ts";
import { defineKernel, unroll } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

/** Two loops of a quarter of the columns each must stay below the software adapter's 65,535. */
const MAX_COLUMNS = 131_000;

const kernel = defineKernel({
  label: "categorical loss",
  bindings: {
    logits: "read f32", // (N, V)
    targets: "read u32", // (N)
    weights: "read f32", // (N)
    choices: "read u32", // (N): the columns below this are choices
    losses: "write f32", // (N)
    logProbabilities: "write f32", // (N)
    entropies: "write f32", // (N)
    dLogits: "write f32", // (N, V)
  },
  parameters: { columns: "u32", entropyWeight: "f32" },
  workgroupSize: 8,
  // One online pass gives the maximum, Σ exp and Σ exp · logit; entropy = log Σ − E[logit].
  body: `let base = index * p.columns;
let count = choices[index];
var highest = -3.0e38;
var total = 0.0;
var moment = 0.0;
for (var i = 0u; i < count; i += 4u) {
${
    unroll(4, (j) =>
      `if (i + ${j}u < count) {
  let logit = logits[base + i + ${j}u];
  let top = max(highest, logit);
  let shrink = exp(highest - top);
  let weight = exp(logit - top);
  total = total * shrink + weight;
  moment = moment * shrink + weight * logit;
  highest = top;
}`)
  }
}
let logTotal = highest + log(total);
let entropy = logTotal - moment / total;
let weight = weights[index];
for (var i = 0u; i < p.columns; i += 4u) {
${
    unroll(4, (j) =>
      `if (i + ${j}u < p.columns) {
  var slope = 0.0;
  if (i + ${j}u < count) {
    let logProbability = logits[base + i + ${j}u] - logTotal;
    let probability = exp(logProbability);
    slope = weight * probability + p.entropyWeight * probability * (logProbability + entropy);
    if (i + ${j}u == targets[index]) { slope -= weight; }
  }
  dLogits[base + i + ${j}u] = slope;
}`)
  }
}
let chosen = logits[base + targets[index]] - logTotal;
losses[index] = -weight * chosen - p.entropyWeight * entropy;
logProbabilities[index] = chosen;
entropies[index] = entropy;`,
});

/** What the loss is of. */
export interface CategoricalLossOptions {
  /** (N): the column that was right, or was chosen. */
  readonly targets: Uint32Array;
  /** (N): 1/N for a mean cross-entropy; advantage/N for a policy gradient. */
  readonly weights: Float32Array;
  /** (N): only columns below this are choices. Default: all of them. */
  readonly choices?: Uint32Array;
  /** Weight of each row's entropy bonus. Default 0. */
  readonly entropyWeight?: number;
}

/** Per row of the logits, all (N). */
export interface CategoricalLoss {
  /** `−weight · log p(target) − entropyWeight · entropy`; the loss is their sum. */
  readonly losses: Tensor;
  /** `log p(target)` */
  readonly logProbabilities: Tensor;
  /** In nats. */
  readonly entropies: Tensor;
}

/**
 * Loss of `logits` (N, V), whose derivative is left in `logits.gradient`: go on with
 * `tape.backward(logits)`. Throws a ShapeError where targets are no choices.
 */
export function categoricalLoss(
  tape: Tape,
  logits: Tensor,
  options: CategoricalLossOptions,
): CategoricalLoss {
  const [rows, columns] = [logits.rows, logits.columns];
  const { targets, weights } = options;
  const choices = options.choices ?? new Uint32Array(rows).fill(columns);
  requireShape(
    columns <= MAX_COLUMNS,
    `categorical loss: ${columns} columns exceed ${MAX_COLUMNS}`,
  );
  requireShape(
    targets.length === rows && weights.length === rows &&
      choices.length === rows,
    `categorical loss: logits (${logits.shape}) need ${rows} targets, weights and choices, got ` +
      `${targets.length}, ${weights.length} and ${choices.length}`,
  );
  for (const [row, target] of targets.entries()) {
    requireShape(
      target < choices[row]! && choices[row]! <= columns,
      `categorical loss: target ${target} of row ${row} is not among its ${choices[row]} choices ` +
        `in ${columns} columns`,
    );
  }
  const losses = tape.empty([rows]);
  const logProbabilities = tape.empty([rows]);
  const entropies = tape.empty([rows]);
  const dLogits = tape.empty(logits.shape);
  tape.device.stream.dispatch(
    kernel,
    {
      logits,
      targets: tape.upload(targets),
      weights: tape.upload(weights),
      choices: tape.upload(choices),
      losses,
      logProbabilities,
      entropies,
      dLogits,
    },
    { columns, entropyWeight: options.entropyWeight ?? 0 },
    rows,
  );
  logits.gradient = dLogits;
  return { losses, logProbabilities, entropies };
}
