/**
 * Whole training steps of the same small GPT.
 * @module
 */
import type { Contest } from "../contest.ts";
import { nameOf, trainingTask } from "../gpt.ts";
import type { GptShape } from "../protocol.ts";
import type { TrainingRow } from "../results.ts";

/** A model, and the batch it is trained on. */
export interface TrainingCase {
  readonly model: GptShape;
  readonly batch: number;
  readonly sequence: number;
}

/** The two models. */
export const cases: readonly TrainingCase[] = [
  { model: gpt(4, 128, 4), batch: 8, sequence: 256 },
  { model: gpt(6, 384, 6), batch: 4, sequence: 256 },
];

/** Losses that must agree before anything is timed: the third has been through two updates. */
const CHECKED_STEPS = 3;
const TOLERANCE = 1e-4;

function gpt(layers: number, width: number, heads: number): GptShape {
  return { layers, width, heads, vocabulary: 1024, positions: 256 };
}

/** Measures training steps; rates are tokens/s. */
export async function measureTraining(
  contest: Contest,
  folder: string,
  which: readonly TrainingCase[] = cases,
): Promise<TrainingRow[]> {
  const rows: TrainingRow[] = [];
  for (const { model, batch, sequence } of which) {
    const name = nameOf(model);
    const task = trainingTask(folder, model, { batch, sequence }, CHECKED_STEPS);
    const options = { amount: batch * sequence, tolerance: TOLERANCE };
    const rates = await contest.run(`training ${name}`, task, options);
    rows.push({ model: name, sequence, batch, ...rates });
    const rounded = [["ours", rates.ours] as const, ...Object.entries(rates.peers)]
      .map(([who, rate]) => `${who} ${Math.round(rate)}`);
    console.error(`training ${name}: ${rounded.join(", ")} tokens/s`);
  }
  return rows;
}
