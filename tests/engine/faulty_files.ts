/**
 * A disk that fails: at its Nth operation, once or from then on, with the error of a full or
 * read-only disk or a lack of rights; a failing write may leave half of its bytes.
 * @module
 */
import { type AppendFile, disk, type Files } from "../../engine/files.ts";

/** Codes of the operating system that a fault may have, with its words. */
export const FAULT_CODES = {
  ENOSPC: "No space left on device (os error 28)",
  EROFS: "Read-only file system (os error 30)",
  EACCES: "Permission denied (os error 13)",
  EIO: "Input/output error (os error 5)",
  EMFILE: "Too many open files (os error 24)",
} as const;

/** What goes wrong, and when. */
export interface Fault {
  /** Number of the first operation that fails, from 1. */
  readonly at: number;
  /** Whether all later ones fail, too, until the fault is over. */
  readonly forever: boolean;
  /** Code of the error. */
  readonly code: keyof typeof FAULT_CODES;
  /** Whether a failing write, copy or append leaves half of its bytes. */
  readonly tear?: boolean;
}

/** The disk, with a fault. Every call of an operation counts as one. */
export class FaultyFiles implements Files {
  /** Operations so far. */
  count = 0;
  /** Names of the operations that failed. */
  readonly failed: string[] = [];
  #over = false;

  /** Without a fault it only counts. */
  constructor(readonly fault?: Fault) {}

  /** From now on everything works. */
  heal(): void {
    this.#over = true;
  }

  makeFolder = (path: string) => this.#later("makeFolder", () => disk.makeFolder(path));
  makeTemporaryFolder = (parent: string, prefix: string) =>
    this.#later("makeTemporaryFolder", () => disk.makeTemporaryFolder(parent, prefix));
  write = (path: string, bytes: Uint8Array) =>
    this.#later("write", () => disk.write(path, bytes), () => disk.write(path, half(bytes)));
  info = (path: string) => this.#later("info", () => disk.info(path));
  list = (path: string) => this.#later("list", () => disk.list(path));
  link = (from: string, to: string) => this.#later("link", () => disk.link(from, to));
  copy = (from: string, to: string) =>
    this.#later("copy", () => disk.copy(from, to), async () => {
      await Deno.writeFile(to, half(await Deno.readFile(from)));
    });
  rename = (from: string, to: string) => this.#later("rename", () => disk.rename(from, to));
  remove = (path: string) => this.#later("remove", () => disk.remove(path));
  flush = (path: string) => this.#later("flush", () => disk.flush(path));

  async *read(path: string): AsyncIterable<Uint8Array> {
    this.#check("read");
    yield* disk.read(path);
  }

  makeFolderSync = (path: string) => this.#now("makeFolderSync", () => disk.makeFolderSync(path));
  writeSync = (path: string, bytes: Uint8Array, flush: boolean) =>
    this.#now(
      "writeSync",
      () => disk.writeSync(path, bytes, flush),
      () => disk.writeSync(path, half(bytes), false),
    );
  renameSync = (from: string, to: string) =>
    this.#now("renameSync", () => disk.renameSync(from, to));
  removeSync = (path: string) => this.#now("removeSync", () => disk.removeSync(path));
  symlinkSync = (target: string, path: string) =>
    this.#now("symlinkSync", () => disk.symlinkSync(target, path));

  openAppendSync(path: string): AppendFile {
    const file = this.#now("openAppendSync", () => disk.openAppendSync(path));
    let torn = false;
    return {
      append: (bytes) => {
        // A disk that fills up takes what fits, and refuses the rest when it is asked again.
        if (this.fault?.tear && !torn && !this.#over && this.count + 1 === this.fault.at) {
          torn = true;
          return file.append(half(bytes));
        }
        return this.#now("append", () => file.append(bytes));
      },
      [Symbol.dispose]: () => file[Symbol.dispose](),
    };
  }

  async #later<T>(
    name: string,
    work: () => Promise<T>,
    tear?: () => Promise<unknown>,
  ): Promise<T> {
    try {
      this.#check(name);
    } catch (error) {
      if (this.fault?.tear) await tear?.();
      throw error;
    }
    return await work();
  }

  #now<T>(name: string, work: () => T, tear?: () => unknown): T {
    try {
      this.#check(name);
    } catch (error) {
      if (this.fault?.tear) tear?.();
      throw error;
    }
    return work();
  }

  #check(name: string): void {
    this.count++;
    if (this.fault === undefined || this.#over) return;
    const { at, forever, code } = this.fault;
    if (this.count < at || this.count > at && !forever) return;
    this.failed.push(name);
    throw faultError(code, name);
  }
}

/** Flips one bit of a file. */
export async function flipBit(path: string, bit: number): Promise<void> {
  const bytes = await Deno.readFile(path);
  const at = Math.floor(bit / 8) % bytes.length;
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit % 8));
  await Deno.writeFile(path, bytes);
}

/** As the runtime throws it. */
function faultError(code: Fault["code"], operation: string): Error {
  const message = `${FAULT_CODES[code]}: ${operation}`;
  const error = code === "EACCES" ? new Deno.errors.PermissionDenied(message) : new Error(message);
  return Object.assign(error, { code });
}

function half(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.length >> 1);
}
