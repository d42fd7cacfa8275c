/**
 * Losses over categorical choices in float64.
 * @module
 */

/** As the op's options, all given. */
export interface CategoricalLossCase {
  readonly columns: number;
  readonly targets: Uint32Array;
  readonly weights: Float32Array;
  readonly choices: Uint32Array;
  readonly entropyWeight: number;
}

/** Per row: loss, log probability of the target, entropy; and the derivative of Σ losses by the logits. */
export interface CategoricalLossResult {
  readonly losses: Float64Array;
  readonly logProbabilities: Float64Array;
  readonly entropies: Float64Array;
  readonly dLogits: Float64Array;
}

/** Log-softmax over the first `count` elements. */
export function logSoftmax(logits: Float64Array, count: number): Float64Array {
  const among = logits.slice(0, count);
  const highest = among.reduce((a, b) => Math.max(a, b));
  const total = among.reduce((sum, l) => sum + Math.exp(l - highest), 0);
  return among.map((logit) => logit - highest - Math.log(total));
}

/** Loss of logits (N, columns). */
export function categoricalLoss(
  given: CategoricalLossCase,
  logits: Float64Array,
): CategoricalLossResult {
  const { columns, targets, entropyWeight } = given;
  const rows = targets.length;
  const losses = new Float64Array(rows);
  const logProbabilities = new Float64Array(rows);
  const entropies = new Float64Array(rows);
  const dLogits = new Float64Array(logits.length);
  for (let row = 0; row < rows; row++) {
    const weight = given.weights[row]!;
    const logs = logSoftmax(
      logits.subarray(row * columns, (row + 1) * columns),
      given.choices[row]!,
    );
    const entropy = -logs.reduce((sum, l) => sum + Math.exp(l) * l, 0);
    const chosen = logs[targets[row]!]!;
    losses[row] = -weight * chosen - entropyWeight * entropy;
    logProbabilities[row] = chosen;
    entropies[row] = entropy;
    logs.forEach((log, i) => {
      const p = Math.exp(log);
      const hit = i === targets[row] ? 1 : 0;
      dLogits[row * columns + i] = weight * (p - hit) +
        entropyWeight * p * (log + entropy);
    });
  }
  return { losses, logProbabilities, entropies, dLogits };
}
