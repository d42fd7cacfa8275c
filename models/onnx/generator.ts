/**
 * Writes text with an exported model: batches of prompts, one token for each row at a time, with
 * the keys and values of earlier tokens kept.
 * @module
 */
import { deriveSeed, Random } from "../../std/random.ts";
import { type ModelShape, shapeOf } from "../config.ts";
import { readConfig } from "../model_folder.ts";
import { Tokenizer } from "../tokenizer/tokenizer.ts";
import { floatsOf, integersOf, PaddedBatch, type Row } from "./batch.ts";
import { ONNX_FILE } from "./export.ts";
import { type OpenSession, openSession } from "./session.ts";

/** How to write. */
export interface GenerateOptions {
  /** Most tokens to write for a prompt, at least 1; fewer where the model's positions end. */
  readonly maxTokens: number;
  /** 0 takes the most likely token; above, tokens are drawn from softmax(logits / temperature). */
  readonly temperature: number;
  /** Seeds the drawing; each prompt has a stream of its own, whatever else is in the batch. */
  readonly seed: number;
  /** Prompts run together. */
  readonly batchSize: number;
  /** Looked at between tokens. */
  readonly signal: AbortSignal;
  /** True once a text needs no more tokens; asked now and then with all tokens so far. */
  readonly isComplete?: (tokens: readonly number[]) => boolean;
}

/** How many tokens are written between two looks at whether a text is complete. */
const COMPLETE_EVERY = 8;
/** The event loop gets a turn after this many milliseconds, so that signals arrive. */
const TURN_EVERY = 25;

/** An exported model, ready to write. */
export class Generator {
  readonly #open: OpenSession;
  readonly #shape: ModelShape;
  #lastTurn = 0;
  #released = false;

  private constructor(
    open: OpenSession,
    shape: ModelShape,
    /** Its tokenizer. */
    readonly tokenizer: Tokenizer,
  ) {
    this.#open = open;
    this.#shape = shape;
  }

  /**
   * Opens a folder written by `exportOnnx`.
   *
   * @throws {TypeError} when a file in it is malformed
   * @throws {Deno.errors.NotFound} when one is missing
   */
  static async open(folder: string): Promise<Generator> {
    const shape = shapeOf(readConfig(folder));
    const tokenizer = Tokenizer.load(folder);
    const open = await openSession(`${folder}/${ONNX_FILE}`);
    return new Generator(open, shape, tokenizer);
  }

  /** Frees the model. Once more, it does nothing. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#open.session.release();
  }

  /**
   * Continues prompts until the end of text, which is left out. What is written behind a prompt
   * depends on it alone: others in the batch change logits by less than 1e-5.
   *
   * @param prompts token ids
   * @returns the tokens written behind each prompt, in the order of the prompts
   * @throws {RangeError} when a prompt is empty or fills the model's positions
   * @throws the signal's reason once it is aborted
   */
  async generate(
    prompts: readonly (readonly number[])[],
    options: GenerateOptions,
  ): Promise<number[][]> {
    const rows = prompts.map((prompt): Row => {
      this.#checkLength(prompt);
      const random = new Random(deriveSeed(options.seed, ...prompt));
      return { prompt, written: [], random, done: false };
    });
    // Neighbours of like length need little padding.
    const sorted = rows.toSorted((a, b) => a.prompt.length - b.prompt.length);
    for (let start = 0; start < sorted.length; start += options.batchSize) {
      const batch = sorted.slice(start, start + options.batchSize);
      await this.#writeBatch(batch, options);
    }
    return rows.map(({ written }) => written);
  }

  #checkLength({ length }: readonly number[]): void {
    const { positions } = this.#shape;
    if (length === 0 || length >= positions) {
      throw new RangeError(
        `cannot continue a prompt of ${length} tokens: the model has ${positions} positions, so expected 1 to ${
          positions - 1
        }. Shorten the history or train a model with more positions.`,
      );
    }
  }

  async #writeBatch(
    rows: readonly Row[],
    options: GenerateOptions,
  ): Promise<void> {
    const { temperature, signal } = options;
    const batch = new PaddedBatch(this.#open, this.#shape, rows);
    const choice = temperature === 0 ? "next_token" : "last_logits";
    const wanted = [choice, ...batch.cacheOutputs];
    let inputs = batch.start();
    while (true) {
      await this.#giveTurn();
      signal.throwIfAborted();
      const outputs = await this.#open.session.run(inputs, wanted);
      const tokens = temperature === 0
        ? integersOf(outputs.next_token)
        : drawTokens(floatsOf(outputs.last_logits), batch.rows, temperature);
      batch.rows.forEach((row, i) => this.#write(row, tokens[i], options));
      if (batch.rows.every(({ done }) => done)) return;
      inputs = batch.advance(outputs);
    }
  }

  /** The session blocks while it computes: timers and signals would wait for the whole batch. */
  async #giveTurn(): Promise<void> {
    if (performance.now() - this.#lastTurn < TURN_EVERY) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#lastTurn = performance.now();
  }

  #write(row: Row, token: bigint | undefined, options: GenerateOptions): void {
    if (row.done || token === undefined) return;
    const id = Number(token);
    if (this.#shape.endOfText.includes(id)) {
      row.done = true;
      return;
    }
    const count = row.written.push(id);
    row.done = count >= options.maxTokens ||
      row.prompt.length + count >= this.#shape.positions ||
      (count % COMPLETE_EVERY === 0 &&
        options.isComplete?.(row.written) === true);
  }
}

/** Draws each row's next token from softmax(logits / temperature). */
function drawTokens(
  logits: Float32Array,
  rows: readonly Row[],
  temperature: number,
): bigint[] {
  const size = logits.length / rows.length;
  return rows.map(({ random }, row) => {
    const own = logits.subarray(row * size, (row + 1) * size);
    const largest = own.reduce((a, b) => Math.max(a, b));
    const weights = Array.from(
      own,
      (value) => Math.exp((value - largest) / temperature),
    );
    let left = random.next() * weights.reduce((a, b) => a + b);
    const drawn = weights.findIndex((weight) => (left -= weight) < 0);
    // Rounding may leave a rest behind the last weight.
    return BigInt(drawn < 0 ? size - 1 : drawn);
  });
}
