/**
 * Content hashes of files and folders.
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { disk, type Files } from "./files.ts";

/** What is neither a file nor a folder of files has no content to hash. */
export class NotContentError extends Error {
  /** The class's name, for messages. */
  override readonly name = "NotContentError";

  /** Its message names the path. */
  constructor(path: string) {
    super(
      `${path}: expected a file or a folder of files, got a link or device: write a copy instead`,
    );
  }
}

/** SHA-256 of a text, lower-case hex. */
export function hashText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * SHA-256 of a file's bytes; of a folder, over its sorted listing of relative paths and file hashes.
 * Empty folders do not count.
 * @throws NotContentError for links and other things that have no content of their own
 */
export async function hashPath(path: string, files: Files = disk): Promise<string> {
  const info = await files.info(path);
  if (info.isFile) return await hashFile(path, files);
  if (!info.isDirectory) throw new NotContentError(path);
  const names = await listFiles(path, files);
  const hash = createHash("sha256").update("folder\n");
  for (const name of names.sort()) {
    hash.update(`${name}\0${await hashFile(join(path, name), files)}\n`);
  }
  return hash.digest("hex");
}

/**
 * Relative paths of every file below a folder, with `/` between names.
 * @throws NotContentError for links and other things that have no content of their own
 */
export async function listFiles(
  folder: string,
  files: Files = disk,
  prefix = "",
): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await files.list(join(folder, prefix))) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory) found.push(...await listFiles(folder, files, path));
    else if (entry.isFile) found.push(path);
    else throw new NotContentError(join(folder, path));
  }
  return found;
}

async function hashFile(path: string, files: Files): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of files.read(path)) hash.update(piece);
  return hash.digest("hex");
}
