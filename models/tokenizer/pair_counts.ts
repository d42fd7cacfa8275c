/**
 * How often each two tokens stand side by side, kept up to date while pairs are merged.
 * @module
 */

/** A word of the training text. */
export interface Word {
  /** Its tokens; merging rewrites them. */
  tokens: number[];
  /** How often it occurs. */
  readonly count: number;
}

/** Two neighbouring token ids. */
export type Pair = readonly [left: number, right: number];

// One number as the key of two ids below 2^20; it is exact up to 2^53.
const SHIFT = 1 << 20;
const keyOf = (left: number, right: number) => left * SHIFT + right;
const pairOf = (key: number): Pair => [Math.floor(key / SHIFT), key % SHIFT];

/** Counts of all pairs in a list of words. */
export class PairCounts {
  readonly #words: Word[];
  readonly #counts = new Map<number, number>();
  readonly #wordsWith = new Map<number, Set<number>>();
  /** Largest count first. Entries may be outdated: they are checked when taken. */
  readonly #queue: { key: number; count: number }[] = [];

  /** Counts the pairs of the words, which become this object's own. */
  constructor(words: Word[]) {
    this.#words = words;
    words.forEach((_, index) => this.#count(index, 1));
    for (const [key, count] of this.#counts) this.#push({ key, count });
  }

  /**
   * The most frequent pair; among equals the one of the lowest ids, so that the answer does not
   * depend on the order of the words. Undefined when none occurs at least `least` times.
   */
  takeMostFrequent(least: number): Pair | undefined {
    while (true) {
      const top = this.#pop();
      if (top === undefined || top.count < least) return undefined;
      const count = this.#counts.get(top.key) ?? 0;
      if (count === top.count) return pairOf(top.key);
      if (count < top.count) this.#push({ key: top.key, count });
    }
  }

  /** Replaces a pair by one token wherever it occurs. */
  merge(pair: Pair, token: number): void {
    const changed = new Set<number>();
    for (const index of this.#wordsWith.get(keyOf(...pair)) ?? []) {
      const word = this.#words[index];
      if (word === undefined) continue;
      this.#count(index, -1);
      word.tokens = replacePair(word.tokens, pair, token);
      for (const key of this.#count(index, 1)) changed.add(key);
    }
    for (const key of changed) {
      this.#push({ key, count: this.#counts.get(key) ?? 0 });
    }
  }

  /** Adds (1) or takes away (-1) the pairs of a word; gives their keys. */
  #count(index: number, sign: 1 | -1): number[] {
    const word = this.#words[index];
    if (word === undefined) return [];
    const { tokens, count } = word;
    const keys: number[] = [];
    for (let i = 0; i + 1 < tokens.length; i++) {
      const key = keyOf(tokens[i] ?? 0, tokens[i + 1] ?? 0);
      keys.push(key);
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + sign * count);
      const words = this.#wordsWith.get(key) ?? new Set();
      this.#wordsWith.set(key, words);
      if (sign === 1) words.add(index);
      else words.delete(index);
    }
    return keys;
  }

  #push(entry: { key: number; count: number }): void {
    const queue = this.#queue;
    let at = queue.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, queue[parent])) break;
      queue[at] = queue[parent] ?? entry;
      at = parent;
    }
    queue[at] = entry;
  }

  #pop(): { key: number; count: number } | undefined {
    const queue = this.#queue;
    const top = queue[0];
    const last = queue.pop();
    if (last === undefined || queue.length === 0) return top;
    let at = 0;
    while (true) {
      let child = 2 * at + 1;
      const right = queue[child + 1];
      if (right !== undefined && before(right, queue[child])) child++;
      const next = queue[child];
      if (next === undefined || !before(next, last)) break;
      queue[at] = next;
      at = child;
    }
    queue[at] = last;
    return top;
  }
}

function before(
  a: { key: number; count: number },
  b: { key: number; count: number } | undefined,
): boolean {
  return b === undefined || a.count > b.count ||
    (a.count === b.count && a.key < b.key);
}

function replacePair(tokens: number[], pair: Pair, token: number): number[] {
  const result: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] === pair[0] && tokens[i + 1] === pair[1]) {
      result.push(token);
      i++;
    } else result.push(tokens[i] ?? 0);
  }
  return result;
}
