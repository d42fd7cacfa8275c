/**
 * The order in which examples are trained on. It follows from the seed and the number of the batch alone.
 * @module
 */
import { deriveSeed, Random } from "../std/random.ts";

/** Endless batches: every example once in random order, then again in another order. */
export class Batches<Example> {
  readonly #examples: readonly Example[];
  readonly #size: number;
  readonly #seed: number;
  #epoch: number;
  /** Positions of the examples that are left of the epoch, the next one last. */
  #left: number[];

  /** Goes on after `done` batches of `size` examples; there is at least one example. */
  constructor(examples: readonly Example[], size: number, seed: number, done: number) {
    this.#examples = examples;
    this.#size = size;
    this.#seed = seed;
    this.#epoch = Math.floor(done * size / examples.length);
    const order = this.#order();
    this.#left = order.slice(0, order.length - done * size % examples.length);
  }

  /** The next batch. */
  next(): Example[] {
    return Array.from({ length: this.#size }, () => {
      if (this.#left.length === 0) {
        this.#epoch++;
        this.#left = this.#order();
      }
      return this.#examples[this.#left.pop()!]!;
    });
  }

  #order(): number[] {
    const random = new Random(deriveSeed(this.#seed, this.#epoch));
    return random.shuffle([...this.#examples.keys()]);
  }
}
