/**
 * How many bytes files take, each counted once whatever names it has.
 * @module
 */
import { join } from "node:path";

/** Adds up files; remembers which it has seen. */
export class Measure {
  readonly #seen = new Set<string>();

  /** Bytes of a file, or of all files in a folder, that were not counted yet; 0 where there is nothing. */
  async bytes(path: string): Promise<number> {
    const info = await Deno.lstat(path).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    if (info?.isFile) return this.#count(info);
    if (!info?.isDirectory) return 0;
    let sum = 0;
    for await (const { name } of Deno.readDir(path)) sum += await this.bytes(join(path, name));
    return sum;
  }

  #count({ dev, ino, size }: Deno.FileInfo): number {
    if (ino === null) return size;
    const file = `${dev}:${ino}`;
    if (this.#seen.has(file)) return 0;
    this.#seen.add(file);
    return size;
  }
}
