/**
 * Model families a workflow can name: what a `sft` stage starts from when it starts from nothing.
 * @module
 */
import { z } from "zod";
import type { PositionStart } from "./gpt2.ts";
import { type Gpt2Config, type Gpt2Preset, gpt2Presets } from "./gpt2_config.ts";

/** A model family that can be initialised. */
export interface ModelModule<Options = unknown> {
  /** The word after `uses:`. */
  readonly name: string;
  /** Raised whenever the same options and seed would give another model. */
  readonly version: string;
  /** One sentence for the reference pages. */
  readonly description: string;
  /** Schema of the options. */
  readonly with: z.ZodType<Options>;
  /** The configuration these options describe; the vocabulary is an upper bound for the tokenizer. */
  configure(options: Options): Gpt2Config;
  /** How the position embeddings of a fresh model begin. */
  positionStart(options: Options): PositionStart;
}

/** Options of {@linkcode gpt2}. */
export interface Gpt2Options {
  /** Size to start from. Default `nano`. */
  readonly preset: Gpt2Preset;
  /** Blocks, instead of the preset's. */
  readonly layers?: number | undefined;
  /** Width of the residual stream, instead of the preset's; a multiple of 4 per head. */
  readonly width?: number | undefined;
  /** Attention heads, instead of the preset's. */
  readonly heads?: number | undefined;
  /** Longest prompt in tokens, instead of the preset's. */
  readonly positions?: number | undefined;
  /** How position embeddings begin. Default `random`. */
  readonly positionStart: PositionStart;
  /** Largest vocabulary, instead of the preset's. */
  readonly vocabulary?: number | undefined;
}

const count = z.int().positive().optional();

/** GPT-2, initialised at random; its tokenizer is trained on the data of the first stage that uses it. */
export const gpt2: ModelModule<Gpt2Options> = {
  name: "gpt2",
  version: "1",
  description: "A GPT-2 decoder trained from scratch, with a byte-level BPE tokenizer of its own.",
  with: z.strictObject({
    preset: z.enum(Object.keys(gpt2Presets) as [Gpt2Preset, ...Gpt2Preset[]])
      .default("nano")
      .describe("size to start from"),
    layers: count.describe("transformer blocks, instead of the preset's"),
    width: count.describe(
      "width of the residual stream, instead of the preset's",
    ),
    heads: count.describe("attention heads, instead of the preset's"),
    positions: count.describe(
      "longest prompt in tokens, instead of the preset's",
    ),
    positionStart: z.enum(["random", "sinusoidal"]).default("random").describe(
      "how the position embeddings begin; sinusoidal tells a small model early which tokens are neighbours",
    ),
    vocabulary: z.int().min(300).optional().describe(
      "largest vocabulary, instead of the preset's",
    ),
  }).superRefine((options, context) => {
    const preset = gpt2Presets[options.preset];
    const [width, heads] = [
      options.width ?? preset.n_embd,
      options.heads ?? preset.n_head,
    ];
    if (width % (4 * heads) === 0) return;
    context.addIssue({
      code: "custom",
      path: [options.width === undefined ? "heads" : "width"],
      message: `the width must be a multiple of 4 × heads, got width ${width} with ${heads} heads`,
    });
  }),
  configure(options) {
    const preset = gpt2Presets[options.preset];
    return {
      ...preset,
      n_layer: options.layers ?? preset.n_layer,
      n_embd: options.width ?? preset.n_embd,
      n_head: options.heads ?? preset.n_head,
      n_positions: options.positions ?? preset.n_positions,
      vocab_size: options.vocabulary ?? preset.vocab_size,
    };
  },
  positionStart: ({ positionStart }) => positionStart,
};

/** The families a workflow can name. */
export const models: ReadonlyMap<string, ModelModule> = new Map(
  [gpt2 as ModelModule].map((module) => [module.name, module]),
);
