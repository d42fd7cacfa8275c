/**
 * Rotary position embedding in float64, pair by pair.
 * @module
 */

/** Layout of x (rows, heads of queries, keys and values, headDim). */
export interface RotarySizes {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  /** Of each row. */
  readonly positions: Uint32Array;
  /** Radians a position of a pair; see {@linkcode frequencyOf}. */
  readonly frequency: (pair: number) => number;
}

/** The angle's growth by Su et al. (2021), section 3.2.2. */
export function frequencyOf(headDim: number, theta: number): (pair: number) => number {
  return (pair) => 1 / theta ** (2 * pair / headDim);
}

/** Queries and keys turned by `direction` times their angle, values as they are. */
export function rotary(sizes: RotarySizes, x: Float64Array, direction: 1 | -1 = 1): Float64Array {
  const { heads, keyValueHeads, headDim, positions, frequency } = sizes;
  const y = x.slice();
  const columns = (heads + 2 * keyValueHeads) * headDim;
  for (const [row, position] of positions.entries()) {
    for (let head = 0; head < heads + keyValueHeads; head++) {
      for (let pair = 0; pair < headDim / 2; pair++) {
        const at = row * columns + head * headDim + pair;
        const [re, im] = [x[at]!, x[at + headDim / 2]!];
        const angle = direction * position * frequency(pair);
        y[at] = re * Math.cos(angle) - im * Math.sin(angle);
        y[at + headDim / 2] = im * Math.cos(angle) + re * Math.sin(angle);
      }
    }
  }
  return y;
}

/** Derivative by x: a rotation's transpose turns back. */
export function rotaryBackward(sizes: RotarySizes, dy: Float64Array): Float64Array {
  return rotary(sizes, dy, -1);
}
