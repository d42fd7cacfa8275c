/**
 * A walk through a tree: where one stands, what was listed and read, which commands there are now, and
 * what each prints and costs. No question, no reward: those are the environment's.
 *
 * **The number of commands is bounded, however big a folder is.** `ls` shows a folder page by page: at most
 * `page` names whose sum is at most `listing` bytes (one name at least), folders first; `ls` again shows the
 * next page, and after the last the first. Commands are offered for the names of the page shown last, so
 * there are at most 60 × 3 for reading and entering, one `id` for each of the latest `answers` files read
 * (15 at most), `ls`, `cd ..` and `exit`: 198, which is fewer than there are labels.
 *
 * Every name can be reached, only by more steps.
 * @module
 */
import type { Tree, TreeFile, TreeFolder } from "./tree.ts";

/** Commands that read a file. */
export type Reading = "cat" | "head" | "tail";

/** How a walk goes. */
export interface WalkSettings {
  /** Most names of a page, 1 to 60. */
  readonly page: number;
  /** Most bytes of a page's names. */
  readonly listing: number;
  /** Most bytes of what a command prints, beside its own warnings and errors. */
  readonly output: number;
  /** Which commands read files. */
  readonly reading: readonly Reading[];
  /** How many of the files read last can be identified, 1 to 15. */
  readonly answers: number;
  /** Whether a folder's first page is listed as soon as one is there. */
  readonly listed: boolean;
}

/** What can be done now. */
export type Command =
  & { readonly text: string }
  & (
    | { readonly verb: "ls" | "exit" }
    | { readonly verb: "cd"; readonly folder: TreeFolder }
    | { readonly verb: Reading | "id"; readonly file: TreeFile }
  );

/** What a command did. */
export interface Outcome {
  /** What it printed; empty for `cd`, and for `ls`, whose page is part of the situation. */
  readonly output: string;
  /** Warnings among it. A file's own words do not count. */
  readonly warnings: number;
  /** Errors among it, likewise. */
  readonly errors: number;
}

/** The page of a folder that is shown. */
export interface Page {
  /** Its number, from 0. */
  readonly number: number;
  /** How many there are. */
  readonly count: number;
  /** Folders on it. */
  readonly folders: readonly TreeFolder[];
  /** Files on it. */
  readonly files: readonly TreeFile[];
}

type Entry = TreeFolder | TreeFile;

/** One walk, from the root. */
export class Walk {
  /** Where one stands. */
  folder: TreeFolder;
  /** Files read, the latest last. */
  readonly read: TreeFile[] = [];
  readonly #shown = new Map<TreeFolder, number>();
  readonly #pages = new Map<TreeFolder, readonly (readonly Entry[])[]>();

  /** `isHidden` says which files are left out of this walk; folders in which all are hidden are left out too. */
  constructor(
    readonly tree: Tree,
    readonly settings: WalkSettings,
    readonly isHidden: (file: TreeFile) => boolean = () => false,
  ) {
    this.folder = tree.top;
  }

  /** A walk that has come as far: what it does is not seen here. */
  copy(): Walk {
    const copy = new Walk(this.tree, this.settings, this.isHidden);
    copy.folder = this.folder;
    copy.read.push(...this.read);
    for (const [folder, number] of this.#shown) copy.#shown.set(folder, number);
    for (const [folder, pages] of this.#pages) copy.#pages.set(folder, pages);
    return copy;
  }

  /** The page of the current folder that was listed last; undefined where none was. */
  page(): Page | undefined {
    const number = this.#number();
    if (number === undefined) return undefined;
    const pages = this.#pagesOf(this.folder);
    const entries = pages[number] ?? [];
    return {
      number,
      count: pages.length,
      folders: entries.filter(isFolder),
      files: entries.filter((entry): entry is TreeFile => !isFolder(entry)),
    };
  }

  /**
   * What can be done, each text once. What is always there comes first, what depends on the page last: so a
   * command's place, and with it its label, changes as little as can be.
   */
  commands(): Command[] {
    const { reading, answers } = this.settings;
    const { parent } = this.folder;
    const page = this.page();
    return [
      { verb: "ls", text: "ls" },
      { verb: "exit", text: "exit" },
      ...this.read.slice(-answers).map((file) =>
        ({ verb: "id", text: `id ${file.path}`, file }) as const
      ),
      ...parent === undefined ? [] : [{ verb: "cd", text: "cd ..", folder: parent } as const],
      ...(page?.folders ?? []).map((folder) =>
        ({ verb: "cd", text: `cd ${folder.name}`, folder }) as const
      ),
      ...(page?.files ?? []).flatMap((file) =>
        reading.map((verb) => ({ verb, text: `${verb} ${file.name}`, file }))
      ),
    ];
  }

  /** Does what a command says; `id` and `exit` change nothing here. */
  take(command: Command): Outcome {
    switch (command.verb) {
      case "ls":
        return this.#list();
      case "cd":
        this.folder = command.folder;
        return quiet;
      case "id":
      case "exit":
        return quiet;
      default:
        return this.#read(command.verb, command.file);
    }
  }

  /** The current folder's page that was listed last. */
  #number(): number | undefined {
    return this.#shown.get(this.folder) ?? (this.settings.listed ? 0 : undefined);
  }

  #list(): Outcome {
    const before = this.#number();
    const { length } = this.#pagesOf(this.folder);
    this.#shown.set(this.folder, before === undefined ? 0 : (before + 1) % length);
    return before !== undefined && length === 1 ? warning("listed before") : quiet;
  }

  #read(verb: Reading, file: TreeFile): Outcome {
    const place = this.read.indexOf(file);
    if (place >= 0) this.read.splice(place, 1);
    this.read.push(file);
    if (file.kind === "binary") return error("not text");
    if (file.kind === "unreadable") return error("cannot be read");
    const text = cutBytes(file[verb], this.settings.output, verb === "tail");
    if (place >= 0) return warning("read before", text);
    if (file.kind === "huge") return warning("a huge file, in part", text);
    return text === "" ? warning("empty") : { output: text, warnings: 0, errors: 0 };
  }

  /** The pages of what is not hidden in a folder. */
  #pagesOf(folder: TreeFolder): readonly (readonly Entry[])[] {
    const known = this.#pages.get(folder);
    if (known !== undefined) return known;
    const entries: Entry[] = [
      ...folder.folders.filter((inner) => this.#shows(inner)),
      ...folder.files.filter((file) => !this.isHidden(file)),
    ];
    const pages: Entry[][] = [];
    let bytes = Infinity;
    for (const entry of entries) {
      const size = byteLength(entry.name);
      const last = pages.at(-1);
      if (
        last === undefined || last.length >= this.settings.page ||
        bytes + size > this.settings.listing
      ) {
        pages.push([entry]);
        bytes = size;
      } else {
        last.push(entry);
        bytes += size;
      }
    }
    if (pages.length === 0) pages.push([]);
    this.#pages.set(folder, pages);
    return pages;
  }

  #shows(folder: TreeFolder): boolean {
    return folder.files.some((file) => !this.isHidden(file)) ||
      folder.folders.some((inner) => this.#shows(inner));
  }
}

/** True for commands that read a file. */
export function isReading(
  command: Command,
): command is Extract<Command, { readonly verb: Reading | "id" }> {
  return "file" in command && command.verb !== "id";
}

const quiet: Outcome = { output: "", warnings: 0, errors: 0 };

function warning(what: string, text = ""): Outcome {
  return { output: `Warning: ${what}.${text === "" ? "" : ` ${text}`}`, warnings: 1, errors: 0 };
}

function error(what: string): Outcome {
  return { output: `Error: ${what}.`, warnings: 0, errors: 1 };
}

function isFolder(entry: Entry): entry is TreeFolder {
  return "files" in entry;
}

const encoder = new TextEncoder();

/** Bytes of a text in UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** As many whole characters as fit in `most` bytes of UTF-8, from the beginning or from the end. */
export function cutBytes(text: string, most: number, fromEnd = false): string {
  if (text.length * 3 <= most) return text;
  const characters = [...fromEnd ? text.slice(-2 * most) : text.slice(0, 2 * most)];
  if (fromEnd) characters.reverse();
  const kept: string[] = [];
  let bytes = 0;
  for (const character of characters) {
    bytes += byteLength(character);
    if (bytes > most) break;
    kept.push(character);
  }
  return (fromEnd ? kept.reverse() : kept).join("");
}
