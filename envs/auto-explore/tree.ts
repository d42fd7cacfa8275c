/**
 * A tree of files as it is at one time: what is shown of it, and of each file the text that outputs can
 * show and the facts questions are made of. Texts themselves are not kept.
 *
 * Reading happens here, once for a tree; episodes are played on what was read, so they do not change with
 * the disk. Trees are remembered by folder until a file's size or time of change says that it is another.
 * @module
 */
import { createHash } from "node:crypto";
import { type Fact, factsOf, nameKey } from "./facts.ts";
import { definitionsOf, mayDefine } from "./definitions.ts";
import { IgnoreRules } from "./ignore.ts";
import { type Contents, OutsideError, ReadOnlyView } from "./view.ts";

/** Most files a tree may show: more are a mistake in the choice of the folder. */
export const MOST_FILES = 20_000;
/** Most bytes an output can have, so that much is kept of either end of a file. */
export const MOST_OUTPUT = 4000;
/** Largest `.gitignore`, in bytes. */
const RULES_BYTES = 4 * 1024 * 1024;
/** Of a file that is not read whole, what it may define is looked for in as much of its beginning, in bytes. */
const LOOSE_BYTES = 1024 * 1024;
/** And in as many such files of a tree. */
const LOOSE_FILES = 32;
/** Lines that `head` and `tail` show. */
const LINES = 10;

/** A file that is shown. */
export interface TreeFile {
  /** Path from the root, with `/` between names. */
  readonly path: string;
  /** Its own name. */
  readonly name: string;
  /** 1 for a file in the root itself. */
  readonly depth: number;
  /** The folder it is in. */
  readonly folder: TreeFolder;
  /** Place among the tree's files, from 0. */
  readonly index: number;
  /** What can be shown of it; see `view.ts`. */
  readonly kind: "text" | "huge" | "binary" | "unreadable";
  /** What `cat` shows, white space narrowed to single spaces, at most {@linkcode MOST_OUTPUT} characters. */
  readonly cat: string;
  /** What `head` shows, likewise. */
  readonly head: string;
  /** What `tail` shows, likewise. */
  readonly tail: string;
  /** What it says; none where it is not read whole. */
  readonly facts: readonly Fact[];
  /** Names that other files' facts have and that it may define, too: who asks for one may mean this file. */
  readonly definitions: ReadonlySet<string>;
}

/** A folder that is shown: one with a file in it or below. */
export interface TreeFolder {
  /** Path from the root; `""` for the root. */
  readonly path: string;
  /** Its own name; `""` for the root. */
  readonly name: string;
  /** Undefined for the root. */
  readonly parent: TreeFolder | undefined;
  /** Folders in it, by name. */
  readonly folders: readonly TreeFolder[];
  /** Files in it, by name. */
  readonly files: readonly TreeFile[];
}

/** A whole tree. */
export interface Tree {
  /** Real path of the root. */
  readonly root: string;
  /** The root. */
  readonly top: TreeFolder;
  /** Every file, a folder's own before those below. */
  readonly files: readonly TreeFile[];
}

const remembered = new Map<string, { readonly fingerprint: string; readonly tree: Tree }>();

/** Reads a tree. Throws an Error where the root is no folder, shows nothing, or more than {@linkcode MOST_FILES} files. */
export function readTree(root: string): Tree {
  const view = new ReadOnlyView(root);
  const shown = walk(view, "", new IgnoreRules());
  const paths = filesBelow(shown);
  if (paths.length === 0) {
    throw new Error(
      `root: expected a folder with files to explore, got ${view.root}, of which nothing is shown; ` +
        `hidden and ignored files do not count, nor what is beside a .gitignore that cannot be read`,
    );
  }
  if (paths.length > MOST_FILES) {
    throw new Error(
      `root: expected at most ${MOST_FILES} files, got ${paths.length} below ${view.root}; ` +
        `give a folder further in, or leave files out with a .gitignore`,
    );
  }
  const fingerprint = fingerprintsBelow(view, shown).join("\n");
  const known = remembered.get(view.root);
  if (known?.fingerprint === fingerprint) return known.tree;
  const files: Draft[] = [];
  const top = build({ view, files, loose: LOOSE_FILES }, shown, undefined);
  const tree = { root: view.root, top, files };
  keepAsked(files);
  remembered.set(view.root, { fingerprint, tree });
  return tree;
}

/** SHA-256 of all that an episode can depend on: the same wherever the tree lies. */
export function hashTree({ files }: Tree): string {
  const hash = createHash("sha256");
  for (const { path, kind, cat, head, tail, facts, definitions } of files) {
    hash.update(`${JSON.stringify([path, kind, cat, head, tail, facts, [...definitions]])}\n`);
  }
  return hash.digest("hex");
}

interface Shown {
  readonly path: string;
  readonly files: string[];
  readonly folders: Shown[];
}

/** What the rules show of a folder; folders in which they show nothing are left out. */
function walk(view: ReadOnlyView, path: string, above: IgnoreRules): Shown {
  const entries = unlessExchanged(() => view.list(path), []);
  const below = (name: string) => path === "" ? name : `${path}/${name}`;
  const shown: Shown = { path, files: [], folders: [] };
  const hasRules = entries.some(({ name, isFolder }) => name === ".gitignore" && !isFolder);
  const own = hasRules ? rulesIn(view, below(".gitignore")) : "";
  // Who cannot tell what is to be left out shows nothing.
  if (own === undefined) return shown;
  const rules = above.within(path, own);
  for (const { name, isFolder } of entries) {
    if (rules.leavesOut(below(name), isFolder)) continue;
    if (!isFolder) {
      shown.files.push(below(name));
      continue;
    }
    const folder = walk(view, below(name), rules);
    if (folder.files.length > 0 || folder.folders.length > 0) shown.folders.push(folder);
  }
  return shown;
}

/** The text of a `.gitignore`, of which Git reads bytes; undefined where it cannot be read whole. */
function rulesIn(view: ReadOnlyView, path: string): string | undefined {
  const rules = unlessExchanged(() => view.readLoosely(path, RULES_BYTES), undefined);
  return rules?.isWhole ? rules.text : undefined;
}

/** What a look gives; `otherwise` where what was listed is something else by now. */
function unlessExchanged<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch (error) {
    if (error instanceof OutsideError) return otherwise;
    throw error;
  }
}

function filesBelow({ files, folders }: Shown): string[] {
  return [...files, ...folders.flatMap(filesBelow)];
}

/** Paths of all files, each with what changes when it does. */
function fingerprintsBelow(view: ReadOnlyView, { path, files, folders }: Shown): string[] {
  const names = files.map(nameOf);
  const own = unlessExchanged(() => view.fingerprints(path, names), undefined) ??
    names.map((name) => unlessExchanged(() => view.fingerprints(path, [name])[0], "unreadable"));
  return [
    ...files.map((file, index) => `${file} ${own[index]}`),
    ...folders.flatMap((folder) => fingerprintsBelow(view, folder)),
  ];
}

type Draft = TreeFile & { readonly definitions: Set<string> };

/** Of all that may be defined, only what somebody asks for is worth remembering. */
function keepAsked(files: readonly Draft[]): void {
  const asked = new Set(files.flatMap(({ facts }) => facts.map(({ name }) => nameKey(name))));
  for (const { definitions } of files) {
    for (const name of definitions) if (!asked.has(nameKey(name))) definitions.delete(name);
  }
}

/** A tree that is being read. */
interface ReadingTree {
  readonly view: ReadOnlyView;
  /** Those read so far. */
  readonly files: Draft[];
  /** How many more are looked into that are not read whole. */
  loose: number;
}

function build(
  reading: ReadingTree,
  shown: Shown,
  parent: TreeFolder | undefined,
): TreeFolder {
  const files: TreeFile[] = [];
  const folders: TreeFolder[] = [];
  const folder: TreeFolder = { path: shown.path, name: nameOf(shown.path), parent, folders, files };
  for (const path of shown.files) {
    const file = readFile(reading, path, folder);
    files.push(file);
    reading.files.push(file);
  }
  for (const inner of shown.folders) folders.push(build(reading, inner, folder));
  return folder;
}

function readFile(reading: ReadingTree, path: string, folder: TreeFolder): Draft {
  const name = nameOf(path);
  const contents = unlessExchanged<Contents>(() => reading.view.read(path), { kind: "unreadable" });
  const { kind } = contents;
  const definitions = definitionsOf(
    name,
    kind === "text" ? contents.text : looseText(reading, path, kind),
  );
  const depth = path.split("/").length;
  const about = { path, name, depth, folder, index: reading.files.length, kind, definitions };
  if (kind === "text") {
    const { text } = contents;
    return { ...about, ...partsOf(text, text), facts: factsOf(name, text) };
  }
  const { beginning, end } = kind === "huge" ? contents : { beginning: "", end: "" };
  return { ...about, ...partsOf(beginning, end), facts: [] };
}

/** What there may be to read in a source that is not read whole, or is no UTF-8. */
function looseText(reading: ReadingTree, path: string, kind: TreeFile["kind"]): string {
  if (kind === "unreadable" || !mayDefine(path) || reading.loose === 0) return "";
  reading.loose--;
  const read = unlessExchanged(() => reading.view.readLoosely(path, LOOSE_BYTES), undefined);
  return read === undefined || read.text.includes("\0") ? "" : read.text;
}

function partsOf(beginning: string, end: string) {
  const lines = (text: string) => text.trimEnd().split("\n");
  return {
    cat: narrow(beginning.slice(0, 4 * MOST_OUTPUT)).slice(0, MOST_OUTPUT),
    head: narrow(lines(beginning).slice(0, LINES).join("\n")).slice(0, MOST_OUTPUT),
    tail: narrow(lines(end).slice(-LINES).join("\n")).slice(-MOST_OUTPUT),
  };
}

/** White space narrowed to single spaces, control characters gone: an output is a line of a prompt. */
function narrow(text: string): string {
  return text.replace(/[\s\p{Cc}\ufeff]+/gu, " ").trim();
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
