/**
 * The smallest policy that can learn: one block, and a tokenizer for the worlds in the training tests.
 */
import { composePolicyPrompt } from "../../agents/prompt.ts";
import { Policy } from "../../agents/policy.ts";
import type { Environment, Observation, StepResult } from "../../envs/environment.ts";
import type { Device } from "../../kernels/kernels.ts";
import type { CausalModel } from "../../models/causal_model.ts";
import { Gpt2 } from "../../models/gpt2.ts";
import { type Gpt2Config, gpt2Presets } from "../../models/gpt2_config.ts";
import type { CompletionExample, LabelExample } from "../../training/losses.ts";
import { Tokenizer, trainTokenizer } from "../../models/tokenizer/tokenizer.ts";

/** Two doors; what is behind them the environment knows. */
export function doors(history = ""): Observation {
  const actions = [{ label: "0", text: "left" }, { label: "1", text: "right" }];
  return { history, state: "Two doors.", actions };
}

/** Knows the words of the doors and of the corridor, and the labels 0 to 3. */
export const tokenizer = Tokenizer.fromJson(
  trainTokenizer(
    [
      composePolicyPrompt(doors("Once. "), "Take the left. Take the right."),
      "The door is 1 2 3 4 5 6 cells ahead. # Actions: 0 back 1 on # Action:",
    ].flatMap((text) => [text, text]),
    { vocabularySize: 384, labels: [" 0", " 1", " 2", " 3"] },
  ),
);

/** The shape of a tiny model. */
export const tinyConfig: Gpt2Config = {
  ...gpt2Presets.nano,
  n_layer: 1,
  n_head: 2,
  n_embd: 16,
  n_positions: 48,
  vocab_size: tokenizer.vocabularySize,
  bos_token_id: tokenizer.endOfText,
  eos_token_id: tokenizer.endOfText,
};

/** A fresh one, trainable; larger weights than usual, so that every part of it matters. */
export function tinyModel(device: Device, seed = 1, change: Partial<Gpt2Config> = {}): Gpt2 {
  const config = { ...tinyConfig, initializer_range: 0.2, ...change };
  return Gpt2.initialize(device, config, { seed, trainable: true });
}

/** A fresh policy. */
export function tinyPolicy(device: Device, seed = 1): Policy {
  return new Policy(tinyModel(device, seed), tokenizer);
}

/** All weights, in one vector. */
export async function weightsOf({ parameters }: CausalModel): Promise<number[]> {
  return [...(await parameters.read()).values()].flatMap((values) => [...values]);
}

const TEXTS: [string, string][] = [
  ["Two doors. # Analyze:", " Take the left."],
  ["Once. Two doors. # Analyze:", " Take the right. Take the right."],
  ["Once. # Analyze:", " Two doors."],
];

/** Texts to continue. */
export const completions: CompletionExample[] = TEXTS.map(([prompt, completion]) => ({
  prompt: tokenizer.encode(prompt),
  completion: [...tokenizer.encode(completion), tokenizer.endOfText],
}));

/** Behind `Once.` the right door, else the left one. */
export function labels(policy: Policy): LabelExample[] {
  return [0, 1, 2, 3, 4, 5].map((i) => {
    const { tokens, choices } = policy.input(doors("Once. ".repeat(i % 2)), "Take. ".repeat(i));
    return { prompt: tokens, choices, target: i % 2 };
  });
}

/** One choice between two doors, whose rewards the test may change while it is played. */
export class Bandit implements Environment {
  /** Tasks that episodes were started with. */
  readonly tasks: (string | undefined)[] = [];

  constructor(private readonly rewards: { left: number; right: number }) {}

  reset({ task }: { task?: string }) {
    this.tasks.push(task);
    return { observation: doors(), info: { success: false, state: 0 } };
  }

  step(label: string): StepResult {
    const right = label === "1";
    return {
      observation: doors("Once. "),
      reward: right ? this.rewards.right : this.rewards.left,
      terminated: true,
      truncated: false,
      info: { success: right, state: 1 },
    };
  }
}
