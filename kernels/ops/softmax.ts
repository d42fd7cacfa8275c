/**
 * The softmax of rows of any length, in the two passes losses make of it: its sums, and the
 * derivative by the logits.
 * @module
 */
import { defineKernel, ELEMENTWISE, MAX_ITERATIONS } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import {
  eachFour,
  type FlatImage,
  fourAt,
  imageBinding,
  PART_COLUMNS,
  partOfRow,
  partsOf,
  type Stored,
} from "./row_parts.ts";

/** Columns of the widest rows: one invocation joins all parts of a row. */
export const MAX_COLUMNS = PART_COLUMNS * MAX_ITERATIONS;

/**
 * WGSL of an online softmax: `highest`, `total` = Σ exp(x − highest) and `moment` =
 * Σ exp(x − highest) · (x − highest), the last for the entropy log(total) − moment / total.
 */
export const softmaxDeclarations = `const NONE = -3.0e38;
struct Softmax { highest: f32, total: f32, moment: f32 }
fn risen(sums: Softmax, highest: f32) -> Softmax {
  let shift = sums.highest - highest;
  let shrink = exp(shift);
  return Softmax(highest, sums.total * shrink, (sums.moment + shift * sums.total) * shrink);
}
fn withFour(sums: Softmax, four: vec4f, inside: vec4<bool>) -> Softmax {
  let values = select(vec4f(NONE), four, inside);
  let most = max(max(values.x, values.y), max(values.z, values.w));
  let before = risen(sums, max(sums.highest, most));
  let above = values - before.highest;
  let weights = select(vec4f(), exp(above), inside);
  // A choice at -infinity has no weight, and its product with infinity must not count.
  let moments = select(weights * above, vec4f(), weights == vec4f());
  return Softmax(
    before.highest,
    before.total + dot(weights, vec4f(1.0)),
    before.moment + dot(moments, vec4f(1.0)),
  );
}
fn joined(a: Softmax, b: Softmax) -> Softmax {
  let highest = max(a.highest, b.highest);
  let x = risen(a, highest);
  let y = risen(b, highest);
  return Softmax(highest, x.total + y.total, x.moment + y.moment);
}`;

function partsKernel(stored: Stored) {
  return defineKernel({
    label: "softmax, parts of rows",
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
${eachFour("logitsAt(at, p.shift)", "found = withFour(found, four, inside);")}
sums[index] = vec4f(found.highest, found.total, found.moment, 0.0);`,
  });
}

/** Fours one invocation writes: what it must know of a row is then loaded once for many. */
const FOURS = 16;

function slopesKernel(stored: Stored) {
  return defineKernel({
    label: "softmax, derivative of a loss",
    bindings: {
      logits: imageBinding(stored), // (N, V)
      rows: "read vec2u", // (N, 2): target, choices
      facts: "read vec4f", // (N, 4): highest, log total, entropy, weight
      dLogits: "write float4", // (N, V)
    },
    parameters: { columns: "u32", shift: "u32", fours: "u32", entropyWeight: "f32" },
    workgroupSize: ELEMENTWISE,
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

/** Logits (N, V) as kernels read them. */
export interface Logits {
  /** All elements. */
  readonly image: FlatImage;
  /** How they are stored. */
  readonly stored: Stored;
  /** V */
  readonly columns: number;
  /** (N, 2) u32: each row's target, and how many of its first columns are choices. */
  readonly rows: Tensor;
}

/** Sums of each part of each row: (N, parts, 4), highest, total, moment, 0. */
export function softmaxSums(tape: Tape, { image, stored, columns, rows }: Logits): Tensor {
  const parts = partsOf(columns);
  const sums = tape.empty([rows.rows, parts, 4]);
  tape.device.stream.dispatch(
    partsKernels[stored],
    { logits: image.texture, rows, sums },
    { columns, parts, shift: image.shift },
    rows.rows * parts,
  );
  return sums;
}

/**
 * Writes `weight · (p − [column = target]) + entropyWeight · p · (log p + entropy)` for choices and
 * 0 for other columns into `dLogits` (N, V); `facts` (N, 4) are a row's highest logit, log total,
 * entropy and weight.
 */
export function softmaxSlopes(
  tape: Tape,
  { image, stored, columns, rows }: Logits,
  given: { readonly facts: Tensor; readonly dLogits: Tensor; readonly entropyWeight?: number },
): void {
  const { facts, dLogits, entropyWeight = 0 } = given;
  const fours = Math.ceil(dLogits.size / 4);
  tape.changed(dLogits);
  tape.device.stream.dispatch(
    slopesKernels[stored],
    { logits: image.texture, rows, facts, dLogits },
    { columns, shift: image.shift, fours, entropyWeight },
    Math.ceil(fours / FOURS),
  );
}
