/**
 * What comments say: what a source file is about, and what the things in it do.
 *
 * Of each the first sentence is taken, up to 1,000 characters of it. Notices of whose a file is and where it
 * runs are passed over. Everything here takes time in proportion to the text, whatever is in it.
 * @module
 */

/** How a language writes the comment that describes a definition. */
export interface CommentStyle {
  /** `block`: `/** … *\/` anywhere; `below`: a quoted text under the definition; `above`: lines over it. */
  readonly place: "block" | "below" | "above";
  /** Matches a line of the comment, the marker of which it takes; for `above`. */
  readonly line?: RegExp;
}

/** What says whose a file is and where it runs, not what it is about. */
const NOTICE = /copyright|licen[cs]e|browser.compatible/i;
/** Lines of a signature, or of a quoted text, after which it is taken for none. */
const MOST_LINES = 30;
/** Fewer characters say nothing that one could look for. */
const LEAST_SENTENCE = 10;

/** The first sentence of the comment or docstring a source file begins with, notices left out. */
export function aboutOf(text: string): string | undefined {
  let start = text.replace(/^#!.*\n/, "").trimStart();
  let comment = commentAt(start);
  // A licence is a comment of its own before the one that describes the file.
  while (comment !== undefined && isNotice(comment.words)) {
    start = start.slice(comment.length).trimStart();
    comment = commentAt(start);
  }
  return sentenceOf(comment?.words ?? "");
}

/**
 * The first sentences of the comments that describe what is in a file, in order. `isDefinition` says whether a
 * line begins a definition.
 */
export function docstringsOf(
  text: string,
  { place, line: pattern }: CommentStyle,
  isDefinition: (line: string) => boolean,
): string[] {
  if (place === "block") {
    return blocksOf(text).flatMap((words) => isNotice(words) ? [] : sentenceOf(words) ?? []);
  }
  const lines = text.split("\n");
  if (place === "below") {
    return lines.flatMap((line, at) =>
      isDefinition(line) ? sentenceOf(quotedBelow(lines, at) ?? "") ?? [] : []
    );
  }
  let above: string[] = [];
  return lines.flatMap((line) => {
    const words = pattern?.exec(line)?.[1];
    if (words !== undefined) {
      above.push(words);
      return [];
    }
    const said = isDefinition(line) ? sentenceOf(above.join("\n")) : undefined;
    // An attribute may stand between a comment and what it describes.
    if (!/^\s*#\[/.test(line)) above = [];
    return said ?? [];
  });
}

/** The first sentence, without links, code marks and its full stop; undefined where it says too little. */
function sentenceOf(words: string): string | undefined {
  const sentence = /^[\s\S]{0,999}?[.:!](?=\s|$)/.exec(words.trim())?.[0] ?? "";
  const said = sentence.replace(/\{@link\w* ([^{}|]*)(?:\|[^{}]*)?\}/g, "$1")
    .replaceAll("`", "").replace(/\s+/g, " ").replace(/[.:!]$/, "");
  return said.length >= LEAST_SENTENCE ? said : undefined;
}

/** True where the first line says nothing of what a file, or what is in it, does. */
function isNotice(words: string): boolean {
  const [first = ""] = words.trim().split("\n", 1);
  return first === "" || NOTICE.test(first);
}

/** The comment or docstring a text begins with: its words and its length. */
function commentAt(text: string): { readonly words: string; readonly length: number } | undefined {
  const block = /^\/\*\*?([\s\S]*?)\*\//.exec(text);
  if (block !== null) return { words: withoutStars(block[1]!), length: block[0].length };
  const quoted = /^[rub]?("""|''')([\s\S]*?)\1/i.exec(text);
  if (quoted !== null) return { words: quoted[2]!, length: quoted[0].length };
  const lines = /^(?:(?:\/\/|#).*\n)+/.exec(text)?.[0];
  if (lines === undefined) return undefined;
  const words = lines.replace(/^(?:\/\/+!?|#+) ?/gm, "").split("\n");
  return {
    words: words.filter((line) => !NOTICE.test(line)).join("\n"),
    length: lines.length,
  };
}

/** Words of the comments between slashes and two stars. */
function blocksOf(text: string): string[] {
  const blocks: string[] = [];
  for (let start = text.indexOf("/**"); start >= 0;) {
    const end = text.indexOf("*/", start + 3);
    if (end < 0) break;
    blocks.push(withoutStars(text.slice(start + 3, end)));
    start = text.indexOf("/**", end + 2);
  }
  return blocks;
}

function withoutStars(words: string): string {
  return words.replace(/^[^\S\n]*\*/gm, "");
}

/** The quoted text under the definition that begins in a line: after its signature, before anything else. */
function quotedBelow(lines: readonly string[], at: number): string | undefined {
  const until = Math.min(at + MOST_LINES, lines.length);
  let line = at;
  while (line < until && !/:\s*(?:#.*)?$/.test(lines[line]!)) line++;
  const first = /^\s*[rub]?("""|''')(.*)$/i.exec(lines[line + 1] ?? "");
  if (first === null) return undefined;
  const [, mark = "", rest = ""] = first;
  const words = [rest, ...lines.slice(line + 2, line + MOST_LINES)].join("\n");
  const end = words.indexOf(mark);
  return end < 0 ? undefined : words.slice(0, end);
}
