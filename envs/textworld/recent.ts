/**
 * Games that were read lately, so that an episode on a known one begins at once.
 * @module
 */

/** Keeps the values used last. */
export class Recent<T> {
  readonly #values = new Map<string, T>();

  /** Keeps `most` values. */
  constructor(readonly most: number) {}

  /** The value of a key, made where it is not kept. */
  get(key: string, make: () => T): T {
    const known = this.#values.has(key);
    const value = known ? this.#values.get(key) as T : make();
    this.#values.delete(key);
    this.#values.set(key, value);
    const oldest = this.#values.keys().next();
    if (this.#values.size > this.most && oldest.done !== true) this.#values.delete(oldest.value);
    return value;
  }
}
