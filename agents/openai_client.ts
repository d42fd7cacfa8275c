/**
 * A client of servers that speak the OpenAI chat-completions API: OpenAI, vLLM, Ollama, llama.cpp.
 *
 * Requests run side by side up to a bound, end at once when they are aborted, and are made again where the
 * server is busy or cannot be reached. The key goes into one header and nowhere else, least of all into errors.
 *
 * Not here: what is asked. That is `openai.ts` for comments and `teachers.ts` for other texts.
 * @module
 */
import { z } from "zod";
import type { ModulePermissions } from "../std/modules.ts";
import { ChatError, readAnswer, readRefusal } from "./openai_answer.ts";

/** One message of a conversation. */
export interface ChatMessage {
  /** `system` says how to answer, `user` asks. */
  readonly role: "system" | "user";
  /** What is said. */
  readonly content: string;
}

/** Where and how to ask. */
export interface ChatOptions {
  /** Where the API begins: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** The model, as the server names it. */
  readonly model: string;
  /** The key, where the server wants one. */
  readonly key?: string | undefined;
  /** Most tokens of an answer. */
  readonly maxTokens: number;
  /** 0 takes the most likely tokens; above, they are drawn. */
  readonly temperature: number;
  /** More fields of the request; null takes one out. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Requests side by side. */
  readonly concurrency: number;
  /** Seconds that an answer may take. */
  readonly timeout: number;
  /** Tries after the first. */
  readonly retries: number;
}

/** What the options of {@linkcode ChatOptions} look like in a workflow, to be put into a module's own schema. */
export const chatOptions = {
  baseUrl: z.string().refine(
    (text) => isAddress(text),
    "expected an address like http://127.0.0.1:8000/v1, without name and password: the key is an option of its own",
  ).default("https://api.openai.com/v1").describe(
    "where the API begins; http://127.0.0.1:11434/v1 is Ollama on this machine",
  ),
  model: z.string().min(1).describe("the model, as the server names it"),
  key: z.string().min(1).optional().describe(
    "the server's key, as ${{ secrets.NAME }}; local servers mostly want none",
  ),
  maxTokens: z.int().positive().default(100).describe("most tokens of an answer"),
  temperature: z.number().nonnegative().default(0).describe(
    "0 takes the most likely tokens; above, they are drawn",
  ),
  body: z.record(z.string(), z.unknown()).default({}).describe(
    "more fields of the request, as { top_p: 0.9 }; null takes one out, as { seed: null }",
  ),
  concurrency: z.int().positive().max(256).default(4).describe("requests side by side"),
  timeout: z.number().positive().max(3600).default(60).describe("seconds an answer may take"),
  retries: z.int().nonnegative().max(20).default(4).describe(
    "tries after the first, where the server is busy, fails or cannot be reached",
  ),
};

function isAddress(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === "";
}

/** The server of `baseUrl`, which is all a process needs to reach. */
export function chatPermissions({ baseUrl }: ChatOptions): ModulePermissions {
  const { hostname, port, protocol } = new URL(baseUrl);
  const known = protocol === "https:" ? "443" : "80";
  return { net: [`${hostname}:${port === "" ? known : port}`] };
}

/** How to ask this time. */
export interface AskOptions {
  /** Sent along; servers that draw with it say the same for the same. */
  readonly seed: number;
  /** Ends all requests at once. */
  readonly signal: AbortSignal;
}

/** Seconds to wait after the first try where the server says nothing, twice as many after each further one. */
const FIRST_WAIT = 1;
/** Most seconds to wait of one's own accord. */
const LONGEST_WAIT = 60;
/** Seconds after which waiting is no use: the server's limit is one of the day, not of the minute. */
const TOO_LONG = 600;

/** Asks one server. */
export class ChatClient {
  readonly #options: ChatOptions;
  readonly #url: URL;
  readonly #firstWait: number;

  /**
   * Of a server; `firstWait` are the seconds before the second try. Throws a {@linkcode ChatError} for a key
   * that no header can carry.
   */
  constructor(options: ChatOptions, firstWait = FIRST_WAIT) {
    this.#options = options;
    this.#url = new URL(options.baseUrl);
    this.#url.pathname = `${this.#url.pathname.replace(/\/+$/, "")}/chat/completions`;
    this.#firstWait = firstWait;
    // Said here, because the runtime's own error would tell the key.
    if (!/^[\x21-\x7e]*$/.test(options.key ?? "")) {
      throw new ChatError(
        `${this.#where}: the key has spaces, line ends or other characters that no header can carry`,
      );
    }
  }

  /**
   * An answer to each conversation, in order. Throws the signal's reason once it is aborted, and otherwise the
   * first {@linkcode ChatError}; the other requests are ended then.
   */
  async complete(
    conversations: readonly (readonly ChatMessage[])[],
    { seed, signal }: AskOptions,
  ): Promise<string[]> {
    signal.throwIfAborted();
    const failed = new AbortController();
    const stop = AbortSignal.any([signal, failed.signal]);
    const answers: string[] = [];
    const rest = conversations.entries();
    // Workers share the iterator: whoever is free takes the next.
    const work = async () => {
      for (const [index, messages] of rest) answers[index] = await this.#try(messages, seed, stop);
    };
    const count = Math.min(this.#options.concurrency, conversations.length);
    const workers = Array.from({ length: count }, work);
    try {
      await Promise.all(workers);
    } catch (error) {
      failed.abort(error);
      await Promise.allSettled(workers);
      throw error;
    }
    return answers;
  }

  async #try(
    messages: readonly ChatMessage[],
    seed: number,
    signal: AbortSignal,
  ): Promise<string> {
    const { retries } = this.#options;
    for (let tries = 1;; tries++) {
      try {
        return await this.#ask(messages, seed, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ChatError) || !error.passing) throw error;
        const { wait = this.#waitAfter(tries) } = error;
        const count = tries === 1 ? "" : ` (tried ${tries} times)`;
        if (wait > TOO_LONG) {
          throw new ChatError(`${error.message}; it asks to wait ${Math.ceil(wait)} s${count}`);
        }
        if (tries > retries) throw new ChatError(`${error.message}${count}`);
        await sleep(wait, signal);
      }
    }
  }

  /** Less up to half of it by chance, so that requests which failed together do not come back together. */
  #waitAfter(tries: number): number {
    return Math.min(LONGEST_WAIT, this.#firstWait * 2 ** (tries - 1)) * (1 - Math.random() / 2);
  }

  async #ask(
    messages: readonly ChatMessage[],
    seed: number,
    signal: AbortSignal,
  ): Promise<string> {
    const { key, timeout } = this.#options;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeout * 1000);
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        body: JSON.stringify(this.#request(messages, seed)),
        // Another address is another server, which nobody has allowed.
        redirect: "manual",
        signal: AbortSignal.any([signal, late.signal]),
      });
      const text = await response.text();
      if (!response.ok) throw readRefusal(this.#where, response, this.#mask(text));
      return readAnswer(this.#where, text, (words) => this.#mask(words));
    } catch (error) {
      if (error instanceof ChatError || signal.aborted) throw error;
      if (late.signal.aborted) {
        throw new ChatError(`${this.#where}: no answer within ${timeout} s`, { passing: true });
      }
      throw this.#unreachable(error);
    } finally {
      clearTimeout(timer);
    }
  }

  #request(messages: readonly ChatMessage[], seed: number): Record<string, unknown> {
    const { model, maxTokens, temperature, body } = this.#options;
    const fields = {
      model,
      messages,
      max_tokens: maxTokens,
      temperature,
      // Some servers hold it in 32 bits with a sign.
      seed: seed % 2 ** 31,
      stream: false,
      ...body,
    };
    return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
  }

  #unreachable(error: unknown): ChatError {
    const { message, cause } = error as Error;
    const reason = this.#mask(cause instanceof Error ? cause.message : message);
    const passing = !(error instanceof Deno.errors.NotCapable);
    return new ChatError(
      `${this.#where} cannot be reached: ${reason.replace(/^error sending request.*?\): /, "")}`,
      { passing },
    );
  }

  /** The address without its query, which may hold secrets too. */
  get #where(): string {
    return `${this.#url.origin}${this.#url.pathname}`;
  }

  /** Servers like to repeat a key that they do not know. */
  #mask(text: string): string {
    const { key } = this.#options;
    return key === undefined ? text : text.replaceAll(key, "***");
  }
}

/** Resolves after that time; rejects with the signal's reason once it is aborted. */
async function sleep(seconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, seconds * 1000);
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
