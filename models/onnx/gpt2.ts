/**
 * GPT-2 with a key-value cache as an ONNX graph, named as Hugging Face's `optimum` names it.
 *
 * Inputs: `input_ids`, `position_ids` (batch, sequence), `attention_mask` (batch, past + sequence;
 * 0 for padding), `past_key_values.N.key` and `.value` (batch, heads, past, head size).
 * Outputs: `logits` (batch, sequence, vocabulary), `present.N.key` and `.value`, and two of our own:
 * `last_logits` (batch, vocabulary) and `next_token` (batch, 1), the most likely token after the
 * last position, in the shape `input_ids` takes it back.
 * @module
 */
import type { Gpt2Config } from "../gpt2_config.ts";
import type { Tensor } from "../safetensors.ts";
import { GraphBuilder } from "./graph.ts";
import type { OnnxModel } from "./protobuf.ts";

/** Attention scores of positions that must not be seen; finite, so that padding gives no NaN. */
const HIDDEN = -1e9;

/** Values every block needs. */
interface Shared {
  /** 0 where a position may be seen, {@linkcode HIDDEN} elsewhere: (batch, 1, sequence, total). */
  readonly bias: string;
  /** Shape (batch, sequence, heads, head size). */
  readonly splitHeads: string;
  /** 1 / √(head size). */
  readonly scale: string;
}

/** Builds the graph of a model. */
export function gpt2Graph(
  config: Gpt2Config,
  parameters: ReadonlyMap<string, Tensor>,
): OnnxModel {
  const builder = new Gpt2Builder(config);
  for (const [name, { shape, data }] of parameters) {
    builder.floats(name, shape, data);
  }
  builder.build();
  return {
    // The oldest format and operators that have Gelu: onnxruntime 1.17 and later read them.
    irVersion: 9,
    opset: 20,
    producer: "reflect-rl",
    name: "gpt2",
    nodes: builder.nodes,
    constants: builder.constants,
    inputs: builder.inputs,
    outputs: builder.outputs,
  };
}

class Gpt2Builder extends GraphBuilder {
  constructor(readonly config: Gpt2Config) {
    super();
  }

  build(): void {
    const { n_embd, n_layer, n_head, vocab_size } = this.config;
    const ids = this.input("input_ids", "int64", ["batch", "sequence"]);
    const mask = this.input("attention_mask", "int64", ["batch", "total"]);
    const places = this.input("position_ids", "int64", ["batch", "sequence"]);
    const size = n_embd / n_head;
    const cache = (total: string) => ["batch", n_head, total, size];
    for (let layer = 0; layer < n_layer; layer++) {
      for (const part of ["key", "value"]) {
        const past = `past_key_values.${layer}.${part}`;
        this.input(past, "float", cache("past"));
      }
    }
    this.output("logits", "float", ["batch", "sequence", vocab_size]);
    for (let layer = 0; layer < n_layer; layer++) {
      for (const part of ["key", "value"]) {
        this.output(`present.${layer}.${part}`, "float", cache("total"));
      }
    }
    this.output("last_logits", "float", ["batch", vocab_size]);
    this.output("next_token", "int64", ["batch", 1]);

    const shared = this.#shared(ids, mask, size);
    // Blocks work on rows (batch · sequence, width), where a projection and its bias are one Gemm.
    const embedded = this.add("Add", [
      this.add("Gather", ["transformer.wte.weight", ids]),
      this.add("Gather", ["transformer.wpe.weight", places]),
    ]);
    let x = this.add("Reshape", [embedded, this.integers([-1, n_embd])]);
    for (let layer = 0; layer < n_layer; layer++) {
      x = this.#block(x, layer, shared);
    }
    this.#head(this.#norm(x, "ln_f"), ids);
  }

  #shared(ids: string, mask: string, size: number): Shared {
    const shape = this.add("Shape", [ids]);
    const splitHeads = this.add("Concat", [
      shape,
      this.integers([this.config.n_head, size]),
    ], { axis: 0 });
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
    const scale = Float32Array.of(1 / Math.sqrt(size));
    return {
      bias: this.add("Where", [seen, zero, hidden]),
      splitHeads,
      scale: this.floats("scale", [], scale),
    };
  }

  #norm(x: string, name: string): string {
    const parameter = `transformer.${name}`;
    return this.add("LayerNormalization", [
      x,
      `${parameter}.weight`,
      `${parameter}.bias`,
    ], { axis: -1, epsilon: { float: this.config.layer_norm_epsilon } });
  }

  #linear(x: string, name: string): string {
    const parameter = `transformer.${name}`;
    return this.add("Gemm", [x, `${parameter}.weight`, `${parameter}.bias`]);
  }

  #block(x: string, layer: number, shared: Shared): string {
    const block = `h.${layer}`;
    const attended = this.#attention(
      this.#linear(this.#norm(x, `${block}.ln_1`), `${block}.attn.c_attn`),
      layer,
      shared,
    );
    x = this.add("Add", [x, this.#linear(attended, `${block}.attn.c_proj`)]);
    const hidden = this.add("Gelu", [
      this.#linear(this.#norm(x, `${block}.ln_2`), `${block}.mlp.c_fc`),
    ], { approximate: "tanh" });
    return this.add("Add", [x, this.#linear(hidden, `${block}.mlp.c_proj`)]);
  }

  #attention(qkv: string, layer: number, shared: Shared): string {
    const parts = this.addMany("Split", [qkv], 3, { axis: 1, num_outputs: 3 });
    const [query = "", key = "", value = ""] = parts.map((part) =>
      this.add("Transpose", [
        this.add("Reshape", [part, shared.splitHeads]),
      ], { perm: [0, 2, 1, 3] })
    );
    const [keys, values] = [["key", key], ["value", value]].map((
      [name = "", now = ""],
    ) =>
      this.add(
        "Concat",
        [`past_key_values.${layer}.${name}`, now],
        { axis: 2 },
        `present.${layer}.${name}`,
      )
    );
    const scores = this.add("MatMul", [
      this.add("Mul", [query, shared.scale]),
      this.add("Transpose", [keys ?? ""], { perm: [0, 1, 3, 2] }),
    ]);
    const weights = this.add("Softmax", [
      this.add("Add", [scores, shared.bias]),
    ], { axis: -1 });
    const mixed = this.add("Transpose", [
      this.add("MatMul", [weights, values ?? ""]),
    ], { perm: [0, 2, 1, 3] });
    return this.add("Reshape", [
      mixed,
      this.integers([-1, this.config.n_embd]),
    ]);
  }

  #head(x: string, ids: string): void {
    const { vocab_size } = this.config;
    const rows = this.add("Gemm", [x, "transformer.wte.weight"], { transB: 1 });
    const shape = this.add("Concat", [
      this.add("Shape", [ids]),
      this.integers([vocab_size]),
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
