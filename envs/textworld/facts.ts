/**
 * Facts by number: each predicate with its objects gets an id, in the order of first mention.
 * @module
 */

/** A predicate with objects. */
export interface Fact {
  /** The predicate. */
  readonly predicate: string;
  /** The objects. */
  readonly objects: readonly string[];
}

/** All facts that may hold in one problem. */
export class Facts {
  readonly #ids = new Map<string, number>();
  readonly #facts: Fact[] = [];

  /** Number of facts; ids run from 0 to below it. */
  get count(): number {
    return this.#facts.length;
  }

  /** The id of a fact, a new one where it has none. */
  intern(predicate: string, objects: readonly string[]): number {
    const key = keyOf(predicate, objects);
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#facts.length;
      this.#ids.set(key, id);
      this.#facts.push({ predicate, objects });
    }
    return id;
  }

  /** The id of a fact; undefined where it was never mentioned. */
  find(predicate: string, objects: readonly string[]): number | undefined {
    return this.#ids.get(keyOf(predicate, objects));
  }

  /** The fact with this id. Throws a RangeError where there is none. */
  get(id: number): Fact {
    const fact = this.#facts[id];
    if (fact !== undefined) return fact;
    throw new RangeError(`expected a fact's id below ${this.#facts.length}, got ${id}`);
  }
}

/** One text for a predicate with its objects, whose names have no spaces. */
export function keyOf(predicate: string, objects: readonly string[]): string {
  let key = predicate;
  for (const object of objects) key += " " + object;
  return key;
}
