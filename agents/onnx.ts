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
import { CommentMemory } from "./memory.ts";
import { composeReflectionPrompt, cutReflection, endsReflection } from "./prompt.ts";

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

class OnnxAgent implements ReflectionAgent {
  readonly #generator: Generator;
  readonly #options: OnnxOptions;
  readonly #comments = new CommentMemory();

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
    const keys = drawn ? prompts.map((prompt) => `${seed}:${prompt}`) : prompts;
    return await this.#comments.complete(
      keys,
      (missing) => this.#write(missing.map((i) => prompts[i] as string), seed, signal),
    );
  }

  /** Comments by prompt: written anew beside other prompts, one could differ by a rounding. */
  state(): [key: string, comment: string][] {
    return this.#comments.state();
  }

  /** Remembers what another agent did. Throws a ZodError for what is no {@linkcode state}. */
  restore(state: unknown): void {
    this.#comments.restore(state);
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
        isComplete: (tokens) => endsReflection(tokenizer.decode(tokens)),
      },
    );
    return written.map((tokens) => cutReflection(tokenizer.decode(tokens)));
  }
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
  isDrawn: ({ temperature }) => temperature > 0,
  make: async (options) =>
    new OnnxAgent(
      await Generator.open(artifactPath(options.model)),
      options,
    ),
};
