/**
 * A trained reflection model, frozen, in ONNX Runtime on the CPU.
 *
 * A comment is a function of the prompt (and of the seed, where it is drawn), so each is computed
 * once: duplicates in a batch share one, and the newest thousands are remembered.
 * @module
 */
import { z } from "zod";
import { type Artifact, artifact, artifactPath } from "../engine/artifact.ts";
import type { Observation } from "../envs/environment.ts";
import { Generator } from "../models/onnx/generator.ts";
import type { ReflectionAgent, ReflectionAgentModule, ReflectOptions } from "./agent.ts";
import { ACTION_MARKER, composeReflectionPrompt } from "./prompt.ts";

/** What the agent takes. */
export interface OnnxOptions {
  /** Folder of an exported model. */
  readonly model: Artifact | string;
  /** Most tokens of a comment; default 100. */
  readonly maxTokens: number;
  /** 0, the default, takes the most likely tokens; above, they are drawn. */
  readonly temperature: number;
  /** Prompts run together; default 64. */
  readonly batchSize: number;
}

/** Comments remembered. */
const REMEMBERED = 20_000;

/** The marker without its last sign also begins the policy's list of actions. */
const CUT = ACTION_MARKER.slice(0, -1);

const stateSchema = z.array(z.tuple([z.string(), z.string()]));

class OnnxAgent implements ReflectionAgent {
  readonly #generator: Generator;
  readonly #options: OnnxOptions;
  /** By prompt, the one used longest ago first. */
  readonly #comments = new Map<string, string>();

  constructor(generator: Generator, options: OnnxOptions) {
    this.#generator = generator;
    this.#options = options;
  }

  async reflect(
    batch: readonly Observation[],
    { seed, signal }: ReflectOptions,
  ): Promise<string[]> {
    signal.throwIfAborted();
    const prompts = batch.map(composeReflectionPrompt);
    const drawn = this.#options.temperature > 0;
    const keyOf = (prompt: string) => drawn ? `${seed}:${prompt}` : prompt;
    const comments = new Map<string, string>();
    for (const prompt of new Set(prompts)) {
      const known = this.#recall(keyOf(prompt));
      if (known !== undefined) comments.set(prompt, known);
    }
    const missing = [...new Set(prompts)].filter((p) => !comments.has(p));
    const written = await this.#write(missing, seed, signal);
    missing.forEach((prompt, i) => {
      const comment = written[i] ?? "";
      comments.set(prompt, comment);
      this.#remember(keyOf(prompt), comment);
    });
    return prompts.map((prompt) => comments.get(prompt) ?? "");
  }

  /** Comments by prompt: written anew beside other prompts, one could differ by a rounding. */
  state(): [key: string, comment: string][] {
    return [...this.#comments];
  }

  /** Remembers what another agent did. */
  restore(state: unknown): void {
    const comments = stateSchema.parse(state);
    this.#comments.clear();
    for (const [key, comment] of comments) this.#comments.set(key, comment);
  }

  async dispose(): Promise<void> {
    this.#comments.clear();
    await this.#generator.release();
  }

  async #write(
    prompts: readonly string[],
    seed: number,
    signal: AbortSignal,
  ): Promise<string[]> {
    const { tokenizer } = this.#generator;
    const { maxTokens, temperature, batchSize } = this.#options;
    const written = await this.#generator.generate(
      prompts.map((prompt) => tokenizer.encode(prompt)),
      {
        maxTokens,
        temperature,
        batchSize,
        seed,
        signal,
        isComplete: (tokens) => tokenizer.decode(tokens).includes(CUT),
      },
    );
    return written.map((tokens) => cutComment(tokenizer.decode(tokens)));
  }

  #recall(key: string): string | undefined {
    const comment = this.#comments.get(key);
    if (comment !== undefined) this.#remember(key, comment);
    return comment;
  }

  #remember(key: string, comment: string): void {
    this.#comments.delete(key);
    this.#comments.set(key, comment);
    const [oldest] = this.#comments.keys();
    if (this.#comments.size > REMEMBERED && oldest !== undefined) {
      this.#comments.delete(oldest);
    }
  }
}

/** What is before the action marker, without the spaces around it. */
function cutComment(text: string): string {
  const marker = text.indexOf(CUT);
  return (marker < 0 ? text : text.slice(0, marker)).trim();
}

/** The agent as a workflow names it. */
export const onnx: ReflectionAgentModule<OnnxOptions> = {
  name: "onnx",
  version: "1",
  description:
    "A trained reflection model, frozen, in ONNX Runtime; the same prompt always gives the same comment.",
  with: z.strictObject({
    model: artifact("onnx"),
    maxTokens: z.int().positive().default(100).describe(
      "most tokens of a comment",
    ),
    temperature: z.number().nonnegative().default(0).describe(
      "0 takes the most likely tokens; above, they are drawn",
    ),
    batchSize: z.int().positive().default(64).describe("prompts run together"),
  }),
  make: async (options) =>
    new OnnxAgent(
      await Generator.open(artifactPath(options.model)),
      options,
    ),
};
