/**
 * Sampling a choice per row, on the device, so that a step costs one readback of a few numbers.
 *
 * A row's choices may be cut to the likeliest: first to the `topK` likeliest, then to the fewest of
 * those that together have the share `topP` of their probability (nucleus sampling, Holtzman et al.
 * 2020). Both are found without sorting, in `sample_cut.ts`. Of equally likely choices the first
 * ones are kept.
 * @module
 */
import { NonFiniteError, requireShape } from "../errors.ts";
import { defineKernel } from "../kernel.ts";
import type { Device } from "../device.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import {
  eachColumn,
  flatImage,
  fourAt,
  imageBinding,
  PART_COLUMNS,
  partOfRow,
  partsOf,
  type Stored,
  storedAs,
} from "./row_parts.ts";
import { cutDeclarations, cutToCount, cutToShare, massesOf, type Row } from "./sample_cut.ts";

/** One invocation walks over all parts of a row twice, and over the columns of one. */
const MAX_COLUMNS = PART_COLUMNS * 32_000;

/** Stands for the choice of a row whose logits are no numbers. */
const NO_CHOICE = 0xffff_ffff;

const markDeclarations = `const NO_CHOICE = ${NO_CHOICE}u;
const BROKEN = ${NO_CHOICE - 1}u;
const LOWEST = -3.4028234e38;
`;

function peaksKernel(stored: Stored) {
  return defineKernel({
    label: "sample, likeliest of parts",
    bindings: {
      logits: imageBinding(stored), // (N, V)
      choices: "read u32", // (N): the columns below this are choices
      tops: "write f32", // (N, parts): the highest logit
      places: "write u32", // (N, parts): its column, NO_CHOICE, or BROKEN
    },
    parameters: { columns: "u32", parts: "u32", shift: "u32" },
    workgroupSize: 8,
    declarations: markDeclarations + fourAt("logits", stored),
    // Comparisons with NaN may be optimised away; its bits are not.
    body: `${partOfRow("choices[row]")}
var top = LOWEST;
var best = NO_CHOICE;
var broken = false;
${
      eachColumn(
        "logitsAt(at, p.shift)",
        `let bits = bitcast<u32>(value);
broken = broken || (bits & 0x7fffffffu) > 0x7f800000u || bits == 0x7f800000u;
if (value > top) { top = value; best = column; }`,
      )
    }
tops[index] = top;
places[index] = select(best, BROKEN, broken);`,
  });
}

const peakKernel = defineKernel({
  label: "sample, likeliest",
  bindings: {
    tops: "read f32", // (N, parts)
    places: "read u32", // (N, parts)
    highest: "write f32", // (N)
    best: "write u32", // (N)
  },
  parameters: { parts: "u32" },
  workgroupSize: 8,
  declarations: markDeclarations,
  body: `var top = LOWEST;
var place = NO_CHOICE;
var broken = false;
for (var part = 0u; part < p.parts; part++) {
  let at = index * p.parts + part;
  broken = broken || places[at] == BROKEN;
  if (tops[at] > top) { top = tops[at]; place = places[at]; }
}
highest[index] = top;
best[index] = select(place, NO_CHOICE, broken);`,
});

// First the part, then the column in it. Where rounding leaves a remainder behind the last
// choice that has weight, that one is taken.
const drawBody = `let row = index;
if (best[row] == NO_CHOICE) { chosen[row] = NO_CHOICE; return; }
let limit = cut[row];
let tieWeight = weightAt(limit.x, highest[row]);
var total = 0.0;
var free = f32(limit.y);
for (var part = 0u; part < p.parts; part++) {
  let found = masses[row * p.parts + part];
  let ties = min(found.y, free);
  total += found.x + ties * tieWeight;
  free -= ties;
}
var ahead = unitInterval(seeds[row]) * total;
free = f32(limit.y);
var first = 0u;
var left = 0.0;
var leftFree = 0.0;
var open = true;
for (var part = 0u; part < p.parts && open; part++) {
  let found = masses[row * p.parts + part];
  let ties = min(found.y, free);
  let mass = found.x + ties * tieWeight;
  if (mass > 0.0) { first = part * ${PART_COLUMNS}u; left = ahead; leftFree = free; }
  open = ahead >= mass;
  ahead -= mass;
  free -= ties;
}
let end = min(first + ${PART_COLUMNS}u, choices[row]);
var pick = best[row];
open = true;
${
  eachColumn(
    "logitsAt(at, p.shift)",
    `let key = keyOf(value);
let tied = key == limit.x && leftFree > 0.0;
let weight = select(select(0.0, tieWeight, tied), weightOf(value, highest[row]), key > limit.x);
if (tied) { leftFree -= 1.0; }
if (open && weight > 0.0) {
  pick = column;
  left -= weight;
  open = left >= 0.0;
}`,
  )
}
chosen[row] = pick;`;

function drawKernel(stored: Stored) {
  return defineKernel({
    label: "sample, draw",
    bindings: {
      logits: imageBinding(stored), // (N, V)
      choices: "read u32", // (N)
      highest: "read f32", // (N)
      best: "read u32", // (N)
      cut: "read vec2u", // (N, 2)
      masses: "read vec2f", // (N, parts, 2)
      seeds: "read u32", // (N)
      chosen: "write u32", // (N)
    },
    parameters: { columns: "u32", parts: "u32", shift: "u32", inverseTemperature: "f32" },
    workgroupSize: 8,
    // Counter-based randomness: the PCG output function (Jarzynski & Olano 2020) of a row's own seed.
    declarations: `${markDeclarations}${cutDeclarations}${fourAt("logits", stored)}
fn unitInterval(seed: u32) -> f32 {
  let state = seed * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return f32(((word >> 22u) ^ word) >> 8u) / 16777216.0;
}`,
    body: drawBody,
  });
}

const peaksKernels = { f32: peaksKernel("f32"), f16: peaksKernel("f16") };
const drawKernels = { f32: drawKernel("f32"), f16: drawKernel("f16") };

/** How to choose. */
export interface SampleOptions {
  /** (N): one seed a row; the same seed gives the same choice from the same logits. */
  readonly seeds: Uint32Array;
  /** 0 takes the likeliest. Default 1. */
  readonly temperature?: number;
  /** (N): only columns below this are choices. Default: all of them. */
  readonly choices?: Uint32Array;
  /** Keeps this many of the likeliest choices. Default: all. */
  readonly topK?: number;
  /**
   * Keeps the fewest likeliest choices whose probabilities sum up to this share, above 0 and at most
   * 1, of those that `topK` keeps. Default 1: all.
   */
  readonly topP?: number;
}

function checkRange(what: string, value: number | undefined, holds: boolean, range: string): void {
  if (value === undefined || holds) return;
  throw new RangeError(`sample: ${what} is ${value}, must be ${range}`);
}

function check(logits: Tensor, choices: Uint32Array, options: SampleOptions): void {
  const [rows, columns] = [logits.rows, logits.columns];
  const { seeds, temperature, topK, topP } = options;
  requireShape(
    columns <= MAX_COLUMNS && seeds.length === rows && choices.length === rows,
    `sample: logits (${logits.shape}) of at most ${MAX_COLUMNS} columns need ${rows} seeds and ` +
      `choices, got ${seeds.length} and ${choices.length}`,
  );
  for (const [row, count] of choices.entries()) {
    requireShape(
      count >= 1 && count <= columns,
      `sample: row ${row} has ${count} choices among ${columns} columns`,
    );
  }
  const finite = temperature! >= 0 && temperature! < Infinity;
  checkRange("temperature", temperature, finite, "a number that is not negative");
  checkRange("topK", topK, Number.isSafeInteger(topK) && topK! > 0, "a positive whole number");
  checkRange("topP", topP, topP! > 0 && topP! <= 1, "above 0 and at most 1");
}

/** The cut (N, 2) the options ask for; see {@linkcode massesOf}. */
function cutOf(tape: Tape, rows: Row, choices: Uint32Array, options: SampleOptions): Tensor {
  const { topK = Infinity, topP = 1 } = options;
  const cut = topK < rows.columns
    ? cutToCount(tape, rows, choices, topK)
    : tape.upload(new Uint32Array(2 * rows.count), [rows.count, 2]);
  return topP < 1 ? cutToShare(tape, rows, cut, topP) : cut;
}

/**
 * Chooses a column per row of `logits` (N, V); returns (N) u32, to be read with
 * {@linkcode readChoices}: a row that holds NaN or +infinity among its choices, or nothing but
 * −infinity, has no choice and gets 0xffffffff.
 */
export function sample(
  tape: Tape,
  logits: Tensor,
  options: SampleOptions,
): Tensor {
  const { stream } = tape.device;
  const [count, columns] = [logits.rows, logits.columns];
  const counts = options.choices ?? new Uint32Array(count).fill(columns);
  check(logits, counts, options);
  const stored = storedAs("sample", logits);
  const parts = partsOf(columns);
  const image = flatImage(tape, logits);
  const choices = tape.upload(counts);
  const [tops, places] = [tape.empty([count, parts]), tape.empty([count, parts], { type: "u32" })];
  const [highest, best] = [tape.empty([count]), tape.empty([count], { type: "u32" })];
  const numbers = { columns, parts, shift: image.shift };
  const input = { logits: image.texture, choices };
  stream.dispatch(peaksKernels[stored], { ...input, tops, places }, numbers, count * parts);
  stream.dispatch(peakKernel, { tops, places, highest, best }, { parts }, count);
  const { temperature = 1 } = options;
  if (temperature === 0) return best;
  const inverseTemperature = 1 / temperature;
  const sums = { highest, inverseTemperature };
  const rows: Row = { image, stored, columns, parts, count, choices, ...sums };
  const cut = cutOf(tape, rows, counts, options);
  const masses = massesOf(tape, rows, cut);
  const chosen = tape.empty([count], { type: "u32" });
  const seeds = tape.upload(options.seeds);
  stream.dispatch(
    drawKernels[stored],
    { ...input, highest, best, cut, masses, seeds, chosen },
    { ...numbers, inverseTemperature },
    count,
  );
  return chosen;
}

/**
 * Reads what {@linkcode sample} chose. Throws a NonFiniteError that names the first row without a
 * choice.
 */
export async function readChoices(
  device: Device,
  chosen: Tensor,
): Promise<Uint32Array<ArrayBuffer>> {
  const choices = await device.stream.readIndices(chosen);
  const row = choices.indexOf(NO_CHOICE);
  if (row < 0) return choices;
  throw new NonFiniteError(
    `nothing can be chosen in row ${row} of ${choices.length}: its logits hold NaN or infinity, ` +
      `because the weights are damaged or training has diverged; lower the learning rate`,
  );
}
