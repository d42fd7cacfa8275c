/**
 * Comparison of computed numbers with a reference.
 * @module
 */
import { assert } from "../../std/assert.ts";

/**
 * Every |actual − expected| is at most `tolerance · (1 + |expected|)`. NaN is never close, so an
 * element that a kernel left unwritten in a poisoned buffer shows here.
 */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  assert(
    actual.length === expected.length,
    `${what}: ${actual.length} elements, expected ${expected.length}`,
  );
  for (let i = 0; i < actual.length; i++) {
    const gap = Math.abs(actual[i]! - expected[i]!);
    assert(
      gap <= tolerance * (1 + Math.abs(expected[i]!)),
      `${what}: element ${i} of ${actual.length} is ${actual[i]}, expected ${expected[i]}`,
    );
  }
}

/** Equal bit by bit: what determinism means. */
export function assertSameBits(
  actual: Float32Array<ArrayBuffer>,
  expected: Float32Array<ArrayBuffer>,
  what: string,
): void {
  const [a, b] = [actual, expected].map((numbers) => new Uint32Array(numbers.buffer));
  const at = a!.findIndex((bits, i) => bits !== b![i]);
  assert(
    a!.length === b!.length && at === -1,
    `${what}: element ${at} is ${actual[at]} and then ${expected[at]}`,
  );
}
