/**
 * The patterns of `.gitignore` (gitignore(5)), matched in time that grows with pattern times path, whatever
 * they are: a tree may come from anyone, and a pattern like `*a*a*a*b` must not hold up the reader.
 * @module
 */
import { setAt } from "./glob_set.ts";

/** Stands for any number of items: characters of a name, or folders of a path. */
const ANY = Symbol("any");
/** What one item must be. */
type One<Item> = (item: Item) => boolean;
type Pattern<Item> = readonly (One<Item> | typeof ANY)[];

/** A name of a path, taken apart once for many patterns. */
export interface Name {
  /** As it is. */
  readonly text: string;
  /** Its characters. */
  readonly characters: readonly string[];
}

/** The names of a path, which `/` parts: from the outermost folder to the last. */
export function namesOf(path: string): Name[] {
  return path.split("/").map((text) => ({ text, characters: [...text] }));
}

/**
 * Whether a path is what a pattern stands for; undefined for a pattern that can match nothing. `?` is a
 * character of a name, `*` any number of them, `**` as a whole name any number of folders (at the end:
 * everything inside), `[a-c]` and `[!a-c]` a character among these or not, `\` takes the next one as it is.
 * One that is of a name in any folder, and has no `/`, is asked of the path's last name alone.
 */
export function globOf(
  text: string,
  { inAnyFolder }: { readonly inAnyFolder: boolean },
): ((path: readonly Name[]) => boolean) | undefined {
  const pattern = parse([...text]);
  if (pattern === undefined) return undefined;
  const [first] = pattern;
  if (!inAnyFolder || first === undefined || first === ANY) return (path) => matches(pattern, path);
  return (path) => first(path.at(-1)!);
}

/** The names a pattern is made of; undefined where it can match nothing. */
function parse(text: readonly string[]): Pattern<Name> | undefined {
  const names: (One<Name> | typeof ANY)[] = [];
  let name: Part[] = [];
  let index = 0;
  while (index < text.length) {
    const character = text[index]!;
    // A backslash does not keep a slash from parting names.
    const isSlash = character === "/" || (character === "\\" && text[index + 1] === "/");
    if (isSlash) {
      names.push(nameLike(name));
      name = [];
      index += character === "/" ? 1 : 2;
    } else if (character === "*") {
      const end = endOfStars(text, index);
      const isFolders = end > index + 1 && name.length === 0;
      const slash = text[end] === "\\" && text[end + 1] === "/" ? end + 1 : end;
      if (isFolders && text[slash] === "/") {
        names.push(ANY);
        index = slash + 1;
        continue;
      }
      if (isFolders && end === text.length) return [...names, () => true, ANY];
      name.push(ANY);
      index = end;
    } else if (character === "[") {
      const set = setAt(text, index);
      if (set === undefined) return undefined;
      name.push(set.has);
      index += set.length;
    } else if (character === "?") {
      name.push(() => true);
      index++;
    } else {
      const literal = character === "\\" ? text[++index] : character;
      if (literal === undefined) return undefined;
      name.push(literal);
      index++;
    }
  }
  return [...names, nameLike(name)];
}

/** Part of a name: a character as it is, one of several, or any number. */
type Part = string | One<string> | typeof ANY;

function endOfStars(text: readonly string[], start: number): number {
  let end = start;
  while (text[end] === "*") end++;
  return end;
}

function nameLike(parts: readonly Part[]): One<Name> {
  if (parts.every((part) => typeof part === "string")) {
    const wanted = parts.join("");
    return ({ text }) => text === wanted;
  }
  const pattern = parts.map((part) =>
    typeof part === "string" ? (character: string) => character === part : part
  );
  const least = parts.filter((part) => part !== ANY).length;
  return ({ characters }) => characters.length >= least && matches(pattern, characters);
}

/** Whether items are what a pattern says, one by one. Only the latest of several ANY has to be tried again. */
function matches<Item>(pattern: Pattern<Item>, items: readonly Item[]): boolean {
  let [at, item] = [0, 0];
  let retry: { readonly at: number; item: number } | undefined;
  while (item < items.length) {
    const wanted = pattern[at];
    if (wanted === ANY) {
      retry = { at: ++at, item };
    } else if (wanted?.(items[item]!)) {
      at++;
      item++;
    } else if (retry !== undefined) {
      at = retry.at;
      item = ++retry.item;
    } else {
      return false;
    }
  }
  while (pattern[at] === ANY) at++;
  return at === pattern.length;
}
