/**
 * Losses over categorical choices with their derivative: cross-entropy for supervised fine-tuning,
 * and the policy gradient (Williams 1992), which is cross-entropy weighted by the advantage.
 *
 * Three kernels: the softmax's sums over parts of rows, the losses of rows, the derivative.
 * @module
 */
import { requireShape } from "../errors.ts";
import { defineKernel, MAX_ITERATIONS } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import {
  eachFour,
  flatImage,
  fourAt,
  imageBinding,
  PART_COLUMNS,
  partOfRow,
  partsOf,
  softmaxDeclarations,
  type Stored,
  storedAs,
} from "./row_parts.ts";

/** One invocation joins all parts of a row. */
const MAX_COLUMNS = PART_COLUMNS * MAX_ITERATIONS;

function partsKernel(stored: Stored) {
  return defineKernel({
    label: "categorical loss, parts of rows",
    bindings: {
      logits: imageBinding(stored), // (N, V)
      rows: "read vec2u", // (N, 2): target, choices
      sums: "write vec4f", // (N, parts, 4): highest, total, moment, 0
    },
    parameters: { columns: "u32", parts: "u32", shift: "u32" },
    workgroupSize: 8,
    declarations: softmaxDeclarations + fourAt("logits", stored),
    body: `${partOfRow("rows[row].y")}
var found = Softmax(NONE, 0.0, 0.0);
${eachFour("logits", "found = withFour(found, four, inside);")}
sums[index] = vec4f(found.highest, found.total, found.moment, 0.0);`,
  });
}

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

/** Fours one invocation writes: what it must know of a row is then loaded once for many. */
const FOURS = 16;

function slopesKernel(stored: Stored) {
  return defineKernel({
    label: "categorical loss, derivative",
    bindings: {
      logits: imageBinding(stored), // (N, V)
      rows: "read vec2u", // (N, 2): target, choices
      facts: "read vec4f", // (N, 4): highest, log total, entropy, weight
      dLogits: "write float4", // (N, V)
    },
    parameters: { columns: "u32", shift: "u32", fours: "u32", entropyWeight: "f32" },
    workgroupSize: 64,
    declarations: fourAt("logits", stored),
    // A four that belongs to several rows is written once for each, with what came before.
    body: `let start = ${FOURS}u * index;
let stop = min(start + ${FOURS}u, p.fours);
var slopes = vec4f();
for (var row = 4u * start / p.columns; row * p.columns < 4u * stop; row++) {
  let begin = row * p.columns;
  let known = facts[row];
  let chosen = begin + rows[row].x;
  let end = begin + rows[row].y;
  for (var at = max(start, begin / 4u); at < min(stop, (begin + p.columns + 3u) / 4u); at++) {
    let place = 4u * at + vec4u(0u, 1u, 2u, 3u);
    let logProbabilities = logitsAt(at, p.shift) - known.x - known.y;
    let probabilities = exp(logProbabilities);
    // A choice without probability has no share in the entropy; 0 times infinity must not count.
    let shares = select(
      probabilities * (logProbabilities + known.z), vec4f(), probabilities == vec4f(),
    );
    let hits = select(vec4f(), vec4f(1.0), place == vec4u(chosen));
    let values = known.w * (probabilities - hits) + p.entropyWeight * shares;
    slopes = select(slopes, select(vec4f(), values, place < vec4u(end)), place >= vec4u(begin));
    dLogits[at] = dLogits_t(slopes);
  }
}`,
  });
}

const partsKernels = { f32: partsKernel("f32"), f16: partsKernel("f16") };
const slopesKernels = { f32: slopesKernel("f32"), f16: slopesKernel("f16") };

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
  const { stream } = tape.device;
  const [count, columns] = [logits.rows, logits.columns];
  requireShape(
    columns <= MAX_COLUMNS,
    `categorical loss: ${columns} columns exceed ${MAX_COLUMNS}`,
  );
  const stored = storedAs("categorical loss", logits);
  const rows = tape.upload(targetsAndChoices("categorical loss", logits, options), [count, 2]);
  const parts = partsOf(columns);
  const entropyWeight = options.entropyWeight ?? 0;
  const sums = tape.empty([count, parts, 4]);
  const facts = tape.empty([count, 4]);
  const [losses, logProbabilities, entropies] = [[count], [count], [count]]
    .map((shape) => tape.empty(shape)) as [Tensor, Tensor, Tensor];
  const dLogits = tape.empty(logits.shape, { type: logits.type });
  const { texture, shift } = flatImage(tape, logits);
  stream.dispatch(
    partsKernels[stored],
    { logits: texture, rows, sums },
    { columns, parts, shift },
    count * parts,
  );
  const weights = tape.upload(options.weights);
  stream.dispatch(
    rowsKernel,
    { logits, rows, weights, sums, facts, losses, logProbabilities, entropies },
    { columns, parts, entropyWeight },
    count,
  );
  const fours = Math.ceil(logits.size / 4);
  stream.dispatch(
    slopesKernels[stored],
    { logits: texture, rows, facts, dLogits },
    { columns, shift, fours, entropyWeight },
    Math.ceil(fours / FOURS),
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
