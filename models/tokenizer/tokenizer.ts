/**
 * Tokenizers: text to token ids and back.
 *
 * Here live the trainer (`train.ts`), which writes a Hugging Face `tokenizer.json`, and the class
 * that runs such a file through `@huggingface/tokenizers`. What a model does with the ids is not
 * known here, and neither is what a prompt looks like.
 * @module
 */
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { END_OF_TEXT, type TokenizerJson } from "./tokenizer_json.ts";

export { END_OF_TEXT, type TokenizerJson } from "./tokenizer_json.ts";
export { trainTokenizer, type TrainTokenizerOptions } from "./train.ts";

/** A loaded tokenizer. */
export class Tokenizer {
  readonly #inner: HuggingFaceTokenizer;
  /** What it was made from, for writing it beside a model. */
  readonly json: TokenizerJson;
  /** One more than the largest id. */
  readonly vocabularySize: number;
  /** Id of `<|endoftext|>`. */
  readonly endOfText: number;

  private constructor(json: TokenizerJson, where: string) {
    this.json = json;
    this.#inner = build(json, where);
    let largest = -1;
    for (const id of this.#inner.get_vocab().values()) {
      largest = Math.max(largest, id);
    }
    this.vocabularySize = largest + 1;
    const endOfText = this.#inner.token_to_id(END_OF_TEXT);
    if (endOfText === undefined) {
      throw new TypeError(
        `${where} has no ${END_OF_TEXT} token; expected a GPT-2 style tokenizer`,
      );
    }
    this.endOfText = endOfText;
  }

  /**
   * Makes a tokenizer of a parsed `tokenizer.json`.
   *
   * @param where the file's path, for errors
   * @throws {TypeError} when it is not one, or has no end of text
   */
  static fromJson(json: TokenizerJson, where = "tokenizer.json"): Tokenizer {
    return new Tokenizer(json, where);
  }

  /**
   * Loads `tokenizer.json` from a model's folder.
   *
   * @throws {Deno.errors.NotFound} when the folder has none
   * @throws {TypeError} when it is not a tokenizer
   */
  static load(folder: string): Tokenizer {
    const path = `${folder}/tokenizer.json`;
    return new Tokenizer(parse(Deno.readTextFileSync(path), path), path);
  }

  /** Token ids of a text. The text `<|endoftext|>` becomes the end-of-text token. */
  encode(text: string): number[] {
    return text === "" ? [] : this.#inner.encode(text, { add_special_tokens: false }).ids;
  }

  /**
   * Text of token ids; the end-of-text token gives no text. Ids that end within a character give
   * U+FFFD there.
   *
   * @throws {RangeError} for an id outside the vocabulary
   */
  decode(ids: readonly number[]): string {
    const outside = ids.find((id) => this.#inner.id_to_token(id) === undefined);
    if (outside !== undefined) {
      throw new RangeError(
        `cannot decode token ${outside}: the vocabulary has ids 0 to ${this.vocabularySize - 1}`,
      );
    }
    return ids.length === 0 ? "" : this.#inner.decode([...ids], {
      skip_special_tokens: true,
      clean_up_tokenization_spaces: false,
    });
  }

  /**
   * The one token a label is.
   *
   * @param label the label's exact text, leading space included: `" 13"`
   * @throws {RangeError} when it is not exactly one token
   */
  labelToken(label: string): number {
    const ids = this.encode(label);
    const [id] = ids;
    if (id === undefined || ids.length > 1) {
      throw new RangeError(
        `label ${
          JSON.stringify(label)
        } must be exactly one token of this tokenizer, but is ${ids.length} (${
          ids.map((id) => JSON.stringify(this.decode([id]))).join(", ")
        }). Train the tokenizer with this label (data that offer as many actions, or the option labels of the stage sft), or choose another.`,
      );
    }
    return id;
  }
}

function parse(text: string, path: string): TokenizerJson {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TypeError(`${path} is not JSON; expected a tokenizer.json`, {
      cause,
    });
  }
}

function build(json: TokenizerJson, where: string): HuggingFaceTokenizer {
  try {
    return new HuggingFaceTokenizer(json, {});
  } catch (cause) {
    throw new TypeError(
      `${where} is not a tokenizer @huggingface/tokenizers can run; expected Hugging Face's tokenizer.json format`,
      { cause },
    );
  }
}
