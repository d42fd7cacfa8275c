/**
 * Comments that were made already: a frozen agent says the same of the same, and says it once.
 * @module
 */

import { z } from "zod";

/** Comments remembered where nothing else is said. */
const REMEMBERED = 20_000;

const stateSchema = z.array(z.tuple([z.string(), z.string()]));

/** The newest comments, by whatever they depend on. */
export class CommentMemory {
  /** By key, the one used longest ago first. */
  readonly #comments = new Map<string, string>();
  readonly #most: number;

  /** Remembers up to `most` comments. */
  constructor(most = REMEMBERED) {
    this.#most = most;
  }

  /**
   * A comment for each key, in order. `write` gives those that are not remembered: it gets the positions of
   * their keys, each key once, and answers in that order; what it throws is thrown, and nothing is remembered.
   */
  async complete(
    keys: readonly string[],
    write: (positions: readonly number[]) => Promise<readonly string[]>,
  ): Promise<string[]> {
    const comments = new Map<string, string>();
    const missing: number[] = [];
    for (const [position, key] of keys.entries()) {
      if (comments.has(key)) continue;
      const known = this.#comments.get(key);
      if (known === undefined) missing.push(position);
      else this.#remember(key, known);
      comments.set(key, known ?? "");
    }
    const written = await write(missing);
    missing.forEach((position, i) => {
      const key = keys[position] as string;
      comments.set(key, written[i] ?? "");
      this.#remember(key, written[i] ?? "");
    });
    return keys.map((key) => comments.get(key) as string);
  }

  /** All it remembers, the one used longest ago first. */
  state(): [key: string, comment: string][] {
    return [...this.#comments];
  }

  /** Remembers what another memory did, and that alone. Throws a ZodError for what is no {@linkcode state}. */
  restore(state: unknown): void {
    const comments = stateSchema.parse(state);
    this.#comments.clear();
    for (const [key, comment] of comments) this.#comments.set(key, comment);
  }

  /** Forgets all. */
  clear(): void {
    this.#comments.clear();
  }

  #remember(key: string, comment: string): void {
    this.#comments.delete(key);
    this.#comments.set(key, comment);
    const [oldest] = this.#comments.keys();
    if (this.#comments.size > this.#most && oldest !== undefined) this.#comments.delete(oldest);
  }
}
