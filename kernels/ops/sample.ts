/**
 * Sampling a choice per row, on the device, so that a step costs one readback of a few numbers.
 * @module
 */
import { requireShape } from "../errors.ts";
import { defineKernel, unroll } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

/** Three loops of a quarter of the columns each must stay below the software adapter's 65,535. */
const MAX_COLUMNS = 87_000;

const kernel = defineKernel({
  label: "sample",
  bindings: {
    logits: "read f32", // (N, V)
    choices: "read u32", // (N): the columns below this are choices
    seeds: "read u32", // (N)
    chosen: "write u32", // (N)
  },
  parameters: { columns: "u32", inverseTemperature: "f32", greedy: "u32" },
  workgroupSize: 8,
  // Counter-based randomness: the PCG output function (Jarzynski & Olano 2020) of a row's own seed.
  declarations: `fn unitInterval(seed: u32) -> f32 {
  let state = seed * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return f32(((word >> 22u) ^ word) >> 8u) / 16777216.0;
}`,
  body: `let base = index * p.columns;
let count = choices[index];
var highest = -3.0e38;
var best = 0u;
for (var i = 0u; i < count; i += 4u) {
${
    unroll(4, (j) =>
      `if (i + ${j}u < count && logits[base + i + ${j}u] > highest) {
  highest = logits[base + i + ${j}u]; best = i + ${j}u;
}`)
  }
}
if (p.greedy == 1u) { chosen[index] = best; return; }
var total = 0.0;
for (var i = 0u; i < count; i += 4u) {
${
    unroll(4, (j) =>
      `if (i + ${j}u < count) { total += exp((logits[base + i + ${j}u] - highest) * p.inverseTemperature); }`)
  }
}
var left = unitInterval(seeds[index]) * total;
var pick = best;
var open = true;
for (var i = 0u; i < count && open; i += 4u) {
${
    unroll(4, (j) =>
      `if (open && i + ${j}u < count) {
  left -= exp((logits[base + i + ${j}u] - highest) * p.inverseTemperature);
  if (left < 0.0) { pick = i + ${j}u; open = false; }
}`)
  }
}
chosen[index] = pick;`,
});

/** How to choose. */
export interface SampleOptions {
  /** (N): one seed a row; the same seed gives the same choice from the same logits. */
  readonly seeds: Uint32Array;
  /** 0 takes the likeliest. Default 1. */
  readonly temperature?: number;
  /** (N): only columns below this are choices. Default: all of them. */
  readonly choices?: Uint32Array;
}

/** Chooses a column per row of `logits` (N, V); returns (N) u32. */
export function sample(
  tape: Tape,
  logits: Tensor,
  options: SampleOptions,
): Tensor {
  const [rows, columns] = [logits.rows, logits.columns];
  const { seeds, temperature = 1 } = options;
  const choices = options.choices ?? new Uint32Array(rows).fill(columns);
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
  const chosen = tape.empty([rows], { type: "u32" });
  const numbers = {
    columns,
    inverseTemperature: temperature === 0 ? 1 : 1 / temperature,
    greedy: temperature === 0 ? 1 : 0,
  };
  tape.device.stream.dispatch(
    kernel,
    {
      logits,
      choices: tape.upload(choices),
      seeds: tape.upload(seeds),
      chosen,
    },
    numbers,
    rows,
  );
  return chosen;
}
