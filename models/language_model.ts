/**
 * A model folder, loaded and ready: logits, and text written token by token with a key-value cache.
 * @module
 */
import {
  attention,
  type Device,
  gatherRows,
  placeRows,
  readChoices,
  sample,
  Tape,
  type Tensor,
} from "../kernels/kernels.ts";
import { deriveSeed } from "../std/random.ts";
import { type PackedBatch, packSequences } from "./batch.ts";
import { type CausalModel, placeModel } from "./causal_model.ts";
import type { ModelConfig } from "./config.ts";
import { readModelFolder } from "./model_folder.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";

/** How to write. */
export interface GenerateOptions {
  /** Tokens to write at most. Default 100. */
  readonly maxTokens?: number;
  /** 0 takes the likeliest token. Default 0. */
  readonly temperature?: number;
  /** Draws from this many of the likeliest tokens only. Default: from all. */
  readonly topK?: number;
  /** Draws from the fewest likeliest tokens that together have this share of the probability. Default 1. */
  readonly topP?: number;
  /** Seeds the sampling; each sequence has its own stream. Default 0. */
  readonly seed?: number;
  /** Stops between tokens. */
  readonly signal?: AbortSignal;
}

/** Tokens written on the device between two looks at whether all sequences have ended. */
const LOOK_EVERY = 8;

/** A loaded language model. */
export class LanguageModel {
  private constructor(readonly model: CausalModel, readonly tokenizer: Tokenizer) {}

  /** Loads a folder in Hugging Face layout onto a device. Throws a TypeError where it does not fit. */
  static load(folder: string, device: Device): LanguageModel {
    const files = readModelFolder(folder);
    return new LanguageModel(
      placeModel(device, files, { trainable: false }),
      files.tokenizer,
    );
  }

  /** Its `config.json`. */
  get config(): ModelConfig {
    return this.model.config;
  }

  /**
   * Logits of each sequence: at its last position (V), or with `positions: "all"` at every one
   * (T, V), row-major.
   */
  async logits(
    tokens: readonly (readonly number[])[],
    options: { readonly positions?: "last" | "all" } = {},
  ): Promise<Float32Array[]> {
    const { device } = this.model;
    const tape = new Tape(device, { gradients: false });
    try {
      const batch = packSequences(tokens, this.model.shape.positions);
      const all = options.positions === "all";
      const rows = all ? Uint32Array.from(batch.tokens.keys()) : batch.lastRows;
      const hidden = this.model.hidden(tape, batch, rows);
      const values = await device.stream.read(this.model.logits(tape, hidden));
      let start = 0;
      return tokens.map(({ length }) => {
        const size = (all ? length : 1) * this.model.shape.vocabularySize;
        return values.slice(start, start += size);
      });
    } finally {
      tape.release();
    }
  }

  /**
   * Continues each prompt (B) until the end of text, `maxTokens` or the model's context; gives the
   * new tokens without the end of text. The same seed gives the same tokens. Throws a RangeError for
   * a temperature, topK or topP that makes no sense, and a NonFiniteError where the model's logits
   * are no numbers.
   */
  async generate(
    prompts: readonly (readonly number[])[],
    options: GenerateOptions = {},
  ): Promise<number[][]> {
    const { maxTokens = 100, signal } = options;
    const longest = prompts.reduce(
      (most, { length }) => Math.max(most, length),
      0,
    );
    const room = Math.min(maxTokens, this.model.shape.positions - longest);
    const writer = new Writer(this.model, prompts, options);
    try {
      const written: Uint32Array[] = [];
      for (let turn = 0; turn < room; turn++) {
        signal?.throwIfAborted();
        writer.step(turn);
        if ((turn + 1) % LOOK_EVERY !== 0 && turn + 1 !== room) continue;
        written.push(...await writer.read());
        if (
          prompts.every((_, row) => written.some((tokens) => this.#ends(tokens[row]!)))
        ) break;
      }
      return prompts.map((_, row) => {
        const tokens = written.map((step) => step[row]!);
        const end = tokens.findIndex((token) => this.#ends(token));
        return end < 0 ? tokens : tokens.slice(0, end);
      });
    } finally {
      writer.release();
    }
  }

  /** Frees the model's buffers; the device stays. */
  dispose(): void {
    this.model.release();
  }

  #ends(token: number): boolean {
    return this.model.shape.endOfText.includes(token);
  }
}

/** Loads a model folder; `device` comes from `requestDevice`. */
export function loadModel(
  folder: string,
  options: { readonly device: Device },
): LanguageModel {
  return LanguageModel.load(folder, options.device);
}

/**
 * Writes one token for every sequence at a time. Sequence b keeps query, key and value of each of
 * its positions in rows b · positions … of one cache a layer,
 * (B · positions, (heads + 2 · keyValueHeads) · headSize).
 */
class Writer {
  readonly #tape: Tape;
  readonly #batch: PackedBatch;
  readonly #lengths: readonly number[];
  readonly #caches: readonly Tensor[];
  readonly #pending: Tensor[] = [];
  #last: Tensor | undefined;

  constructor(
    private readonly model: CausalModel,
    prompts: readonly (readonly number[])[],
    private readonly options: GenerateOptions,
  ) {
    const { positions, layers, heads, keyValueHeads, headSize } = model.shape;
    const width = (heads + 2 * keyValueHeads) * headSize;
    this.#tape = new Tape(model.device, { gradients: false });
    this.#batch = packSequences(prompts, positions);
    this.#lengths = prompts.map(({ length }) => length);
    this.#caches = Array.from(
      { length: layers },
      () => this.#tape.empty([prompts.length * positions, width]),
    );
  }

  /** Records the next token of every sequence; `turn` counts from 0. */
  step(turn: number): void {
    const tape = new Tape(this.model.device, { gradients: false });
    try {
      const logits = turn === 0 ? this.#readPrompts(tape) : this.#readNewest(tape, turn);
      const chosen = this.#choose(tape, logits, turn);
      // The choice outlives the step's tape: it is the next step's input.
      const kept = this.#tape.empty(chosen.shape, { type: chosen.type });
      this.model.device.stream.copy(chosen, kept);
      this.#pending.push(kept);
      this.#last = kept;
    } finally {
      tape.release();
    }
  }

  #choose(tape: Tape, logits: Tensor, turn: number): Tensor {
    const { temperature = 0, topK, topP, seed = 0 } = this.options;
    const seeds = this.#lengths.map((_, row) => deriveSeed(seed, row, turn));
    return sample(tape, logits, {
      seeds: Uint32Array.from(seeds),
      temperature,
      ...(topK === undefined ? {} : { topK }),
      ...(topP === undefined ? {} : { topP }),
    });
  }

  /** The tokens (B) of each step since the last call. */
  read(): Promise<Uint32Array[]> {
    // All at once: a readback takes some ten milliseconds, and several take no longer than one.
    return Promise.all(
      this.#pending.splice(0).map((tensor) => readChoices(this.model.device, tensor)),
    );
  }

  release(): void {
    this.#tape.release();
  }

  #readPrompts(tape: Tape): Tensor {
    const { tokens, positions, spans, lastRows } = this.#batch;
    const { positions: width, heads, keyValueHeads } = this.model.shape;
    const places = Uint32Array.from(this.#lengths.flatMap((length, row) => {
      return Array.from({ length }, (_, position) => row * width + position);
    }));
    const layout = { heads, keyValueHeads, spans };
    let x = this.model.embed(tape, tokens, positions);
    for (const [layer, cache] of this.#caches.entries()) {
      const qkv = this.model.queryKeyValue(tape, layer, x, positions);
      placeRows(tape, qkv, places, cache);
      x = this.model.finishBlock(tape, layer, x, attention(tape, qkv, layout));
    }
    const last = gatherRows(tape, x, lastRows);
    return this.model.logits(tape, this.model.finalNorm(tape, last));
  }

  #readNewest(tape: Tape, turn: number): Tensor {
    const { positions: width, heads, keyValueHeads } = this.model.shape;
    const positions = Uint32Array.from(
      this.#lengths,
      (length) => length + turn - 1,
    );
    const places = positions.map((position, row) => row * width + position);
    const spans = Array.from(places, (place, row) => ({
      row: place,
      queries: 1,
      first: row * width,
    }));
    const layout = { heads, keyValueHeads, spans };
    let x = this.model.embed(tape, this.#last!, positions);
    for (const [layer, cache] of this.#caches.entries()) {
      const qkv = this.model.queryKeyValue(tape, layer, x, positions);
      placeRows(tape, qkv, places, cache);
      x = this.model.finishBlock(
        tape,
        layer,
        x,
        attention(tape, cache, layout),
      );
    }
    return this.model.logits(tape, this.model.finalNorm(tape, x));
  }
}
