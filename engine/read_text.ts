/**
 * Reads a workflow file's text, whatever lies at its path.
 * @module
 */
import { basename, dirname } from "node:path";
import { type Position, suggest } from "./diagnostics.ts";
import { MAX_BYTES } from "./yaml_tree.ts";

/** What keeps a file from being read as text. */
export class UnreadableError extends Error {
  /** Line and column are known where the contents are wrong. */
  constructor(
    readonly code: string,
    message: string,
    readonly place: Omit<Position, "source"> = {},
  ) {
    super(message);
  }
}

/**
 * The text of a file in UTF-8, without the mark that some editors begin it with.
 * @throws UnreadableError where there is none, or too much of it
 */
export async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const before = new TextDecoder().decode(bytes).split("\uFFFD", 1)[0] ?? "";
    const lines = before.split("\n");
    const place = { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
    throw new UnreadableError("not-text", "this is no UTF-8 text: save the file as UTF-8", place);
  }
}

/** At most one byte more than a workflow file may have, so that a device without end is no trap. */
async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const info = await Deno.stat(path);
    if (info.isDirectory) {
      const message = "this is a folder: give the path of a workflow file";
      throw new UnreadableError("file-not-found", message);
    }
    if (info.size > MAX_BYTES) throw tooLarge(`${info.size}`);
    using file = await Deno.open(path);
    const bytes = new Uint8Array(MAX_BYTES + 1);
    let length = 0;
    while (length < bytes.length) {
      const count = await file.read(bytes.subarray(length));
      if (count === null) return bytes.slice(0, length);
      length += count;
    }
  } catch (error) {
    if (error instanceof UnreadableError) throw error;
    const reason = error instanceof Deno.errors.NotFound
      ? `there is no such file${await suggestFile(path)}`
      : error instanceof Error
      ? error.message
      : String(error);
    throw new UnreadableError("file-not-found", reason);
  }
  throw tooLarge("more");
}

function tooLarge(size: string): UnreadableError {
  const message = `a workflow file has at most ${MAX_BYTES} bytes, this one has ${size}`;
  return new UnreadableError("too-large", message, { line: 1, column: 1 });
}

async function suggestFile(file: string): Promise<string> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(dirname(file))) {
      if (!isDirectory && /\.ya?ml$/.test(name)) names.push(name);
    }
  } catch {
    return `, nor a folder ${dirname(file)}`;
  }
  return suggest(basename(file), names.sort());
}
