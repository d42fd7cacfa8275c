/**
 * Trains a byte-level BPE tokenizer: starting from single bytes, the most frequent neighbours are
 * merged again and again. The result depends on the texts alone, not on their order.
 *
 * Labels come first: their merges have the lowest ranks, so nothing learnt later can pull a label
 * apart.
 * @module
 */
import { BYTE_CHARACTERS, splitWords, utf8 } from "./byte_level.ts";
import { PairCounts, type Word } from "./pair_counts.ts";
import { composeTokenizerJson, END_OF_TEXT, type TokenizerJson } from "./tokenizer_json.ts";

/** What to train. */
export interface TrainTokenizerOptions {
  /** Token ids wanted, the end of text included. Little data gives fewer. */
  readonly vocabularySize: number;
  /** Texts that must be one token each, leading space included: `" 0"`, `" 13"`. */
  readonly labels: readonly string[];
}

/** A pair seen once gains nothing by being merged. */
const LEAST_COUNT = 2;

/**
 * Trains a tokenizer.
 *
 * @param texts what the model will read and write; {@linkcode END_OF_TEXT} in them is skipped
 * @returns a `tokenizer.json`; id 0 is the end of text, 1 to 256 are the bytes
 * @throws {RangeError} when a label spans words, so that it could never be one token, or when the
 * vocabulary is too small for the bytes and the labels
 */
export function trainTokenizer(
  texts: Iterable<string>,
  { vocabularySize, labels }: TrainTokenizerOptions,
): TokenizerJson {
  const merges = new Merges();
  for (const label of labels) merges.force(label);
  if (merges.vocabulary.length > vocabularySize) {
    throw new RangeError(
      `a vocabulary of ${vocabularySize} is too small: the end of text, 256 bytes and ${labels.length} labels need ${merges.vocabulary.length}. Raise the vocabulary size or use fewer labels.`,
    );
  }
  const pairs = new PairCounts(countWords(texts, merges));
  while (merges.vocabulary.length < vocabularySize) {
    const pair = pairs.takeMostFrequent(LEAST_COUNT);
    if (pair === undefined) break;
    pairs.merge(pair, merges.add(pair));
  }
  return composeTokenizerJson(merges.vocabulary, merges.listing);
}

/** Vocabulary and merges as they grow. */
class Merges {
  readonly vocabulary: string[] = [END_OF_TEXT, ...BYTE_CHARACTERS];
  /** The merges in order of rank, as `tokenizer.json` lists them. */
  readonly listing: string[] = [];
  #ids = new Map(this.vocabulary.map((token, id) => [token, id]));
  #ranks = new Map<string, number>();

  /** Adds one merge with the next rank; gives the id of the joined token. */
  add([left, right]: readonly [number, number]): number {
    this.#ranks.set(`${left} ${right}`, this.listing.length);
    const [a, b] = [this.vocabulary[left] ?? "", this.vocabulary[right] ?? ""];
    this.listing.push(`${a} ${b}`);
    const known = this.#ids.get(a + b);
    if (known !== undefined) return known;
    this.#ids.set(a + b, this.vocabulary.length);
    return this.vocabulary.push(a + b) - 1;
  }

  /** Makes a text one token by merging what is left of it from the left. */
  force(label: string): void {
    if (splitWords(label).length !== 1) {
      throw new RangeError(
        `label ${
          JSON.stringify(label)
        } cannot be one token: expected one run of letters, of digits or of signs with at most one space before it`,
      );
    }
    let [token, ...rest] = this.encode(label);
    for (const next of rest) token = this.add([token ?? 0, next]);
  }

  /** A word as token ids, by the merges so far. */
  encode(word: string): number[] {
    const ids = Array.from(utf8(word), (byte) => byte + 1);
    while (true) {
      let best = Infinity;
      let at = -1;
      for (let i = 0; i + 1 < ids.length; i++) {
        const rank = this.#ranks.get(`${ids[i]} ${ids[i + 1]}`) ?? Infinity;
        if (rank < best) [best, at] = [rank, i];
      }
      if (at < 0) return ids;
      const joined = (this.vocabulary[ids[at] ?? 0] ?? "") +
        (this.vocabulary[ids[at + 1] ?? 0] ?? "");
      ids.splice(at, 2, this.#ids.get(joined) ?? 0);
    }
  }
}

function countWords(texts: Iterable<string>, merges: Merges): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const part of text.split(END_OF_TEXT)) {
      for (const word of splitWords(part)) {
        counts.set(word, (counts.get(word) ?? 0) + 1);
      }
    }
  }
  return [...counts].map(([word, count]) => ({
    tokens: merges.encode(word),
    count,
  }));
}
