/**
 * A decoder with a key-value cache as an ONNX graph, named as Hugging Face's `optimum` names it: what is
 * alike in all families.
 *
 * Inputs: `input_ids`, `position_ids` (batch, sequence), `attention_mask` (batch, past + sequence;
 * 0 for padding), `past_key_values.N.key` and `.value` (batch, keyValueHeads, past, head size).
 * Outputs: `logits` (batch, sequence, vocabulary), `present.N.key` and `.value`, and two of our own:
 * `last_logits` (batch, vocabulary) and `next_token` (batch, 1), the most likely token after the
 * last position, in the shape `input_ids` takes it back.
 * @module
 */
import type { ModelShape } from "../config.ts";
import type { Tensor } from "../safetensors.ts";
import { GraphBuilder } from "./graph.ts";
import type { OnnxModel } from "./protobuf.ts";

/** Attention scores of positions that must not be seen; finite, so that padding gives no NaN. */
const HIDDEN = -1e9;

/** Queries, keys and values of a block's rows: (rows, heads · head size) each. */
export interface Projected {
  /** By heads. */
  readonly query: string;
  /** By keyValueHeads. */
  readonly key: string;
  /** By keyValueHeads. */
  readonly value: string;
}

/** Values every block needs. */
interface Shared {
  /** (batch, sequence), as a vector. */
  readonly shape: string;
  /** 0 where a position may be seen, {@linkcode HIDDEN} elsewhere: (batch, 1, sequence, total). */
  readonly bias: string;
  /** 1 / √(head size). */
  readonly scale: string;
}

/** Builds a family's graph. Blocks work on rows (batch · sequence, width), where a projection is one Gemm. */
export abstract class DecoderBuilder extends GraphBuilder {
  /** `shape` says how many blocks and heads there are; `width` is that of the residual stream. */
  constructor(readonly shape: ModelShape, readonly width: number) {
    super();
  }

  /** What the first block reads, (batch, sequence, width), from ids and positions (batch, sequence). */
  protected abstract embed(ids: string, positions: string): string;
  /** First half of a block: the norm and the projections of its rows. */
  protected abstract project(x: string, layer: number): Projected;
  /** Queries or keys (batch, heads, sequence, head size) with their positions in them, where a family does so. */
  protected abstract placed(heads: string): string;
  /** Second half of a block: what attention gave is added to x, then what the MLP makes of it. */
  protected abstract finish(x: string, attended: string, layer: number): string;
  /** The norm before the head. */
  protected abstract finalNorm(x: string): string;
  /** Name of the head's matrix (vocabulary, width). */
  protected abstract readonly headWeight: string;

  /** The whole graph over a model's parameters, by the names of their file. */
  build(name: string, parameters: ReadonlyMap<string, Tensor>): OnnxModel {
    for (const [name, { shape, data }] of parameters) this.floats(name, shape, data);
    const { ids, mask, positions } = this.#ports();
    const shared = this.#shared(ids, mask);
    let x = this.add("Reshape", [this.embed(ids, positions), this.integers([-1, this.width])]);
    for (let layer = 0; layer < this.shape.layers; layer++) {
      const attended = this.#attention(this.project(x, layer), layer, shared);
      x = this.finish(x, attended, layer);
    }
    this.#head(this.finalNorm(x), shared);
    return {
      // The oldest format and operators that have Gelu: onnxruntime 1.17 and later read them.
      irVersion: 9,
      opset: 20,
      producer: "reflect-rl",
      name,
      nodes: this.nodes,
      constants: this.constants,
      inputs: this.inputs,
      outputs: this.outputs,
    };
  }

  #ports(): { readonly ids: string; readonly mask: string; readonly positions: string } {
    const { layers, keyValueHeads, headSize, vocabularySize } = this.shape;
    const ids = this.input("input_ids", "int64", ["batch", "sequence"]);
    const mask = this.input("attention_mask", "int64", ["batch", "total"]);
    const positions = this.input("position_ids", "int64", ["batch", "sequence"]);
    const cache = (total: string) => ["batch", keyValueHeads, total, headSize];
    for (let layer = 0; layer < layers; layer++) {
      for (const part of ["key", "value"]) {
        this.input(`past_key_values.${layer}.${part}`, "float", cache("past"));
      }
    }
    this.output("logits", "float", ["batch", "sequence", vocabularySize]);
    for (let layer = 0; layer < layers; layer++) {
      for (const part of ["key", "value"]) {
        this.output(`present.${layer}.${part}`, "float", cache("total"));
      }
    }
    this.output("last_logits", "float", ["batch", vocabularySize]);
    this.output("next_token", "int64", ["batch", 1]);
    return { ids, mask, positions };
  }

  #shared(ids: string, mask: string): Shared {
    const { headSize } = this.shape;
    const shape = this.add("Shape", [ids]);
    const sequence = this.add("Gather", [shape, this.integers(1)]);
    const total = this.add("Gather", [
      this.add("Shape", [mask]),
      this.integers(1),
    ]);
    const range = this.add("Range", [
      this.integers(0),
      total,
      this.integers(1),
    ]);
    const past = this.add("Sub", [total, sequence]);
    const own = this.add("Slice", [
      range,
      this.add("Unsqueeze", [past, this.integers([0])]),
      this.add("Unsqueeze", [total, this.integers([0])]),
    ]);
    // A query at place p sees the keys at places up to p, where they are not padding.
    const causal = this.add("LessOrEqual", [
      range,
      this.add("Unsqueeze", [own, this.integers([1])]),
    ]);
    const real = this.add("Cast", [mask], { to: { element: "bool" } });
    const seen = this.add("And", [
      causal,
      this.add("Unsqueeze", [real, this.integers([1, 2])]),
    ]);
    const zero = this.floats("zero", [], Float32Array.of(0));
    const hidden = this.floats("hidden", [], Float32Array.of(HIDDEN));
    const scale = Float32Array.of(1 / Math.sqrt(headSize));
    return {
      shape,
      bias: this.add("Where", [seen, zero, hidden]),
      scale: this.floats("scale", [], scale),
    };
  }

  /** Rows (rows, heads · head size) as (batch, heads, sequence, head size). */
  #split(rows: string, heads: number, { shape }: Shared): string {
    const split = this.add("Concat", [
      shape,
      this.integers([heads, this.shape.headSize]),
    ], { axis: 0 });
    return this.add("Transpose", [this.add("Reshape", [rows, split])], { perm: [0, 2, 1, 3] });
  }

  /** The cache with what is new behind it. */
  #kept(layer: number, part: "key" | "value", now: string): string {
    const past = `past_key_values.${layer}.${part}`;
    return this.add("Concat", [past, now], { axis: 2 }, `present.${layer}.${part}`);
  }

  /** Keys or values (batch, keyValueHeads, total, head size), each head once for every query's head. */
  #repeated(kept: string): string {
    const { heads, keyValueHeads } = this.shape;
    if (heads === keyValueHeads) return kept;
    const owners = Array.from(
      { length: heads },
      (_, head) => Math.floor(head * keyValueHeads / heads),
    );
    return this.add("Gather", [kept, this.integers(owners)], { axis: 1 });
  }

  #attention({ query, key, value }: Projected, layer: number, shared: Shared): string {
    const { heads, keyValueHeads, headSize } = this.shape;
    const queries = this.placed(this.#split(query, heads, shared));
    const newKeys = this.placed(this.#split(key, keyValueHeads, shared));
    const newValues = this.#split(value, keyValueHeads, shared);
    const keys = this.#repeated(this.#kept(layer, "key", newKeys));
    const values = this.#repeated(this.#kept(layer, "value", newValues));
    const scores = this.add("MatMul", [
      this.add("Mul", [queries, shared.scale]),
      this.add("Transpose", [keys], { perm: [0, 1, 3, 2] }),
    ]);
    const weights = this.add("Softmax", [
      this.add("Add", [scores, shared.bias]),
    ], { axis: -1 });
    const mixed = this.add("Transpose", [
      this.add("MatMul", [weights, values]),
    ], { perm: [0, 2, 1, 3] });
    return this.add("Reshape", [mixed, this.integers([-1, heads * headSize])]);
  }

  #head(x: string, shared: Shared): void {
    const rows = this.add("Gemm", [x, this.headWeight], { transB: 1 });
    const shape = this.add("Concat", [
      shared.shape,
      this.integers([this.shape.vocabularySize]),
    ], { axis: 0 });
    const logits = this.add("Reshape", [rows, shape], {}, "logits");
    const last = this.add(
      "Gather",
      [logits, this.integers(-1)],
      { axis: 1 },
      "last_logits",
    );
    this.add("ArgMax", [last], { axis: 1, keepdims: 1 }, "next_token");
  }
}
