/**
 * Llama as an ONNX graph; what goes in and comes out is told in `decoder.ts`.
 * @module
 */
import { rotaryFrequencies } from "../../kernels/kernels.ts";
import { shapeOf } from "../config.ts";
import type { LlamaConfig } from "../llama_config.ts";
import { rotaryOptions } from "../llama.ts";
import type { Tensor } from "../safetensors.ts";
import { DecoderBuilder, type Projected } from "./decoder.ts";
import type { OnnxModel } from "./protobuf.ts";

/** Builds the graph of a model. */
export function llamaGraph(
  config: LlamaConfig,
  parameters: ReadonlyMap<string, Tensor>,
): OnnxModel {
  return new LlamaBuilder(config).build("llama", parameters);
}

class LlamaBuilder extends DecoderBuilder {
  protected readonly headWeight: string;
  /** Of each position's angles: (batch, 1, sequence, head size / 2). */
  #cosines = "";
  #sines = "";

  constructor(readonly config: LlamaConfig) {
    super(shapeOf(config), config.hidden_size);
    this.headWeight = config.tie_word_embeddings ? "model.embed_tokens.weight" : "lm_head.weight";
  }

  protected embed(ids: string, positions: string): string {
    this.#cosines = this.#angles("cosines", Math.cos, positions);
    this.#sines = this.#angles("sines", Math.sin, positions);
    return this.add("Gather", ["model.embed_tokens.weight", ids]);
  }

  protected project(x: string, layer: number): Projected {
    const normed = this.#norm(x, `model.layers.${layer}.input_layernorm`);
    const at = `model.layers.${layer}.self_attn`;
    return {
      query: this.#linear(normed, `${at}.q_proj`),
      key: this.#linear(normed, `${at}.k_proj`),
      value: this.#linear(normed, `${at}.v_proj`),
    };
  }

  /** Elements i and i + head size / 2 are a pair, as Hugging Face stores them. */
  protected placed(heads: string): string {
    const [left = "", right = ""] = this.addMany("Split", [heads], 2, { axis: 3, num_outputs: 2 });
    const turn = (a: string, sign: "Add" | "Sub", b: string) =>
      this.add(sign, [
        this.add("Mul", [a, this.#cosines]),
        this.add("Mul", [b, this.#sines]),
      ]);
    return this.add("Concat", [turn(left, "Sub", right), turn(right, "Add", left)], { axis: 3 });
  }

  protected finish(x: string, attended: string, layer: number): string {
    const at = `model.layers.${layer}`;
    const middle = this.add("Add", [x, this.#linear(attended, `${at}.self_attn.o_proj`)]);
    const normed = this.#norm(middle, `${at}.post_attention_layernorm`);
    const gate = this.#linear(normed, `${at}.mlp.gate_proj`);
    const inner = this.add("Mul", [
      this.add("Mul", [gate, this.add("Sigmoid", [gate])]),
      this.#linear(normed, `${at}.mlp.up_proj`),
    ]);
    return this.add("Add", [middle, this.#linear(inner, `${at}.mlp.down_proj`)]);
  }

  protected finalNorm(x: string): string {
    return this.#norm(x, "model.norm");
  }

  /** A table of all positions, and its rows for those of the batch. */
  #angles(name: string, of: (angle: number) => number, positions: string): string {
    const frequencies = rotaryFrequencies(rotaryOptions(this.config));
    const count = this.config.max_position_embeddings;
    const table = new Float32Array(count * frequencies.length).map((_, i) => {
      const position = Math.floor(i / frequencies.length);
      return of(position * frequencies[i % frequencies.length]!);
    });
    const rows = this.floats(name, [count, frequencies.length], table);
    return this.add("Unsqueeze", [this.add("Gather", [rows, positions]), this.integers([1])]);
  }

  /** Root mean square normalisation; ONNX has an operator for it in later opsets only. */
  #norm(x: string, name: string): string {
    const epsilon = Float32Array.of(this.config.rms_norm_eps);
    const square = this.add("ReduceMean", [this.add("Mul", [x, x]), this.integers([-1])]);
    const root = this.add("Sqrt", [
      this.add("Add", [square, this.floats(`${name}.epsilon`, [], epsilon)]),
    ]);
    return this.add("Mul", [this.add("Div", [x, root]), `${name}.weight`]);
  }

  #linear(x: string, name: string): string {
    return this.add("Gemm", [x, `${name}.weight`], { transB: 1 });
  }
}
