/**
 * Follows a file of lines that another process appends to.
 * @module
 */

/** A complete line and where the next one begins. */
export interface FollowedLine {
  /** Without its newline. */
  readonly text: string;
  /** Byte offset behind the line's newline: follow from here to get what comes after it. */
  readonly end: number;
}

/** How to follow. */
export interface FollowOptions {
  /** Byte offset to begin at, as an earlier line's `end`; default 0. */
  readonly from?: number;
  /** Milliseconds between looks at the file once its end is reached; default 200. */
  readonly interval?: number;
  /** Ends the following at once. */
  readonly signal: AbortSignal;
  /**
   * Asked each time the end of the file is reached: false once nobody will append. What was
   * appended before the answer is still read.
   */
  readonly isOpen: () => boolean | Promise<boolean>;
}

const CHUNK = 64 * 1024;
const NEWLINE = 10;

/**
 * Yields every complete line, then waits for more. A line is yielded only once its newline is
 * there, so half-written lines are never seen. `undefined` is yielded at each look that found
 * nothing, for callers with something to do meanwhile.
 *
 * Polls rather than watches: a watcher needs an inotify handle for each reader and does not work on
 * network and container mounts.
 *
 * @throws RangeError where `from` lies behind the end of the file.
 */
export async function* followLines(
  path: string,
  options: FollowOptions,
): AsyncGenerator<FollowedLine | undefined, void, void> {
  const { signal, interval = 200 } = options;
  let position = options.from ?? 0;
  await checkStart(path, position);
  while (!signal.aborted) {
    const open = await options.isOpen();
    for await (const line of readLines(path, position)) {
      yield line;
      position = line.end;
      if (signal.aborted) return;
    }
    if (!open) return;
    yield undefined;
    await pause(interval, signal);
  }
}

async function checkStart(path: string, from: number): Promise<void> {
  const size = await Deno.stat(path).then((info) => info.size, ifMissing(0));
  if (from <= size) return;
  throw new RangeError(
    `${path}: expected an offset up to ${size}, the size of the file, got ${from}`,
  );
}

/** The complete lines from `position` to the end the file has now; none where there is no file. */
async function* readLines(
  path: string,
  position: number,
): AsyncGenerator<FollowedLine, void, void> {
  using file = await Deno.open(path).catch(ifMissing(undefined));
  if (file === undefined) return;
  await file.seek(position, Deno.SeekMode.Start);
  const chunk = new Uint8Array(CHUNK);
  let rest = new Uint8Array(0);
  for (;;) {
    const read = await file.read(chunk);
    if (read === null) return;
    const bytes = new Uint8Array(rest.length + read);
    bytes.set(rest);
    bytes.set(chunk.subarray(0, read), rest.length);
    let start = 0;
    for (
      let at = bytes.indexOf(NEWLINE, rest.length);
      at !== -1;
      at = bytes.indexOf(NEWLINE, start)
    ) {
      const text = new TextDecoder().decode(bytes.subarray(start, at));
      position += at + 1 - start;
      start = at + 1;
      yield { text, end: position };
    }
    rest = bytes.slice(start);
  }
}

function ifMissing<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Deno.errors.NotFound) return value;
    throw error;
  };
}

/** Resolves after that many milliseconds, or at once when aborted; leaves no timer behind. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const stop = () => resolve();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) resolve();
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  });
}
