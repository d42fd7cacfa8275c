/**
 * A large model on a server comments: any that speaks the OpenAI chat-completions API.
 *
 * While data is collected it is the teacher, who is told the best action and the environment's own remark and
 * must not let on, as in Reflect-RL. As a player it knows the observation alone.
 *
 * Identical questions are asked once, and the newest thousands of answers are remembered, so one agent says
 * the same of the same. Another run may get other words: what a stage made of them is kept in the cache.
 * @module
 */
import { z } from "zod";
import type { Observation } from "../envs/environment.ts";
import type { ReflectionAgent, ReflectionAgentModule, ReflectOptions, Spoiler } from "./agent.ts";
import { CommentMemory } from "./memory.ts";
import {
  ChatClient,
  type ChatMessage,
  type ChatOptions,
  chatOptions,
  chatPermissions,
} from "./openai_client.ts";
import { cutReflection } from "./prompt.ts";

/** What the agent takes. */
export interface OpenaiOptions extends ChatOptions {
  /** The system prompt: how to comment. */
  readonly system: string;
}

/** How to comment, unless a workflow says it otherwise. */
const SYSTEM =
  "You look over the shoulder of someone who acts in a world of text, one action at a time. Write what " +
  "they should be thinking now, in the first person and in at most three short sentences: what matters in " +
  "this situation, whether the last action was a mistake and why, and what to weigh before the next one. " +
  "Reason from what is written there. Do not name the action to take outright, and do not list the actions. " +
  "Plain text, one line, no heading.";

class OpenaiAgent implements ReflectionAgent {
  readonly #options: OpenaiOptions;
  readonly #client: ChatClient;
  readonly #comments = new CommentMemory();

  constructor(options: OpenaiOptions) {
    this.#options = options;
    this.#client = new ChatClient(options);
  }

  async reflect(
    batch: readonly Observation[],
    { seed, signal, spoilers }: ReflectOptions,
  ): Promise<string[]> {
    signal.throwIfAborted();
    if (spoilers !== undefined && spoilers.length !== batch.length) {
      throw new Error(
        `expected ${batch.length} spoilers, one per observation, or none at all; got ${spoilers.length}`,
      );
    }
    const questions = batch.map((observation, i) => questionOn(observation, spoilers?.[i]));
    const drawn = this.#options.temperature > 0;
    const keys = drawn ? questions.map((question) => `${seed}:${question}`) : questions;
    return await this.#comments.complete(keys, async (missing) => {
      const conversations = missing.map((i) => this.#conversation(questions[i] as string));
      const answers = await this.#client.complete(conversations, { seed, signal });
      // One line, as all that a prompt is made of.
      return answers.map((answer) => cutReflection(answer.replace(/\s+/g, " ")));
    });
  }

  /** Answers so far: asked anew, the server may say something else. */
  state(): [key: string, comment: string][] {
    return this.#comments.state();
  }

  /** Remembers what another agent did. Throws a ZodError for what is no {@linkcode state}. */
  restore(state: unknown): void {
    this.#comments.restore(state);
  }

  dispose(): Promise<void> {
    this.#comments.clear();
    return Promise.resolve();
  }

  #conversation(question: string): ChatMessage[] {
    return [
      { role: "system", content: this.#options.system },
      { role: "user", content: question },
    ];
  }
}

/** The situation, what can be done in it, and what the teacher alone may know. */
function questionOn(
  { history, state, actions }: Observation,
  spoiler: Spoiler | undefined,
): string {
  // In an order of their own: training shuffles the actions, which changes nothing about the situation.
  const texts = actions.map(({ text }) => text).sort();
  return [
    `The situation:\n${history}${state}`,
    ...(texts.length > 0 ? [`What can be done:\n${texts.join("\n")}`] : []),
    ...spoilerParts(actions, spoiler),
    "The comment:",
  ].join("\n\n");
}

function spoilerParts(
  actions: Observation["actions"],
  { best, remark }: Spoiler = {},
): string[] {
  if (best === undefined && remark === undefined) return [];
  const action = actions.find(({ label }) => label === best)?.text ?? best;
  return [
    [
      "For your eyes only, from someone who knows how it ends:",
      ...(action === undefined ? [] : [`The best next action is: ${action}`]),
      ...(remark === undefined ? [] : [`Their remark: ${remark}`]),
      "Let the comment lead there by reasons that can be seen in the situation. Do not quote this note, do " +
      "not say that you were told anything, and do not give the action away.",
    ].join("\n"),
  ];
}

/** The agent as a workflow names it. */
export const openai: ReflectionAgentModule<OpenaiOptions> = {
  name: "openai",
  version: "1",
  description:
    "A model on a server that speaks the OpenAI chat-completions API; the teacher, told the best action in confidence, while data is collected.",
  with: z.strictObject({
    ...chatOptions,
    system: z.string().min(1).default(SYSTEM).describe("the system prompt: how to comment"),
  }),
  permissions: chatPermissions,
  remote: true,
  isDrawn: ({ temperature }) => temperature > 0,
  make: (options) => new OpenaiAgent(options),
};
