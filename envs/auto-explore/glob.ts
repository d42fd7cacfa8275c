/**
 * The patterns of `.gitignore` (gitignore(5)), matched in time that grows with pattern times path, whatever
 * they are: a tree may come from anyone, and a pattern like `*a*a*a*b` must not hold up the reader.
 * @module
 */

/** Stands for any number of items: characters of a name, or folders of a path. */
const ANY = Symbol("any");
/** What one item must be. */
type One<Item> = (item: Item) => boolean;
type Pattern<Item> = readonly (One<Item> | typeof ANY)[];

/**
 * Whether a path, names parted by `/`, is what a pattern stands for; undefined for a pattern that can match
 * nothing. `?` is a character of a name, `*` any number of them, `**` as a whole name any number of folders
 * (at the end: everything inside), `[a-c]` and `[!a-c]` a character among these or not, `\` takes the next
 * one as it is.
 */
export function globOf(text: string): ((path: string) => boolean) | undefined {
  const names = namesOf([...text]);
  return names && ((path) => matches(names, path.split("/")));
}

/** The names a pattern is made of; undefined where it can match nothing. */
function namesOf(text: readonly string[]): Pattern<string> | undefined {
  const names: (One<string> | typeof ANY)[] = [];
  let name: (One<string> | typeof ANY)[] = [];
  let index = 0;
  while (index < text.length) {
    const character = text[index]!;
    if (character === "*") {
      const end = endOfStars(text, index);
      const isFolders = end > index + 1 && name.length === 0;
      if (isFolders && text[end] === "/") {
        names.push(ANY);
        index = end + 1;
        continue;
      }
      if (isFolders && end === text.length) return [...names, () => true, ANY];
      name.push(ANY);
      index = end;
    } else if (character === "/") {
      names.push(nameLike(name));
      name = [];
      index++;
    } else if (character === "[") {
      const set = setAt(text, index);
      if (set === undefined) return undefined;
      name.push(set.fits);
      index += set.length;
    } else if (character === "?") {
      name.push(() => true);
      index++;
    } else {
      const literal = character === "\\" ? text[++index] : character;
      if (literal === undefined) return undefined;
      name.push((other) => other === literal);
      index++;
    }
  }
  return [...names, nameLike(name)];
}

function endOfStars(text: readonly string[], start: number): number {
  let end = start;
  while (text[end] === "*") end++;
  return end;
}

function nameLike(pattern: Pattern<string>): One<string> {
  return (name) => matches(pattern, [...name]);
}

/** The set that begins at a `[`; undefined where it has no end, or a range that runs backwards. */
function setAt(
  text: readonly string[],
  start: number,
): { readonly fits: One<string>; readonly length: number } | undefined {
  const isNot = text[start + 1] === "!" || text[start + 1] === "^";
  const first = start + (isNot ? 2 : 1);
  // A bracket that comes first is a member.
  const end = text.indexOf("]", first + 1);
  if (end < 0) return undefined;
  const members = text.slice(first, end).join("").replace(/[\\\][^]/g, "\\$&");
  try {
    const pattern = new RegExp(`^[${isNot ? "^" : ""}${members}]$`, "u");
    return { fits: (character) => pattern.test(character), length: end + 1 - start };
  } catch {
    return undefined;
  }
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
