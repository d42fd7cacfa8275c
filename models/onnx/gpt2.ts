/**
 * GPT-2 as an ONNX graph; what goes in and comes out is told in `decoder.ts`.
 * @module
 */
import { shapeOf } from "../config.ts";
import type { Gpt2Config } from "../gpt2_config.ts";
import type { Tensor } from "../safetensors.ts";
import { DecoderBuilder, type Projected } from "./decoder.ts";
import type { OnnxModel } from "./protobuf.ts";

/** Builds the graph of a model. */
export function gpt2Graph(
  config: Gpt2Config,
  parameters: ReadonlyMap<string, Tensor>,
): OnnxModel {
  return new Gpt2Builder(config).build("gpt2", parameters);
}

class Gpt2Builder extends DecoderBuilder {
  protected readonly headWeight = "transformer.wte.weight";

  constructor(readonly config: Gpt2Config) {
    super(shapeOf(config), config.n_embd);
  }

  protected embed(ids: string, positions: string): string {
    return this.add("Add", [
      this.add("Gather", ["transformer.wte.weight", ids]),
      this.add("Gather", ["transformer.wpe.weight", positions]),
    ]);
  }

  protected project(x: string, layer: number): Projected {
    const rows = this.#linear(this.#norm(x, `h.${layer}.ln_1`), `h.${layer}.attn.c_attn`);
    const parts = this.addMany("Split", [rows], 3, { axis: 1, num_outputs: 3 });
    const [query = "", key = "", value = ""] = parts;
    return { query, key, value };
  }

  protected placed(heads: string): string {
    return heads;
  }

  protected finish(x: string, attended: string, layer: number): string {
    const block = `h.${layer}`;
    const middle = this.add("Add", [x, this.#linear(attended, `${block}.attn.c_proj`)]);
    const inner = this.add("Gelu", [
      this.#linear(this.#norm(middle, `${block}.ln_2`), `${block}.mlp.c_fc`),
    ], { approximate: "tanh" });
    return this.add("Add", [middle, this.#linear(inner, `${block}.mlp.c_proj`)]);
  }

  protected finalNorm(x: string): string {
    return this.#norm(x, "ln_f");
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
}
