/**
 * Freshly drawn weights, and those that begin as a known curve.
 * @module
 */
import type { Random } from "../std/random.ts";

/** Normal numbers of mean zero, by Box and Muller (1958). */
export function normalValues(
  size: number,
  deviation: number,
  random: Random,
): Float32Array {
  const values = new Float32Array(size);
  for (let i = 0; i < size; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - random.next())) * deviation;
    const angle = 2 * Math.PI * random.next();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < size) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}

/**
 * Positions as sinusoids, (T, C): in column i the sine, and in column i + C/2 the cosine, of a position
 * divided by 10000^(2i/C) (Vaswani et al. 2017, section 3.5). Each has this deviation over a whole period.
 */
export function sinusoids(positions: number, width: number, deviation: number): Float32Array {
  const values = new Float32Array(positions * width);
  const half = Math.floor(width / 2);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < half; i++) {
      const angle = position / 10000 ** (2 * i / width);
      values[position * width + i] = Math.SQRT2 * deviation * Math.sin(angle);
      values[position * width + i + half] = Math.SQRT2 * deviation * Math.cos(angle);
    }
  }
  return values;
}
