/**
 * Few, noisy measurements: medians, spreads, and how cost grows.
 * @module
 */

/** A middle and how far measurements lie from it. */
export interface Spread {
  /** The middle one; between the middle two where their number is even. */
  readonly median: number;
  /** The least. */
  readonly min: number;
  /** The greatest. */
  readonly max: number;
}

/** The middle of the numbers. Throws a RangeError where there are none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("there is no median of no numbers");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median, minimum and maximum. Throws a RangeError where there are no numbers. */
export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * How many times as fast as theirs ours is: the median over the rounds that both were measured in, of
 * their seconds over our seconds. A round's two measurements are neighbours in time, so drift of the
 * machine cancels.
 */
export function speedup(ours: readonly number[], theirs: readonly number[]): number {
  const rounds = Math.min(ours.length, theirs.length);
  return median(Array.from({ length: rounds }, (_, round) => theirs[round]! / ours[round]!));
}

/**
 * The exponent p of cost ~ value^p: the slope of the least-squares line through the logarithms.
 * 1 means that twice the value costs twice the time. NaN for fewer than two different values.
 */
export function growth(points: readonly { value: number; cost: number }[]): number {
  const x = points.map(({ value }) => Math.log(value));
  const y = points.map(({ cost }) => Math.log(cost));
  const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  const covariance = mean(x.map((value, i) => (value - meanX) * (y[i]! - meanY)));
  return covariance / mean(x.map((value) => (value - meanX) ** 2));
}
