/**
 * Rotary position embedding (Su et al. 2021): each pair of a head's elements is turned by an angle
 * that grows with the row's position, so that scores depend on distances alone. Elements i and
 * i + headDim / 2 are a pair, as in Hugging Face's Llama; weights made for neighbours as pairs have
 * other rows.
 *
 * Sines are taken on the processor in float64, once for all layers: WGSL promises them to three
 * digits, and only within ±π.
 * @module
 */
import { requireShape } from "../errors.ts";
import { ELEMENTWISE } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { defineRowKernel, resourcesOf, rowsOf } from "./row_source.ts";

/** How Llama 3.1 stretches low frequencies to texts longer than those it was first trained on. */
export interface RotaryScaling {
  /** Low frequencies are divided by this. */
  readonly factor: number;
  /** Turns within the original length below which a frequency is low. */
  readonly lowFrequencyFactor: number;
  /** Turns above which it is left as it is; between the two it is blended. */
  readonly highFrequencyFactor: number;
  /** Length of the original training texts, in tokens. */
  readonly originalPositions: number;
}

/** How angles grow. */
export interface RotaryOptions {
  /** Elements of a head; a multiple of 8. */
  readonly headDim: number;
  /** The slowest pair turns by nearly 1 / theta a position. Default 10000. */
  readonly theta?: number;
  /** Default: none. */
  readonly scaling?: RotaryScaling;
}

/** Radians a position of each pair (headDim / 2), fastest first. */
export function rotaryFrequencies(options: RotaryOptions): Float64Array {
  const { headDim, theta = 10_000, scaling } = options;
  const frequencies = new Float64Array(headDim / 2).map((_, i) => theta ** (-2 * i / headDim));
  if (scaling === undefined) return frequencies;
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high } = scaling;
  return frequencies.map((frequency) => {
    const turns = scaling.originalPositions * frequency / (2 * Math.PI);
    const kept = Math.min(Math.max((turns - low) / (high - low), 0), 1);
    return frequency * (kept + (1 - kept) / factor);
  });
}

function anglesOf(positions: Uint32Array, options: RotaryOptions): Float32Array {
  const { headDim } = options;
  const frequencies = rotaryFrequencies(options);
  const table = new Float32Array(positions.length * headDim);
  positions.forEach((position, row) => {
    frequencies.forEach((frequency, i) => {
      const at = row * headDim + i;
      table[at] = Math.cos(position * frequency);
      table[at + headDim / 2] = Math.sin(position * frequency);
    });
  });
  return table;
}

/**
 * Cosines, then sines, of each row's angles: (rows, headDim), for {@linkcode rotary}. The same array
 * and options give the same table throughout a tape.
 */
export function rotaryTable(tape: Tape, positions: Uint32Array, options: RotaryOptions): Tensor {
  const { headDim } = options;
  requireShape(
    headDim % 8 === 0,
    `rotary: heads of ${headDim} elements; two halves of vec4s need a multiple of 8`,
  );
  const key = `rotary ${JSON.stringify(options)}`;
  const shape = [positions.length, headDim];
  return tape.uploadOnce(positions, key, () => anglesOf(positions, options), shape);
}

// The derivative of a rotation is the rotation back, so one kernel serves both ways.
const kernel = defineRowKernel({
  label: "rotary",
  rows: { x: "p.width", table: "2u * p.half" }, // (M, C), (M, headDim)
  bindings: { y: "write float4" }, // (M, C)
  parameters: {
    width: "u32", // C / 4
    half: "u32", // headDim / 8
    turned: "u32", // heads of queries and keys
    sign: "f32", // 1 turns, −1 turns back
    accumulate: "u32",
  },
  workgroupSize: ELEMENTWISE,
  body: `let row = index / (p.width / 2u);
let rest = index % (p.width / 2u);
let head = rest / p.half;
let i = rest % p.half;
let at = head * 2u * p.half + i;
var left = xAt(row, at);
var right = xAt(row, at + p.half);
if (head < p.turned) {
  let c = tableAt(row, i);
  let s = p.sign * tableAt(row, i + p.half);
  let before = left;
  left = before * c - right * s;
  right = right * c + before * s;
}
let out = row * p.width + at;
if (p.accumulate == 1u) {
  left += vec4f(y[out]);
  right += vec4f(y[out + p.half]);
}
y[out] = y_t(left);
y[out + p.half] = y_t(right);`,
});

/** How the columns are split into heads. */
export interface RotaryLayout {
  /** Heads of queries, which stand first. */
  readonly heads: number;
  /** Heads of keys, which follow, and of values, which stand last. */
  readonly keyValueHeads: number;
}

/**
 * Queries and keys of x (M, (heads + 2 · keyValueHeads) · headDim) turned by the angles of `table`
 * (M, headDim), see {@linkcode rotaryTable}; values are copied. Throws a ShapeError where shapes do
 * not fit.
 */
export function rotary(tape: Tape, x: Tensor, table: Tensor, layout: RotaryLayout): Tensor {
  const { heads, keyValueHeads } = layout;
  requireShape(
    x.columns === (heads + 2 * keyValueHeads) * table.columns && x.rows === table.rows &&
      table.columns % 8 === 0,
    `rotary: x (${x.shape}) does not hold ${heads} + 2 · ${keyValueHeads} heads for the angles ` +
      `(${table.shape})`,
  );
  const { stream } = tape.device;
  const numbers = { width: x.columns / 4, half: table.columns / 8, turned: heads + keyValueHeads };
  const count = x.size / 8;
  const y = tape.result(x.shape, x.requiresGradient);
  const rows = rowsOf(tape, { x, table });
  stream.dispatch(
    kernel(rows),
    { ...resourcesOf(rows), y },
    { ...numbers, sign: 1, accumulate: 0 },
    count,
  );
  tape.record(y, (dy) => {
    const { gradient: dx, accumulate } = tape.target(x)!;
    const slopes = rowsOf(tape, { x: dy, table });
    stream.dispatch(
      kernel(slopes),
      { ...resourcesOf(slopes), y: dx },
      { ...numbers, sign: -1, accumulate },
      count,
    );
  });
  return y;
}
