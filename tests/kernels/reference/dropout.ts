/**
 * Dropout, its mask bit by bit.
 * @module
 */

/** The hash pcg4d of Jarzynski & Olano (2020): four words of 32 bits from four. */
function pcg4d(counter: readonly [number, number, number, number]): Uint32Array {
  const v = Uint32Array.from(counter, (word) => Math.imul(word, 1664525) + 1013904223);
  const mix = () => {
    for (const [to, a, b] of [[0, 1, 3], [1, 2, 0], [2, 0, 1], [3, 1, 2]] as const) {
      v[to]! += Math.imul(v[a]!, v[b]!);
    }
  };
  mix();
  v.forEach((word, i) => v[i] = word ^ (word >>> 16));
  mix();
  return v;
}

/** For each of `count` elements, whether it is kept. */
export function dropoutMask(count: number, rate: number, seed: number): boolean[] {
  const threshold = Math.floor(rate * 2 ** 32);
  return Array.from(
    { length: count },
    (_, i) => pcg4d([Math.floor(i / 4), seed, 0, 0])[i % 4]! >= threshold,
  );
}

/** `x · mask / (1 − rate)`; its own derivative, too. */
export function dropout(x: Float64Array, rate: number, seed: number): Float64Array {
  const mask = dropoutMask(x.length, rate, seed);
  return x.map((value, i) => mask[i] ? value / (1 - rate) : 0);
}
