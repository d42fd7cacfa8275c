/**
 * Where a row's choices are cut to the likeliest, found without sorting.
 *
 * A logit's bits, read as a number that orders as the logits do, are its key. The key of the last
 * choice to keep is searched digit by digit, from the highest: the choices whose key begins with the
 * digits known so far are summed up by their next digit, and the next digit is the one at which
 * enough is kept. Summing ones finds the k likeliest, summing probabilities a share of them.
 * @module
 */
import { defineKernel, unroll } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import {
  eachColumn,
  type FlatImage,
  fourAt,
  imageBinding,
  partOfRow,
  type Stored,
} from "./row_parts.ts";

/** Bits of a digit: sixteen sums are kept in registers. */
const DIGIT_BITS = 4;

/** WGSL of the order of logits, and of a choice's weight, exp((logit − highest) / temperature). */
export const cutDeclarations = `fn keyOf(logit: f32) -> u32 {
  let bits = bitcast<u32>(select(logit, 0.0, logit == 0.0));
  return select(bits | 0x80000000u, ~bits, bits >> 31u == 1u);
}
fn weightOf(logit: f32, highest: f32) -> f32 {
  return exp((logit - highest) * p.inverseTemperature);
}
// The weight of each choice with this key; no choice has the key 0.
fn weightAt(key: u32, highest: f32) -> f32 {
  let logit = bitcast<f32>(select(~key, key & 0x7fffffffu, key >> 31u == 1u));
  return select(weightOf(logit, highest), 0.0, key == 0u);
}
`;

function massesKernel(stored: Stored) {
  return defineKernel({
    label: "sample, weights of parts",
    bindings: {
      logits: imageBinding(stored), // (N, V)
      choices: "read u32", // (N)
      highest: "read f32", // (N)
      cut: "read vec2u", // (N, 2)
      masses: "write vec2f", // (N, parts, 2): weight above the cut, choices at it
    },
    parameters: { columns: "u32", parts: "u32", shift: "u32", inverseTemperature: "f32" },
    workgroupSize: 8,
    declarations: cutDeclarations + fourAt("logits", stored),
    body: `${partOfRow("choices[row]")}
let lowest = cut[row].x;
let top = highest[row];
var mass = 0.0;
var ties = 0.0;
${
      eachColumn(
        "logitsAt(at, p.shift)",
        `let key = keyOf(value);
mass += select(0.0, weightOf(value, top), key > lowest);
ties += select(0.0, 1.0, key == lowest);`,
      )
    }
masses[index] = vec2f(mass, ties);`,
  });
}

/** What is looked for after which a share of the weights is kept. */
const shareKernel = defineKernel({
  label: "sample, share of weights",
  bindings: {
    masses: "read vec2f", // (N, parts, 2)
    highest: "read f32", // (N)
    cut: "read vec2u", // (N, 2)
    search: "write u32", // (N, 4)
  },
  parameters: { parts: "u32", share: "f32", inverseTemperature: "f32" },
  workgroupSize: 8,
  declarations: cutDeclarations,
  body: `var total = f32(cut[index].y) * weightAt(cut[index].x, highest[index]);
for (var part = 0u; part < p.parts; part++) { total += masses[index * p.parts + part].x; }
search[4u * index] = 0u;
search[4u * index + 1u] = 0u;
search[4u * index + 2u] = bitcast<u32>(p.share * total);
search[4u * index + 3u] = 0u;`,
});

function digitsKernel(stored: Stored) {
  return defineKernel({
    label: "sample, sums by digit",
    bindings: {
      logits: imageBinding(stored), // (N, V)
      choices: "read u32", // (N)
      highest: "read f32", // (N)
      cut: "read vec2u", // (N, 2): an earlier cut, below which nothing counts
      search: "read vec4u", // (N, 4)
      sums: "write vec4f", // (N, parts, 16)
    },
    parameters: {
      columns: "u32",
      parts: "u32",
      shift: "u32",
      inverseTemperature: "f32",
      digit: "u32", // bits below the digit
      ones: "u32", // 1: count choices, 0: sum weights
    },
    workgroupSize: 8,
    declarations: cutDeclarations + fourAt("logits", stored),
    body: `${partOfRow("choices[row]")}
let lowest = cut[row].x;
let known = search[row].x;
let top = highest[row];
${unroll(4, (i) => `var sums${i} = vec4f();`)}
${
      eachColumn(
        "logitsAt(at, p.shift)",
        `let key = keyOf(value);
if (key >= lowest && (key >> p.digit) >> ${DIGIT_BITS}u == known) {
  let weight = select(weightOf(value, top), 1.0, p.ones == 1u);
  let digit = vec4u((key >> p.digit) & 15u);
${
          unroll(4, (i) => {
            const digits = [0, 1, 2, 3].map((j) => `${4 * i + j}u`).join(", ");
            return `sums${i} += select(vec4f(), vec4f(weight), digit == vec4u(${digits}));`;
          })
        }
}`,
      )
    }
${unroll(4, (i) => `sums[4u * index + ${i}u] = sums${i};`)}`,
  });
}

const nextDigitKernel = defineKernel({
  label: "sample, next digit",
  bindings: {
    sums: "read vec4f", // (N, parts, 16)
    highest: "read f32", // (N)
    earlier: "read vec2u", // (N, 2)
    search: "write u32", // (N, 4): digits known; as f32: sum above them, sum to reach; 0
    cut: "write u32", // (N, 2): key of the last choices kept, how many of these
  },
  parameters: { parts: "u32", digit: "u32", ones: "u32", inverseTemperature: "f32" },
  workgroupSize: 8,
  declarations: cutDeclarations,
  // Where rounding keeps the sum from being reached, the last digit that holds any choice is taken.
  body: `${unroll(4, (i) => `var sums${i} = vec4f();`)}
for (var part = 0u; part < p.parts; part++) {
  let at = 4u * (index * p.parts + part);
${unroll(4, (i) => `sums${i} += sums[at + ${i}u];`)}
}
let goal = bitcast<f32>(search[4u * index + 2u]);
var sum = bitcast<f32>(search[4u * index + 1u]);
var above = sum;
var digit = 0u;
var open = true;
${
    unroll(16, (i) => {
      const digit = 15 - i;
      return `if (open && sums${digit >> 2}[${digit & 3}] > 0.0) {
  digit = ${digit}u; above = sum; sum += sums${digit >> 2}[${digit & 3}]; open = sum < goal;
}`;
    })
  }
let key = search[4u * index] << ${DIGIT_BITS}u | digit;
search[4u * index] = key;
search[4u * index + 1u] = bitcast<u32>(above);
if (p.digit == 0u) {
  let weight = select(weightAt(key, highest[index]), 1.0, p.ones == 1u);
  let wanted = u32(clamp(ceil((goal - above) / weight), 1.0, 16777216.0));
  let most = select(0xffffffffu, earlier[index].y, key == earlier[index].x);
  cut[2u * index] = key;
  cut[2u * index + 1u] = min(wanted, most);
}`,
});

const massesKernels = { f32: massesKernel("f32"), f16: massesKernel("f16") };
const digitsKernels = { f32: digitsKernel("f32"), f16: digitsKernel("f16") };

/** Logits (N, V) as sampling reads them. */
export interface Row {
  /** All elements. */
  readonly image: FlatImage;
  /** How they are stored. */
  readonly stored: Stored;
  /** V */
  readonly columns: number;
  /** Parts of a row. */
  readonly parts: number;
  /** N */
  readonly count: number;
  /** (N) u32 */
  readonly choices: Tensor;
  /** (N): the highest logit among the choices. */
  readonly highest: Tensor;
  /** 1 / temperature */
  readonly inverseTemperature: number;
}

/**
 * Of each part of each row, the weight above the cut and the number of choices at it: (N, parts, 2).
 * `cut` (N, 2) u32 is the key of the last choices kept and how many of these are; zeros keep all.
 */
export function massesOf(tape: Tape, rows: Row, cut: Tensor): Tensor {
  const { image, stored, columns, parts, count, choices, highest, inverseTemperature } = rows;
  const masses = tape.empty([count, parts, 2]);
  tape.device.stream.dispatch(
    massesKernels[stored],
    { logits: image.texture, choices, highest, cut, masses },
    { columns, parts, shift: image.shift, inverseTemperature },
    count * parts,
  );
  return masses;
}

function searchFor(
  tape: Tape,
  rows: Row,
  given: { readonly search: Tensor; readonly earlier: Tensor; readonly ones: 0 | 1 },
): Tensor {
  const { image, stored, columns, parts, count, choices, highest, inverseTemperature } = rows;
  const { search, earlier, ones } = given;
  const { stream } = tape.device;
  const sums = tape.empty([count, parts, 16]);
  const cut = tape.empty([count, 2], { type: "u32" });
  for (let digit = 32 - DIGIT_BITS; digit >= 0; digit -= DIGIT_BITS) {
    stream.dispatch(
      digitsKernels[stored],
      { logits: image.texture, choices, highest, cut: earlier, search, sums },
      { columns, parts, shift: image.shift, inverseTemperature, digit, ones },
      count * parts,
    );
    stream.dispatch(
      nextDigitKernel,
      { sums, highest, earlier, search, cut },
      { parts, digit, ones, inverseTemperature },
      count,
    );
  }
  return cut;
}

/** The cut (N, 2) below the `topK` likeliest choices; `counts` (N) are the choices of each row. */
export function cutToCount(tape: Tape, rows: Row, counts: Uint32Array, topK: number): Tensor {
  const search = new Uint32Array(4 * counts.length);
  const goals = new Float32Array(search.buffer);
  counts.forEach((count, row) => goals[4 * row + 2] = Math.min(topK, count));
  return searchFor(tape, rows, {
    search: tape.upload(search, [counts.length, 4]),
    earlier: tape.upload(new Uint32Array(2 * counts.length), [counts.length, 2]),
    ones: 1,
  });
}

/** The cut (N, 2) below the fewest choices above an earlier cut that have `topP` of its weight. */
export function cutToShare(tape: Tape, rows: Row, earlier: Tensor, topP: number): Tensor {
  const { parts, count, highest, inverseTemperature } = rows;
  const search = tape.empty([count, 4], { type: "u32" });
  tape.device.stream.dispatch(
    shareKernel,
    { masses: massesOf(tape, rows, earlier), highest, cut: earlier, search },
    { parts, share: topP, inverseTemperature },
    count,
  );
  return searchFor(tape, rows, { search, earlier, ones: 0 });
}
