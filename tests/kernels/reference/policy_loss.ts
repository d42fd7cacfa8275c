/**
 * Policy losses in float64, row by row.
 * @module
 */
import { type CategoricalLossCase, logSoftmax } from "./categorical_loss.ts";

/** As the op's options. */
export interface PolicyLossCase extends CategoricalLossCase {
  readonly proximal?: { readonly oldLogProbabilities: Float32Array; readonly clip: number };
  readonly divergence?: { readonly reference: Float64Array; readonly weight: number };
}

/** One row's numbers, and the derivative of its loss by its logits. */
export interface PolicyLossRow {
  readonly loss: number;
  readonly logProbability: number;
  readonly entropy: number;
  readonly ratio: number;
  readonly clipped: number;
  readonly drift: number;
  readonly divergence: number;
  readonly dLogits: Float64Array;
}

/** Σ p · value over choices that have probability. */
function expectation(logs: Float64Array, valueOf: (log: number, i: number) => number): number {
  return logs.reduce(
    (sum, log, i) => sum + (log === -Infinity ? 0 : Math.exp(log) * valueOf(log, i)),
    0,
  );
}

/** Loss of row `row` of logits (N, columns). */
export function policyLossRow(
  given: PolicyLossCase,
  logits: Float64Array,
  row: number,
): PolicyLossRow {
  const { columns, proximal, entropyWeight } = given;
  const count = given.choices[row]!;
  const logsOf = (all: Float64Array) =>
    logSoftmax(all.subarray(row * columns, (row + 1) * columns), count);
  const logs = logsOf(logits);
  const others = given.divergence === undefined ? logs : logsOf(given.divergence.reference);
  const target = given.targets[row]!;
  const weight = given.weights[row]!;
  const logProbability = logs[target]!;
  const logRatio = proximal === undefined ? 0 : logProbability - proximal.oldLogProbabilities[row]!;
  const ratio = Math.exp(logRatio);
  const [low, high] = [1 - (proximal?.clip ?? 0), 1 + (proximal?.clip ?? 0)];
  const clipped = proximal !== undefined &&
    (weight > 0 && ratio > high || weight < 0 && ratio < low);
  const surrogate = proximal === undefined
    ? weight * logProbability
    : Math.min(weight * ratio, weight * Math.min(Math.max(ratio, low), high));
  const pull = clipped ? 0 : weight * ratio;
  const entropy = -expectation(logs, (log) => log);
  const divergence = expectation(logs, (log, i) => log - others[i]!);
  const divergenceWeight = given.divergence?.weight ?? 0;
  const dLogits = new Float64Array(columns);
  logs.forEach((log, i) => {
    const p = Math.exp(log);
    dLogits[i] = pull * (p - (i === target ? 1 : 0));
    if (p === 0) return;
    dLogits[i]! += entropyWeight * p * (log + entropy) +
      divergenceWeight * p * (log - others[i]! - divergence);
  });
  return {
    loss: -surrogate - entropyWeight * entropy + divergenceWeight * divergence,
    logProbability,
    entropy,
    ratio,
    clipped: clipped ? 1 : 0,
    drift: ratio - 1 - logRatio,
    divergence,
    dLogits,
  };
}
