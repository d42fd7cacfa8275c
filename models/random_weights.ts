/**
 * Freshly drawn weights.
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
