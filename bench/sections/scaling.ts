/**
 * How a training step's cost grows with sequence length, batch, width and depth. Ours alone: this
 * tells what a larger run will take.
 * @module
 */
import type { Contest } from "../contest.ts";
import { trainingTask } from "../gpt.ts";
import type { GptShape } from "../protocol.ts";
import type { ScalingRow } from "../results.ts";

/** One point of a curve. */
export interface ScalingCase {
  readonly what: ScalingRow["what"];
  readonly value: number;
  readonly model: GptShape;
  readonly batch: number;
  readonly sequence: number;
}

const SIZES: Readonly<Record<ScalingRow["what"], readonly number[]>> = {
  sequence: [64, 128, 256, 512, 1024],
  batch: [1, 2, 4, 8, 16],
  width: [64, 128, 256, 512],
  layers: [1, 2, 4, 8],
};

const BASE: Readonly<Record<ScalingRow["what"], number>> = {
  width: 128,
  layers: 4,
  batch: 4,
  sequence: 128,
};

function sizesWith(what: ScalingRow["what"], value: number): typeof BASE {
  return { ...BASE, [what]: value };
}

/** The points of all curves: one size changes, the others stay at 4 layers × 128, 128 tokens, batch 4. */
export function scalingCases(sizes: typeof SIZES = SIZES): ScalingCase[] {
  return (Object.keys(sizes) as ScalingRow["what"][]).flatMap((what) =>
    sizes[what].map((value) => {
      const { width, layers, batch, sequence } = sizesWith(what, value);
      const heads = Math.max(1, width / 32);
      const model = { layers, width, heads, vocabulary: 1024, positions: sequence };
      return { what, value, model, batch, sequence };
    })
  );
}

/** Measures a training step at every point. */
export async function measureScaling(
  contest: Contest,
  folder: string,
  points: readonly ScalingCase[] = scalingCases(),
): Promise<ScalingRow[]> {
  const rows: ScalingRow[] = [];
  for (const { what, value, model, batch, sequence } of points) {
    const task = trainingTask(folder, model, { batch, sequence }, 1);
    const amount = batch * sequence;
    const { ours } = await contest.run(`${what} ${value}`, task, { amount, tolerance: 0 });
    rows.push({ what, value, secondsPerStep: amount / ours, tokensPerSecond: ours });
    console.error(`${what} ${value}: ${(amount / ours).toFixed(3)} s a step`);
  }
  return rows;
}
