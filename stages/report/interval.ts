/**
 * Confidence interval of a success rate.
 * @module
 */

/** Two-sided 95% point of the standard normal distribution. */
const Z95 = 1.959963984540054;

/**
 * Wilson's score interval at 95%: it keeps its coverage with few episodes and with rates near 0
 * and 1, where the textbook interval fails.
 *
 * E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of
 * the American Statistical Association 22 (1927) 209–212; recommended by L. D. Brown, T. T. Cai,
 * A. DasGupta, "Interval estimation for a binomial proportion", Statistical Science 16 (2001) 101–133.
 *
 * @param successes 0 to `trials`.
 * @param trials At least 1.
 * @returns Lower and upper bound, in 0 to 1.
 * @throws RangeError for counts outside these ranges.
 */
export function wilson95(successes: number, trials: number): [number, number] {
  if (!(trials >= 1 && successes >= 0 && successes <= trials)) {
    throw new RangeError(
      `wilson95: expected 0 ≤ successes ≤ trials and trials ≥ 1, got ${successes} of ${trials}`,
    );
  }
  const rate = successes / trials;
  const z2 = Z95 * Z95;
  const scale = 1 + z2 / trials;
  const middle = (rate + z2 / (2 * trials)) / scale;
  const half = Z95 / scale *
    Math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials * trials));
  return [
    // Exact at the ends, where rounding would leave 1e-17 or reach beyond 1.
    successes === 0 ? 0 : middle - half,
    successes === trials ? 1 : middle + half,
  ];
}
