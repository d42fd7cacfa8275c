/**
 * The bench's side of the protocol: a contestant's process, asked one thing at a time.
 * @module
 */
import type { Greeting, Reply, Request, WorkerDetails } from "./protocol.ts";
import { lines } from "./serve.ts";

/** How to start a contestant. */
export interface Contestant {
  /** Its key in results: `jax-js-webgpu`. */
  readonly name: string;
  /** The program and its arguments, started in the project's root. */
  readonly command: readonly [string, ...string[]];
  /** Added to the environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A contestant that cannot take part. The message says why, in a few words. */
export class MissingError extends Error {
  /** The class's name, for messages. */
  override readonly name = "MissingError";
}

const root = new URL("..", import.meta.url);

/** A contestant's process, ready for requests. */
export class Worker implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: AsyncGenerator<string>;
  readonly #complaints: Promise<string>;
  #details: WorkerDetails | undefined;

  private constructor(readonly name: string, process: Deno.ChildProcess) {
    this.#process = process;
    this.#input = process.stdin.getWriter();
    this.#output = lines(process.stdout);
    this.#complaints = lastComplaint(process.stderr);
  }

  /** Starts a contestant. Throws a MissingError where it cannot take part. */
  static async start(
    { name, command: [program, ...args], environment }: Contestant,
  ): Promise<Worker> {
    let process: Deno.ChildProcess;
    try {
      process = new Deno.Command(program, {
        args,
        cwd: root,
        env: { NO_COLOR: "1", ...environment },
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new MissingError(`there is no ${program}`);
    }
    const worker = new Worker(name, process);
    try {
      const greeting = await worker.#receive() as Greeting;
      if ("missing" in greeting) throw new MissingError(greeting.missing);
      worker.#details = greeting.ready;
      return worker;
    } catch (error) {
      await worker[Symbol.asyncDispose]();
      throw error instanceof MissingError ? error : new MissingError((error as Error).message);
    }
  }

  /** What it said of itself. */
  get details(): WorkerDetails {
    return this.#details!;
  }

  /** Asks and waits. Throws an Error with what the worker says is wrong, or with its last words. */
  async ask(request: Request): Promise<Reply> {
    await this.#input.write(new TextEncoder().encode(JSON.stringify(request) + "\n"));
    const reply = await this.#receive() as Reply;
    if (reply.error !== undefined) throw new Error(reply.error);
    return reply;
  }

  /** Ends the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    // A worker that still computes for a request nobody waits for would not see that its input ended.
    try {
      this.#process.kill();
    } catch {
      // It has ended already.
    }
    for await (const _ of this.#output);
    await this.#complaints;
    await this.#process.status;
  }

  /** The next line that is a message; packages may print lines of their own. */
  async #receive(): Promise<unknown> {
    while (true) {
      const { value, done } = await this.#output.next();
      if (done) throw new Error(await this.#complaints || "it ended without a word");
      if (value.startsWith("{")) return JSON.parse(value);
    }
  }
}

/** The line of standard error that says most: the last one with "error" in it, or the last one. */
async function lastComplaint(stream: ReadableStream<Uint8Array>): Promise<string> {
  let last = "";
  let error = "";
  for await (const line of lines(stream)) {
    if (line.trim() === "" || line.includes("XDG_RUNTIME_DIR")) continue;
    last = line.trim();
    if (/error/i.test(line)) error = last;
  }
  return error || last;
}
