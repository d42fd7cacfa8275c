/**
 * Cross-entropy of a linear head in float64, all logits at once.
 * @module
 */
import { logSoftmax } from "./categorical_loss.ts";
import { matmul } from "./matmul.ts";

/** As the op's arguments: hidden (N, C), head (V, C). */
export interface LinearCrossEntropyCase {
  readonly columns: number;
  readonly targets: Uint32Array;
  readonly weights: Float32Array;
}

function logProbabilitiesOf(
  { columns, targets }: LinearCrossEntropyCase,
  hidden: Float64Array,
  head: Float64Array,
): Float64Array[] {
  const sizes = { rows: targets.length, columns: head.length / columns, depth: columns };
  const logits = matmul({ ...sizes, transposes: "NT" }, hidden, head);
  return Array.from(targets, (_, row) => {
    const start = row * sizes.columns;
    return logSoftmax(logits.slice(start, start + sizes.columns), sizes.columns);
  });
}

/** Loss of each row. */
export function linearCrossEntropy(
  given: LinearCrossEntropyCase,
  hidden: Float64Array,
  head: Float64Array,
): Float64Array {
  const logs = logProbabilitiesOf(given, hidden, head);
  return Float64Array.from(logs, (log, row) => -given.weights[row]! * log[given.targets[row]!]!);
}

/** Derivatives of Σ dy · loss by hidden and head. */
export function linearCrossEntropyBackward(
  given: LinearCrossEntropyCase,
  hidden: Float64Array,
  head: Float64Array,
  dy: Float64Array,
): [Float64Array, Float64Array] {
  const { columns, targets, weights } = given;
  const dLogits = logProbabilitiesOf(given, hidden, head).flatMap((logs, row) => {
    return Array.from(logs, (log, column) => {
      const hit = column === targets[row] ? 1 : 0;
      return dy[row]! * weights[row]! * (Math.exp(log) - hit);
    });
  });
  const [rows, vocabulary] = [targets.length, head.length / columns];
  return [
    matmul({ transposes: "NN", rows, columns, depth: vocabulary }, dLogits, head),
    matmul({ transposes: "TN", rows: vocabulary, columns, depth: rows }, dLogits, hidden),
  ];
}
