/**
 * What the store, the record and checkpoints need of a file system: an interface, and the disk.
 *
 * Everything durable goes through it, so that tests can give them a disk that fails at any step.
 * What reads finished runs ({@link history.ts}) needs no such care and reads directly.
 * @module
 */

import { join } from "node:path";

/** A file that only grows. */
export interface AppendFile extends Disposable {
  /** Appends bytes. Returns how many were taken, which may be fewer. */
  append(bytes: Uint8Array): number;
}

/**
 * Operations on files and folders. Each does one thing to the disk, or throws what `Deno` throws and
 * has done nothing; only `write` may leave half of it. Those ending in `Sync` are for the record,
 * which must be written before its caller goes on.
 */
export interface Files {
  /** Makes a folder and those above it; one that is there is fine. */
  makeFolder(path: string): Promise<void>;
  /** Makes a new empty folder of any name that begins with `prefix`. Returns its path. */
  makeTemporaryFolder(parent: string, prefix: string): Promise<string>;
  /** Writes a file, in place of one that is there. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** The bytes of a file in pieces. A piece is valid until the next one is asked for. */
  read(path: string): AsyncIterable<Uint8Array>;
  /** What a path is; a link is not followed. */
  info(path: string): Promise<Deno.FileInfo>;
  /** What is in a folder. */
  list(path: string): Promise<Deno.DirEntry[]>;
  /** Gives a file a second name; fails where the file system has no such thing. */
  link(from: string, to: string): Promise<void>;
  /** Copies a file. */
  copy(from: string, to: string): Promise<void>;
  /** Gives a file or folder another name, in place of a file or an empty folder that has it. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with all in it. */
  remove(path: string): Promise<void>;
  /** Forces a file, or a folder's list of names, onto the disk. */
  flush(path: string): Promise<void>;

  /** As {@linkcode Files.makeFolder}. */
  makeFolderSync(path: string): void;
  /** Writes a file, in place of one that is there; onto the disk, where `flush` is true. */
  writeSync(path: string, bytes: Uint8Array, flush: boolean): void;
  /** As {@linkcode Files.rename}. */
  renameSync(from: string, to: string): void;
  /** Removes a file, or a folder with all in it; nothing where there is none. */
  removeSync(path: string): void;
  /** Makes a link to a folder. */
  symlinkSync(target: string, path: string): void;
  /** Opens a file to append to, making it where it is missing. */
  openAppendSync(path: string): AppendFile;
}

/** Most files are small: the first piece is, too. */
const FIRST_BYTES = 1 << 14;
const PIECE_BYTES = 1 << 20;

/**
 * The machine's own file system. What is over in microseconds is done at once: handing it to another
 * thread would take many times as long, and a run of many small stages does little else.
 */
export const disk: Files = {
  makeFolder: (path) => Promise.try(() => Deno.mkdirSync(path, { recursive: true })),
  makeTemporaryFolder: (dir, prefix) =>
    Promise.try(() => {
      const path = Deno.makeTempDirSync({ dir, prefix });
      // Temporary folders are private; what is published is not.
      Deno.chmodSync(path, 0o755);
      return path;
    }),
  write: (path, bytes) => Deno.writeFile(path, bytes),
  async *read(path) {
    using file = Deno.openSync(path);
    const first = new Uint8Array(FIRST_BYTES);
    for (let read: number | null = 0; read !== FIRST_BYTES;) {
      read = file.readSync(first);
      if (read === null) return;
      yield first.subarray(0, read);
    }
    const piece = new Uint8Array(PIECE_BYTES);
    for (;;) {
      const read = await file.read(piece);
      if (read === null) return;
      yield piece.subarray(0, read);
    }
  },
  info: (path) => Promise.try(() => Deno.lstatSync(path)),
  list: (path) => Promise.try(() => [...Deno.readDirSync(path)]),
  link: (from, to) => Promise.try(() => Deno.linkSync(from, to)),
  copy: (from, to) => Deno.copyFile(from, to),
  rename: (from, to) => Promise.try(() => Deno.renameSync(from, to)),
  remove: (path) => Deno.remove(path, { recursive: true }),
  async flush(path) {
    using file = Deno.openSync(path);
    await file.sync();
  },

  makeFolderSync: (path) => Deno.mkdirSync(path, { recursive: true }),
  writeSync(path, bytes, flush) {
    using file = Deno.openSync(path, { write: true, create: true, truncate: true });
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    if (flush) file.syncSync();
  },
  renameSync: (from, to) => Deno.renameSync(from, to),
  removeSync(path) {
    try {
      Deno.removeSync(path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  },
  symlinkSync: (target, path) => Deno.symlinkSync(target, path, { type: "dir" }),
  openAppendSync(path) {
    const file = Deno.openSync(path, { create: true, append: true });
    return {
      append: (bytes) => file.writeSync(bytes),
      [Symbol.dispose]: () => file.close(),
    };
  },
};

/** Forces a file, or a folder and all below it, onto the disk. */
export async function flushTree(path: string, files: Files = disk): Promise<void> {
  const { isDirectory } = await files.info(path);
  if (isDirectory) {
    for (const { name } of await files.list(path)) await flushTree(join(path, name), files);
  }
  await files.flush(path);
}
