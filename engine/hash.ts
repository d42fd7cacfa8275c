/**
 * Content hashes of files and folders.
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";

/** SHA-256 of a text, lower-case hex. */
export function hashText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * SHA-256 of a file's bytes; of a folder, over its sorted listing of relative paths and file hashes.
 * Empty folders do not count. Throws for links and other things that have no content of their own.
 */
export async function hashPath(path: string): Promise<string> {
  const info = await Deno.lstat(path);
  if (info.isFile) return await hashFile(path);
  if (!info.isDirectory) throw notContent(path);
  const files = await listFiles(path);
  const hash = createHash("sha256").update("folder\n");
  for (const file of files.sort()) {
    hash.update(`${file}\0${await hashFile(join(path, file))}\n`);
  }
  return hash.digest("hex");
}

/** Relative paths of every file below a folder, with `/` between names. */
export async function listFiles(
  folder: string,
  prefix = "",
): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(join(folder, prefix))) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory) files.push(...await listFiles(folder, path));
    else if (entry.isFile) files.push(path);
    else throw notContent(join(folder, path));
  }
  return files;
}

async function hashFile(path: string): Promise<string> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  const buffer = new Uint8Array(1 << 20);
  for (;;) {
    const read = await file.read(buffer);
    if (read === null) return hash.digest("hex");
    hash.update(buffer.subarray(0, read));
  }
}

function notContent(path: string): Error {
  return new Error(
    `${path}: expected a file or a folder of files, got a link or device: write a copy instead`,
  );
}
