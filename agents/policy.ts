/**
 * The policy: reads one prompt that enumerates the actions and answers with one label. The head is
 * cut to the rows of the label tokens, so one forward pass decides a step (Reflect-RL, section 3.1).
 * @module
 */
import type { Observation } from "../envs/environment.ts";
import { readChoices, sample, Tape } from "../kernels/kernels.ts";
import { packSequences } from "../models/batch.ts";
import type { CausalModel } from "../models/causal_model.ts";
import type { Tokenizer } from "../models/tokenizer/tokenizer.ts";
import { checkLabels, LABELS } from "./labels.ts";
import { composePolicyPrompt, labelText } from "./prompt.ts";

/** A prompt ready to be decided on, or learned from. */
export interface PolicyInput {
  /** The whole prompt. */
  readonly tokens: readonly number[];
  /** How many actions it enumerates: the first labels. */
  readonly choices: number;
}

/** Who answers prompts with labels: a model, or chance (`random.ts`). */
export interface Player {
  /** The prompt of a situation, with the comment on it. */
  input(observation: Observation, reflection: string): PolicyInput;
  /** A label for each prompt; `seeds` has one seed a prompt, temperature 0 is greedy. */
  choose(
    inputs: readonly PolicyInput[],
    options: {
      readonly seeds: readonly number[];
      readonly temperature?: number;
    },
  ): Promise<string[]>;
}

/** A model in the role of the policy. */
export class Policy implements Player {
  readonly #prompts = new Map<string, readonly number[]>();
  readonly #labelTokens: number[] = [];

  /** Wraps what it is given; holds no state of its own on the device. */
  constructor(readonly model: CausalModel, readonly tokenizer: Tokenizer) {}

  /** Tokens of the first `count` labels. Throws where a label is not one token. */
  labelTokens(count: number): Uint32Array {
    while (this.#labelTokens.length < count) {
      this.#labelTokens.push(
        this.tokenizer.labelToken(labelText(LABELS[this.#labelTokens.length]!)),
      );
    }
    return Uint32Array.from(this.#labelTokens.slice(0, count));
  }

  /**
   * The prompt of a situation. Throws a RangeError where the actions' labels are not the first ones,
   * or the prompt is longer than the model's context.
   */
  input(observation: Observation, reflection: string): PolicyInput {
    checkLabels(observation.actions);
    const prompt = composePolicyPrompt(observation, reflection);
    let tokens = this.#prompts.get(prompt);
    if (tokens === undefined) {
      tokens = this.tokenizer.encode(prompt);
      const longest = this.model.shape.positions;
      if (tokens.length > longest) {
        throw new RangeError(
          `a prompt of ${tokens.length} tokens exceeds the model's context of ${longest}; use a ` +
            `model with more positions, a shorter history or shorter reflections. It begins: ` +
            JSON.stringify(prompt.slice(0, 120)),
        );
      }
      if (this.#prompts.size >= 50_000) this.#prompts.clear();
      this.#prompts.set(prompt, tokens);
    }
    return { tokens, choices: observation.actions.length };
  }

  /**
   * Chooses a label for each prompt; `seeds` has one seed a prompt, temperature 0 is greedy. Throws a
   * NonFiniteError where the logits of a prompt are no numbers.
   */
  async choose(
    inputs: readonly PolicyInput[],
    options: {
      readonly seeds: readonly number[];
      readonly temperature?: number;
    },
  ): Promise<string[]> {
    const { device, shape, parameters } = this.model;
    const tape = new Tape(device, { gradients: false, storage: parameters.storage });
    try {
      const batch = packSequences(
        inputs.map(({ tokens }) => tokens),
        shape.positions,
      );
      const choices = Uint32Array.from(inputs, (input) => input.choices);
      const hidden = this.model.hidden(tape, batch, batch.lastRows);
      const labels = this.labelTokens(
        choices.reduce((most, count) => Math.max(most, count), 0),
      );
      const chosen = sample(
        tape,
        this.model.tokenLogits(tape, hidden, labels),
        {
          seeds: Uint32Array.from(options.seeds),
          choices,
          temperature: options.temperature ?? 1,
        },
      );
      return Array.from(
        await readChoices(device, chosen),
        (position) => LABELS[position]!,
      );
    } finally {
      tape.release();
    }
  }
}
