/**
 * Token sequences of different lengths, packed one after another without padding.
 * @module
 */
import { packedSpans, ShapeError, type Span } from "../kernels/kernels.ts";

/** Sequences as a model reads them; M is the sum of their lengths. */
export interface PackedBatch {
  /** (M) token ids */
  readonly tokens: Uint32Array;
  /** (M) position of each token in its own sequence */
  readonly positions: Uint32Array;
  /** Which rows belong together, for attention */
  readonly spans: readonly Span[];
  /** (B) row of each sequence's last token */
  readonly lastRows: Uint32Array;
}

/**
 * Packs sequences. Throws a ShapeError for an empty one, or one longer than `longest` tokens.
 */
export function packSequences(
  sequences: readonly (readonly number[])[],
  longest: number,
): PackedBatch {
  const lengths = sequences.map(({ length }) => length);
  for (const [index, length] of lengths.entries()) {
    if (length < 1 || length > longest) {
      throw new ShapeError(
        `sequence ${index} has ${length} tokens; the model takes 1 to ${longest}`,
      );
    }
  }
  let end = 0;
  return {
    tokens: Uint32Array.from(sequences.flat()),
    positions: Uint32Array.from(
      lengths.flatMap((length) => Array.from({ length }, (_, i) => i)),
    ),
    spans: packedSpans(lengths),
    lastRows: Uint32Array.from(lengths, (length) => (end += length) - 1),
  };
}
