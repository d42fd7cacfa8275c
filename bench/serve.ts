/**
 * The worker's side of the protocol: greets, then answers one request after another until its input
 * ends. No packages are imported here, so that every contestant can use it.
 * @module
 */
import type { ArrayFile, Greeting, Reply, Request, Task } from "./protocol.ts";

/** A task that is ready to run. */
export interface Prepared {
  /** Numbers that must agree between workers. */
  readonly check: readonly number[];
  /** Runs the task so many times and waits for the last result; gives the seconds of one. */
  measure(repetitions: number): Promise<number>;
  /** Lets go of its memory. */
  close(): Promise<void> | void;
}

/** Splits a stream of bytes into lines. */
export async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  if (rest !== "") yield rest;
}

function say(message: Greeting | Reply): void {
  const bytes = new TextEncoder().encode(JSON.stringify(message) + "\n");
  for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
}

/** Serves on standard input and output; `open` prepares a task. */
export async function serve(
  greeting: Greeting,
  open: (task: Task) => Promise<Prepared>,
): Promise<void> {
  say(greeting);
  if ("missing" in greeting) return;
  let prepared: Prepared | undefined;
  const answer = async (request: Request): Promise<Reply> => {
    if (request.method === "open") {
      prepared = await open(request.task);
      return { check: prepared.check };
    }
    if (prepared === undefined) throw new Error("no task is open");
    if (request.method === "measure") {
      return { seconds: await prepared.measure(request.repetitions) };
    }
    await prepared.close();
    prepared = undefined;
    return {};
  };
  for await (const line of lines(Deno.stdin.readable)) {
    try {
      say(await answer(JSON.parse(line) as Request));
    } catch (error) {
      say({ error: error instanceof Error ? error.message : String(error) });
    }
  }
}

/** Times `run(repetitions)`; gives the seconds of one repetition. */
export async function timed(repetitions: number, run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return (performance.now() - start) / 1000 / repetitions;
}

/** The arrays of a file, by name. */
export function readArrays(
  file: ArrayFile,
): Map<string, { shape: readonly number[]; data: Float32Array<ArrayBuffer> }> {
  const { buffer } = Deno.readFileSync(file.path);
  return new Map(file.arrays.map(({ name, shape, offset }) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    return [name, { shape, data: new Float32Array(buffer, offset * 4, size) }];
  }));
}
