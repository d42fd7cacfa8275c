/**
 * What a chat-completions server answers: the text of a completion, or an error that says what to do.
 * @module
 */
import { z } from "zod";

/** A server that gave no text. The message names its address and what it said, never the key. */
export class ChatError extends Error {
  /** The class's name, for messages. */
  override readonly name = "ChatError";
  /** True where another try may succeed. */
  readonly passing: boolean;
  /** Seconds the server asks to wait before it; undefined where it says nothing. */
  readonly wait: number | undefined;

  /** Creates one that has no use for another try unless it says so. */
  constructor(message: string, options: { passing?: boolean; wait?: number | undefined } = {}) {
    super(message);
    this.passing = options.passing ?? false;
    this.wait = options.wait;
  }
}

/** Characters of a server's words that are told on. */
const SHORTENED = 300;

/** Ends what a model thinks aloud; the answer comes behind it. */
const THOUGHT = /^[\s\S]*<\/think>|^\s*<think>[\s\S]*$/;

const completion = z.object({
  choices: z.array(z.object({
    message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
    finish_reason: z.string().nullish(),
  })).min(1),
});

/**
 * The text of a completion, without what the model thought aloud. For messages, `where` is the address,
 * and `mask` takes the key out of the server's words; out of an answer it is not taken, as a key like "x" is part of many.
 * Throws a {@linkcode ChatError} where there is none; an empty text is one where the model ended it itself.
 */
export function readAnswer(
  where: string,
  body: string,
  mask: (words: string) => string,
): string {
  const parsed = completion.safeParse(parseJson(body));
  if (!parsed.success) {
    throw new ChatError(
      `${where} answered, but not as a chat-completions server does: expected JSON with ` +
        `choices[0].message.content, got ${shorten(mask(body)) || "nothing"}`,
    );
  }
  const [{ message, finish_reason } = { message: {} }] = parsed.data.choices;
  if (message.refusal) {
    throw new ChatError(`${where}: the model refused: ${shorten(mask(message.refusal))}`);
  }
  const text = (message.content ?? "").replace(THOUGHT, "");
  if (text.trim() === "" && finish_reason === "length") {
    throw new ChatError(
      `${where}: the model used up its tokens before it said anything; raise maxTokens`,
    );
  }
  return text;
}

/** What an answer that is not a success says. */
export function readRefusal(where: string, response: Response, body: string): ChatError {
  const { status, headers } = response;
  const location = headers.get("location");
  const words = location === null
    ? shorten(messageIn(body))
    : `it has moved to ${location}; give the new address as baseUrl`;
  const passing = status === 429 || status >= 500;
  return new ChatError(`${where} answered ${status}${words === "" ? "" : `: ${words}`}`, {
    passing,
    wait: passing ? secondsOf(headers.get("retry-after")) : undefined,
  });
}

/** Seconds that a Retry-After header asks for: a number, or a date. */
function secondsOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = header.trim() === "" ? NaN : Number(header);
  if (seconds >= 0) return seconds;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}

/** The message of an error as the different servers word it: `error.message`, `error`, `message`, `detail`. */
function messageIn(body: string): string {
  const said = parseJson(body);
  const inner = field(said, "error") ?? said;
  const message = field(inner, "message") ?? field(inner, "detail") ?? inner;
  return typeof message === "string" ? message : body;
}

function field(value: unknown, name: string): unknown {
  return value instanceof Object ? Reflect.get(value, name) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > SHORTENED ? `${line.slice(0, SHORTENED)}…` : line;
}
