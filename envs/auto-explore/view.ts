/**
 * A read-only view of a folder, from which no path leads out.
 *
 * Nothing is copied and nothing is written. Links are never followed, below the root: a link is neither
 * listed nor read, wherever it points. Files are opened only where they are regular files, and the whole way to
 * them is looked at again once they are open, so a file or a folder that is swapped for a link or a pipe
 * meanwhile is not read.
 * What the view shows by rule (hidden and ignored files) is `ignore.ts`'s business, and `tree.ts` joins both.
 * @module
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

/** A name in a folder. */
export interface ViewEntry {
  /** Its own name, without the folder's. */
  readonly name: string;
  /** True for a folder, false for a regular file. */
  readonly isFolder: boolean;
}

/** What a file holds, as far as it is text. */
export type Contents =
  | {
    /** The whole file is known. */
    readonly kind: "text";
    /** All of it. */
    readonly text: string;
  }
  | {
    /** Too large to be read whole. */
    readonly kind: "huge";
    /** Its first {@linkcode PART_BYTES} bytes. */
    readonly beginning: string;
    /** Its last {@linkcode PART_BYTES} bytes. */
    readonly end: string;
  }
  | {
    /** No text, or it could not be read. */
    readonly kind: "binary" | "unreadable";
  };

/** Largest file that is read whole, in bytes. */
export const WHOLE_BYTES = 256 * 1024;
/** How much is read of either end of a larger file, in bytes. */
export const PART_BYTES = 16 * 1024;

/** A link is not followed, and a pipe that nobody writes to not waited for, where the system can tell. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** A path that is not in the view. */
export class OutsideError extends RangeError {
  /** The class's name, for messages. */
  override readonly name = "OutsideError";
}

/** A folder seen from inside: paths are relative to it, with `/` between names, `""` for itself. */
export class ReadOnlyView {
  /** The folder's real path: a link given as the root is followed once, here. */
  readonly root: string;

  /** Throws an Error that says what to do where the root is missing or no folder. */
  constructor(folder: string) {
    let isDirectory = false;
    let root = "";
    try {
      root = Deno.realPathSync(folder);
      ({ isDirectory } = Deno.statSync(root));
    } catch (cause) {
      throw new Error(
        `root: expected a folder to explore, got ${JSON.stringify(folder)} (${reasonOf(cause)}); ` +
          `give the path of a folder that can be read`,
        { cause },
      );
    }
    if (!isDirectory) {
      throw new Error(
        `root: expected a folder to explore, got the file ${folder}; give the folder it is in`,
      );
    }
    this.root = root;
  }

  /**
   * Folders and regular files in a folder, by name; links, pipes, sockets and devices are left out, and names
   * that cannot be shown in a line. A folder that cannot be read has none. Throws an OutsideError.
   */
  list(path: string): ViewEntry[] {
    const entries =
      unlessRefused(() => [...Deno.readDirSync(this.#locate(path, "folder").location)]) ?? [];
    return entries
      .filter(({ name, isFile, isDirectory, isSymlink }) =>
        !isSymlink && (isFile || isDirectory) && isShowable(name)
      )
      .map(({ name, isDirectory }) => ({ name, isFolder: isDirectory }))
      .sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /**
   * Size, rights and time of the last change of each of a folder's files, as texts that change with them; a file's is
   * "unreadable" where it has gone. Throws an OutsideError for a folder that is none of the view's, or a name
   * that is none of its files'.
   */
  fingerprints(path: string, names: readonly string[]): string[] {
    const location = unlessRefused(() => this.#locate(path, "folder").location);
    return names.map((name) =>
      unlessRefused(() => {
        // The way to the folder is known by now: to look at it again for each file would take most of the time.
        if (location === undefined) return undefined;
        const { size, mtime, ino, mode, isFile } = Deno.lstatSync(stepInto(name, location, name));
        if (!isFile) throw outside(name, "is no file of the root's own");
        return `${size} ${mtime?.getTime()} ${ino} ${mode}`;
      }) ?? "unreadable"
    );
  }

  /**
   * What a file holds; one that has gone, or on the way to which something is exchanged meanwhile, is unreadable.
   * Throws an OutsideError for what is no regular file in the view.
   */
  read(path: string): Contents {
    return this.#open(path, contentsOf) ?? { kind: "unreadable" };
  }

  /**
   * The beginning of a file as text, whatever its bytes: what is no UTF-8 becomes U+FFFD. Undefined where it cannot be
   * read. Throws an OutsideError for what is no regular file in the view.
   */
  readLoosely(path: string, most: number): { text: string; isWhole: boolean } | undefined {
    return this.#open(path, (file, size) => ({
      text: new TextDecoder().decode(readBytes(file, 0, Math.min(size, most))),
      isWhole: size <= most,
    }));
  }

  /** What is made of an open file; undefined where it cannot be read, or is not what it was on the way there. */
  #open<T>(path: string, use: (file: number, size: number) => T): T | undefined {
    return unlessRefused(() => {
      const before = this.#locate(path, "file");
      const file = openSync(before.location, FLAGS);
      try {
        const { dev, ino, size } = fstatSync(file);
        const isSame = this.#isStill(path, before.trail) && before.trail.endsWith(`${dev}:${ino} `);
        return isSame ? use(file, size) : undefined;
      } finally {
        closeSync(file);
      }
    });
  }

  /** True where every name on the way is what it was when it had this trail. */
  #isStill(path: string, trail: string): boolean {
    try {
      return this.#locate(path, "file").trail === trail;
    } catch (error) {
      if (error instanceof OutsideError) return false;
      throw error;
    }
  }

  /**
   * The absolute path, once every name on the way is known to be a folder of its own and the last what is wanted,
   * and a trail that tells all these from others.
   */
  #locate(path: string, wanted: "folder" | "file"): { location: string; trail: string } {
    const names = path === "" ? [] : path.split("/");
    let location = this.root;
    let trail = "";
    for (const [index, name] of names.entries()) {
      location = stepInto(path, location, name);
      const last = index === names.length - 1;
      const { isDirectory, isFile, dev, ino } = Deno.lstatSync(location);
      const fits = last && wanted === "file" ? isFile : isDirectory;
      if (!fits) throw outside(path, `is no ${wanted} of the root's own`);
      trail += `${dev}:${ino} `;
    }
    if (names.length === 0 && wanted === "file") throw outside(path, "is the root itself");
    return { location, trail };
  }
}

/** The path of a name in a folder. Throws an OutsideError that speaks of `path` for one that is no plain name. */
function stepInto(path: string, folder: string, name: string): string {
  if (name === "" || name === "." || name === ".." || !isShowable(name)) {
    throw outside(path, "is no path inside the root");
  }
  return join(folder, name);
}

/** Controls, ends of lines and what changes the direction of writing; U+FFFD stands for bytes that are no UTF-8. */
const UNSHOWABLE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd\\/]/u;

/** True for a name that fits in a line and in a path, on every system. */
function isShowable(name: string): boolean {
  return !UNSHOWABLE.test(name) && name.isWellFormed();
}

function outside(path: string, what: string): OutsideError {
  return new OutsideError(
    `${
      JSON.stringify(path)
    } ${what}: expected names with "/" between, as listed, no links on the way`,
  );
}

/** What `look` gives; undefined where the system, or what the user allows Deno, says no, or the file has gone. */
function unlessRefused<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const isRefusal = error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.NotFound ||
      (error instanceof Error && "code" in error);
    if (isRefusal) return undefined;
    throw error;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function contentsOf(file: number, size: number): Contents {
  if (size <= WHOLE_BYTES) {
    // A file may have grown since its size was taken: what is beyond is left for another time.
    const text = decode(readBytes(file, 0, WHOLE_BYTES), "none");
    return text === undefined ? { kind: "binary" } : { kind: "text", text };
  }
  const beginning = decode(readBytes(file, 0, PART_BYTES), "end");
  const end = decode(readBytes(file, size - PART_BYTES, PART_BYTES), "beginning");
  return beginning === undefined || end === undefined
    ? { kind: "binary" }
    : { kind: "huge", beginning, end };
}

function readBytes(file: number, from: number, most: number): Uint8Array {
  const buffer = new Uint8Array(most);
  let length = 0;
  while (length < most) {
    const read = readSync(file, buffer, length, most - length, from + length);
    if (read === 0) break;
    length += read;
  }
  return buffer.subarray(0, length);
}

/** UTF-8 without NUL; else undefined. A character may be cut apart at one end. */
function decode(bytes: Uint8Array, cut: "none" | "beginning" | "end"): string | undefined {
  if (bytes.includes(0)) return undefined;
  const first = cut === "beginning" ? bytes.findIndex((byte) => (byte & 0xc0) !== 0x80) : 0;
  try {
    return new TextDecoder("utf-8", { fatal: true })
      .decode(bytes.subarray(Math.max(first, 0)), { stream: cut === "end" });
  } catch {
    return undefined;
  }
}
