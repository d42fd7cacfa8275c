/**
 * Losses over categorical choices with their derivative: cross-entropy for supervised fine-tuning,
 * and the policy gradient (Williams 1992), which is cross-entropy weighted by the advantage.
 *
 * Three kernels: the softmax's sums over parts of rows, the losses of rows, the derivative; the
 * first and the last are in `softmax.ts`.
 * @module
 */
import { requireShape } from "../errors.ts";
import { defineKernel } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { flatImage, storedAs } from "./row_parts.ts";
import {
  type Logits,
  MAX_COLUMNS,
  softmaxDeclarations,
  softmaxSlopes,
  softmaxSums,
} from "./softmax.ts";

const rowsKernel = defineKernel({
  label: "categorical loss, rows",
  bindings: {
    logits: "read float", // (N, V)
    rows: "read vec2u", // (N, 2): target, choices
    weights: "read f32", // (N)
    sums: "read vec4f", // (N, parts, 4)
    facts: "write vec4f", // (N, 4): highest, log total, entropy, weight
    losses: "write f32", // (N)
    logProbabilities: "write f32", // (N)
    entropies: "write f32", // (N)
  },
  parameters: { columns: "u32", parts: "u32", entropyWeight: "f32" },
  workgroupSize: 8,
  declarations: softmaxDeclarations,
  body: `var all = Softmax(NONE, 0.0, 0.0);
for (var part = 0u; part < p.parts; part++) {
  let found = sums[index * p.parts + part];
  all = joined(all, Softmax(found.x, found.y, found.z));
}
let entropy = log(all.total) - all.moment / all.total;
let weight = weights[index];
let logit = f32(logits[index * p.columns + rows[index].x]);
let chosen = logit - all.highest - log(all.total);
facts[index] = vec4f(all.highest, log(all.total), entropy, weight);
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
  const [count, columns] = [logits.rows, logits.columns];
  requireShape(
    columns <= MAX_COLUMNS,
    `categorical loss: ${columns} columns exceed ${MAX_COLUMNS}`,
  );
  const stored = storedAs("categorical loss", logits);
  const rows = tape.upload(targetsAndChoices("categorical loss", logits, options), [count, 2]);
  const entropyWeight = options.entropyWeight ?? 0;
  const image = flatImage(tape, logits);
  const input: Logits = { image, stored, columns, rows };
  const sums = softmaxSums(tape, input);
  const facts = tape.empty([count, 4]);
  const losses = tape.empty([count]);
  const logProbabilities = tape.empty([count]);
  const entropies = tape.empty([count]);
  const weights = tape.upload(options.weights);
  tape.device.stream.dispatch(
    rowsKernel,
    { logits, rows, weights, sums, facts, losses, logProbabilities, entropies },
    { columns, parts: sums.shape[1]!, entropyWeight },
    count,
  );
  const dLogits = tape.empty(logits.shape, { type: logits.type });
  softmaxSlopes(tape, input, { facts, dLogits, entropyWeight });
  requireShape(
    logits.gradient === undefined,
    `categorical loss: logits (${logits.shape}) have a derivative already, which this one would replace`,
  );
  logits.gradient = dLogits;
  return { losses, logProbabilities, entropies };
}

/** Each row's target and number of choices, one after the other. Throws a ShapeError where they do not fit `logits`. */
export function targetsAndChoices(
  what: string,
  logits: Tensor,
  { targets, weights, ...options }: CategoricalLossOptions,
): Uint32Array {
  const [rows, columns] = [logits.rows, logits.columns];
  const choices = options.choices ?? new Uint32Array(rows).fill(columns);
  requireShape(
    targets.length === rows && weights.length === rows &&
      choices.length === rows,
    `${what}: logits (${logits.shape}) need ${rows} targets, weights and choices, got ` +
      `${targets.length}, ${weights.length} and ${choices.length}`,
  );
  const pairs = new Uint32Array(2 * rows);
  for (const [row, target] of targets.entries()) {
    requireShape(
      target < choices[row]! && choices[row]! <= columns,
      `${what}: target ${target} of row ${row} is not among its ${choices[row]} choices ` +
        `in ${columns} columns`,
    );
    pairs.set([target, choices[row]!], 2 * row);
  }
  return pairs;
}
