/**
 * A batch of texts being written, as the tensors the exported model takes: prompts padded on the
 * left to one width, so that the newest tokens stand in one column.
 * @module
 */
import type { Random } from "../../std/random.ts";
import type { ModelShape } from "../config.ts";
import type { OpenSession, Tensor } from "./session.ts";

/** One prompt and what was written behind it. */
export interface Row {
  /** Token ids given. */
  readonly prompt: readonly number[];
  /** Token ids written so far. */
  readonly written: number[];
  /** The row's own stream of random numbers. */
  readonly random: Random;
  /** True once nothing more is to be written. */
  done: boolean;
}

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Rows that run together. */
export class PaddedBatch {
  readonly #open: OpenSession;
  readonly #shape: ModelShape;
  /** Columns of the padded prompts. */
  readonly #width: number;
  /** Columns behind the prompts. */
  #steps = 0;
  #rows: readonly Row[];
  /** Names of the cache's inputs. */
  readonly #cache: readonly string[];

  /** Starts a batch; `rows` must not be empty. */
  constructor(open: OpenSession, shape: ModelShape, rows: readonly Row[]) {
    this.#open = open;
    this.#shape = shape;
    this.#rows = rows;
    this.#width = Math.max(...rows.map(({ prompt }) => prompt.length));
    this.#cache = open.session.inputNames.filter((name) => name.startsWith("past_key_values."));
  }

  /** The rows the tensors have, in order; those that are done may be among them. */
  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** Names of the outputs that {@linkcode PaddedBatch.advance} needs. */
  get cacheOutputs(): string[] {
    return this.#cache.map(presentName);
  }

  /** Inputs for the prompts, with nothing before them. */
  start(): Tensors {
    const [count, width] = [this.#rows.length, this.#width];
    const ids = new BigInt64Array(count * width);
    const positions = new BigInt64Array(count * width);
    this.#rows.forEach(({ prompt }, row) => {
      const begin = (row + 1) * width - prompt.length;
      prompt.forEach((token, i) => {
        ids[begin + i] = BigInt(token);
        positions[begin + i] = BigInt(i);
      });
    });
    const { keyValueHeads, headSize } = this.#shape;
    const nothing = this.#open.floats(
      new Float32Array(0),
      [count, keyValueHeads, 0, headSize],
    );
    return {
      input_ids: this.#open.integers(ids, [count, width]),
      position_ids: this.#open.integers(positions, [count, width]),
      attention_mask: this.#mask(),
      ...Object.fromEntries(this.#cache.map((name) => [name, nothing])),
    };
  }

  /** Inputs for the newest token of each row; `outputs` are those of the step before. */
  advance(outputs: Tensors): Tensors {
    this.#steps++;
    const select = this.#dropDone();
    const count = this.#rows.length;
    const last = this.#shape.positions - 1;
    // A row that is done goes on with some token or other, at a position that exists.
    const ids = this.#rows.map(({ written }) => BigInt(written.at(-1) ?? 0));
    const positions = this.#rows.map(({ prompt, written }) =>
      BigInt(Math.min(last, prompt.length + written.length - 1))
    );
    return {
      input_ids: this.#open.integers(BigInt64Array.from(ids), [count, 1]),
      position_ids: this.#open.integers(
        BigInt64Array.from(positions),
        [count, 1],
      ),
      attention_mask: this.#mask(),
      ...Object.fromEntries(
        this.#cache.map((name) => [name, select(outputs[presentName(name)])]),
      ),
    };
  }

  /**
   * Drops rows that are done once they are half: they cost as much as others, but dropping copies
   * the cache. Gives what brings a cache tensor to the rows that are left.
   */
  #dropDone(): (tensor: Tensor | undefined) => Tensor {
    const kept = this.#rows.flatMap(({ done }, row) => done ? [] : [row]);
    if (kept.length > this.#rows.length / 2) return present;
    this.#rows = this.#rows.filter(({ done }) => !done);
    return (tensor) => {
      const data = floatsOf(tensor);
      const [rows = 1, ...rest] = present(tensor).dims;
      const size = data.length / rows;
      const result = new Float32Array(kept.length * size);
      kept.forEach((row, i) => result.set(data.subarray(row * size, (row + 1) * size), i * size));
      return this.#open.floats(result, [kept.length, ...rest]);
    };
  }

  /** 0 for the padding before each prompt, 1 for everything behind. */
  #mask(): Tensor {
    const columns = this.#width + this.#steps;
    const mask = new BigInt64Array(this.#rows.length * columns).fill(1n);
    this.#rows.forEach(({ prompt }, row) => {
      const begin = row * columns;
      mask.fill(0n, begin, begin + this.#width - prompt.length);
    });
    return this.#open.integers(mask, [this.#rows.length, columns]);
  }
}

function presentName(pastName: string): string {
  return pastName.replace("past_key_values", "present");
}

function present(tensor: Tensor | undefined): Tensor {
  if (tensor !== undefined) return tensor;
  throw new TypeError(
    "the model lacks an output this program's exports have. Export it again.",
  );
}

/** The values of a float32 output. */
export function floatsOf(tensor: Tensor | undefined): Float32Array {
  const { data, type } = present(tensor);
  if (data instanceof Float32Array) return data;
  throw new TypeError(`expected a float32 output of the model, got ${type}`);
}

/** The values of an int64 output. */
export function integersOf(tensor: Tensor | undefined): BigInt64Array {
  const { data, type } = present(tensor);
  if (data instanceof BigInt64Array) return data;
  throw new TypeError(`expected an int64 output of the model, got ${type}`);
}
