/**
 * Sets of characters in patterns of `.gitignore`: `[abc]`, `[a-z]`, `[!a]`, `[[:digit:]]`, `[\]]`.
 * @module
 */

/** What `[:NAME:]` stands for in a set. */
const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /^[\p{L}\p{N}]$/u,
  alpha: /^\p{L}$/u,
  blank: /^[ \t]$/,
  cntrl: /^\p{Cc}$/u,
  digit: /^\d$/,
  graph: /^[^\p{Z}\p{C}]$/u,
  lower: /^\p{Ll}$/u,
  print: /^[^\p{C}]$/u,
  punct: /^[\p{P}\p{S}]$/u,
  space: /^\s$/,
  upper: /^\p{Lu}$/u,
  xdigit: /^[\da-fA-F]$/,
};

/** Whether a character is one of several. */
export type Has = (character: string) => boolean;

/** Part of a pattern. */
export interface Found {
  /** Which characters are meant. */
  readonly has: Has;
  /** Characters of the pattern it takes. */
  readonly length: number;
}

/**
 * The set that begins at a `[`; undefined where it has no end, or a class that there is not. A range that
 * runs backwards has its first character alone.
 */
export function setAt(text: readonly string[], start: number): Found | undefined {
  const isNot = text[start + 1] === "!" || text[start + 1] === "^";
  const first = start + (isNot ? 2 : 1);
  const members: Has[] = [];
  let index = first;
  // A bracket that comes first is a member.
  while (index === first || text[index] !== "]") {
    const member = memberAt(text, index);
    if (member === undefined) return undefined;
    members.push(member.has);
    index += member.length;
  }
  return {
    has: (character) => members.some((has) => has(character)) !== isNot,
    length: index + 1 - start,
  };
}

/** A class, a range or a character. */
function memberAt(text: readonly string[], start: number): Found | undefined {
  if (text[start] === "[" && text[start + 1] === ":") return classAt(text, start);
  const low = characterAt(text, start);
  if (low === undefined) return undefined;
  const dash = start + low.length;
  const isRange = text[dash] === "-" && text[dash + 1] !== "]";
  const high = isRange ? characterAt(text, dash + 1) : undefined;
  if (high === undefined) {
    return { has: (character) => character === low.text, length: low.length };
  }
  const [least, most] = [low.text.codePointAt(0)!, high.text.codePointAt(0)!];
  const has = (character: string) => {
    const code = character.codePointAt(0)!;
    return code === least || (code > least && code <= most);
  };
  return { has, length: low.length + 1 + high.length };
}

/** A character, or the one behind a backslash. */
function characterAt(text: readonly string[], start: number) {
  const isEscaped = text[start] === "\\";
  const character = text[isEscaped ? start + 1 : start];
  return character === undefined ? undefined : { text: character, length: isEscaped ? 2 : 1 };
}

function classAt(text: readonly string[], start: number): Found | undefined {
  const longest = Math.max(...Object.keys(CLASSES).map((name) => name.length));
  const written = text.slice(start + 2, start + longest + 4).join("");
  const name = /^([a-z]+):\]/.exec(written)?.[1] ?? "";
  const pattern = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
  if (pattern === undefined) return undefined;
  return { has: (character) => pattern.test(character), length: name.length + 4 };
}
