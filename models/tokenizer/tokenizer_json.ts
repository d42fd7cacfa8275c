/**
 * Hugging Face's `tokenizer.json`, the part a byte-level BPE tokenizer fills.
 * @module
 */

/** The special token that ends a text. */
export const END_OF_TEXT = "<|endoftext|>";

/** A token that is matched in the text before anything else. */
export interface AddedToken {
  /** Its id. */
  readonly id: number;
  /** The text it matches. */
  readonly content: string;
  /** True where it matches whole words only. */
  readonly single_word: boolean;
  /** True where it swallows the white space before it. */
  readonly lstrip: boolean;
  /** True where it swallows the white space behind it. */
  readonly rstrip: boolean;
  /** True where it is matched in normalised text. */
  readonly normalized: boolean;
  /** True where it is control, not text. */
  readonly special: boolean;
}

/** How text becomes byte characters, and back. */
export interface ByteLevel {
  /** The component's name. */
  readonly type: "ByteLevel";
  /** Whether a space is put before the text. */
  readonly add_prefix_space: boolean;
  /** Whether reported positions leave out white space. */
  readonly trim_offsets: boolean;
  /** Whether text is cut into words by GPT-2's pattern. */
  readonly use_regex: boolean;
}

/** A byte-level BPE tokenizer as Hugging Face's libraries read it. */
export interface TokenizerJson {
  /** Version of the format. */
  readonly version: "1.0";
  /** No limit on length is imposed here. */
  readonly truncation: null;
  /** Batches are padded elsewhere. */
  readonly padding: null;
  /** Special tokens. */
  readonly added_tokens: readonly AddedToken[];
  /** Text is taken as it is. */
  readonly normalizer: null;
  /** Cuts text into words. */
  readonly pre_tokenizer: ByteLevel;
  /** Adds no token of its own. */
  readonly post_processor: ByteLevel;
  /** Joins tokens into text. */
  readonly decoder: ByteLevel;
  /** The vocabulary and its merges. */
  readonly model: {
    readonly type: "BPE";
    readonly dropout: null;
    readonly unk_token: null;
    readonly continuing_subword_prefix: "";
    readonly end_of_word_suffix: "";
    readonly fuse_unk: false;
    readonly byte_fallback: false;
    readonly ignore_merges: false;
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly string[];
  };
}

/** Puts a vocabulary and its merges, both in order, into the format. Id 0 is the end of text. */
export function composeTokenizerJson(
  vocabulary: readonly string[],
  merges: readonly string[],
): TokenizerJson {
  const byteLevel: ByteLevel = {
    type: "ByteLevel",
    add_prefix_space: false,
    trim_offsets: true,
    use_regex: true,
  };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [{
      id: vocabulary.indexOf(END_OF_TEXT),
      content: END_OF_TEXT,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    }],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: byteLevel,
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
      merges,
    },
  };
}
