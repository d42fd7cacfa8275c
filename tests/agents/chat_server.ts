/**
 * A chat-completions server for tests: answers as a test says, and keeps what it was asked.
 * @module
 */

/** What a client asks for. */
export interface ChatRequest {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly [field: string]: unknown;
}

/** A request as it came in. */
export interface Asked {
  readonly path: string;
  readonly authorization: string | null;
  readonly body: ChatRequest;
  /** Aborted once the server is to end. */
  readonly ending: AbortSignal;
}

/** Answers a request: with a text, which becomes a completion, or with a response of its own. */
export type Answer = (
  asked: Asked,
  number: number,
) => string | Response | Promise<string | Response>;

/** The body of a completion. */
export function completion(content: unknown, finish_reason = "stop"): string {
  return JSON.stringify({
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason }],
  });
}

/** What the user said last in a request. */
export function questionOf({ body }: Asked): string {
  const last = body.messages.at(-1);
  if (last === undefined) throw new Error("the request has no messages");
  return last.content;
}

/** Resolves after that many milliseconds, or as soon as the server is to end. */
export async function delay(milliseconds: number, { ending }: Asked): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  if (ending.aborted) resolve();
  ending.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}

/** A server that listens until it is disposed of. */
export class ChatServer implements AsyncDisposable {
  readonly asked: Asked[] = [];
  /** Requests that are being answered now, and the most there were at once. */
  now = 0;
  most = 0;
  readonly #ending = new AbortController();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(answer: Answer) {
    const listen = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.#server = Deno.serve(listen, async (request) => {
      const asked: Asked = {
        path: new URL(request.url).pathname + new URL(request.url).search,
        authorization: request.headers.get("authorization"),
        body: await request.json(),
        ending: this.#ending.signal,
      };
      const number = this.asked.push(asked);
      this.most = Math.max(this.most, ++this.now);
      const answered = await answer(asked, number);
      this.now--;
      return typeof answered === "string" ? new Response(completion(answered)) : answered;
    });
  }

  /** Where its API begins. */
  get baseUrl(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/v1`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#server.shutdown();
  }
}
