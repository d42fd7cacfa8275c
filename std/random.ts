/**
 * Seeded random numbers: the same seed gives the same sequence on every machine.
 *
 * Not for secrets. Small (32 bits of state a stream), fast, and good enough for choosing starts,
 * actions and batches.
 * @module
 */

/** A stream of random numbers that depends on its seed alone. */
export class Random {
  #state: number;

  /** Starts the stream of `seed`; any finite number, of which the lower 53 bits count. */
  constructor(seed: number) {
    this.#state = mixSeed(seed);
  }

  /** The next number, uniform in [0, 1), with 32 random bits. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    return scramble(this.#state) / 2 ** 32;
  }

  /** A whole number, uniform in [0, count). Throws a RangeError where `count` is not a positive whole number. */
  below(count: number): number {
    if (!Number.isSafeInteger(count) || count <= 0) {
      throw new RangeError(
        `expected a positive whole number of choices, got ${count}`,
      );
    }
    return Math.floor(this.next() * count);
  }

  /** One of the items, each equally likely. Throws a RangeError where there are none. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** The items in random order, as a new array. */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const item = shuffled[last] as T;
      shuffled[last] = shuffled[other] as T;
      shuffled[other] = item;
    }
    return shuffled;
  }
}

/** A seed of its own for each purpose, from one seed: `deriveSeed(seed, episode, 1)`. 32 bits, unsigned. */
export function deriveSeed(seed: number, ...parts: readonly number[]): number {
  let derived = mixSeed(seed);
  for (const part of parts) {
    derived = scramble((derived + 0x9e3779b9) ^ mixSeed(part));
  }
  return derived;
}

function mixSeed(seed: number): number {
  const high = Math.floor(seed / 2 ** 32) >>> 0;
  return scramble((scramble(high) ^ (seed >>> 0)) >>> 0);
}

/** A bijection of the 32-bit numbers in which each input bit sways all output bits. */
function scramble(value: number): number {
  let mixed = value >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
