/**
 * Sampling in float64, by sorting.
 * @module
 */

/** How to choose; all given. */
export interface SampleCase {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
}

/** The uniform number in [0, 1) that a seed stands for: the PCG output function. */
export function unitInterval(seed: number): number {
  const state = (Math.imul(seed, 747796405) + 2891336453) >>> 0;
  const word = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0;
  return (((word >>> 22) ^ word) >>> 8) / 2 ** 24;
}

/** Probabilities of all columns, 0 for those that are cut away. */
export function probabilities(
  logits: Float64Array,
  { temperature, topK, topP }: SampleCase,
): Float64Array {
  const highest = logits.reduce((a, b) => Math.max(a, b));
  const weights = logits.map((logit) => Math.exp((logit - highest) / temperature));
  const likeliest = Uint32Array.from(logits.keys())
    .sort((a, b) => logits[b]! - logits[a]! || a - b)
    .slice(0, topK);
  const total = likeliest.reduce((sum, i) => sum + weights[i]!, 0);
  const result = new Float64Array(logits.length);
  let kept = 0;
  for (const i of likeliest) {
    if (kept >= topP * total) break;
    kept += weights[i]!;
    result[i] = weights[i]!;
  }
  return result.map((weight) => weight / kept);
}

/** The column at `uniform` of the cumulated probabilities. */
export function choose(shares: Float64Array, uniform: number): number {
  let left = uniform;
  let last = 0;
  for (const [i, share] of shares.entries()) {
    if (share === 0) continue;
    last = i;
    left -= share;
    if (left < 0) break;
  }
  return last;
}
