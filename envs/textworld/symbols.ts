/**
 * PDDL's outer form: words and parentheses, each with its place, in lower case as PDDL does not tell cases apart.
 * @module
 */

/** Where something stands in a text, both from 1. */
export interface Place {
  /** Line. */
  readonly line: number;
  /** Column, in UTF-16 units. */
  readonly column: number;
}

/** A mistake in a PDDL text or a grammar. The message begins with `name:line:column`. */
export class TextGameError extends Error {
  /** The class's name, for messages. */
  override readonly name = "TextGameError";
  /** `source` says which text it is: a path, or "domain". */
  constructor(source: string, place: Place, message: string) {
    super(`${source}:${place.line}:${place.column}: ${message}`);
  }
}

/** A word. */
export interface Word extends Place {
  /** In lower case. */
  readonly word: string;
}

/** What stands between a pair of parentheses; its place is that of the opening one. */
export interface List extends Place {
  /** In order. */
  readonly items: readonly Symbol[];
}

/** A word or a list. */
export type Symbol = Word | List;

/** True for a list. */
export function isList(symbol: Symbol | undefined): symbol is List {
  return symbol !== undefined && "items" in symbol;
}

/** How a symbol is shown in a message. */
export function show(symbol: Symbol | undefined): string {
  if (symbol === undefined) return "nothing";
  return isList(symbol) ? `(${symbol.items.map(show).join(" ")})` : `"${symbol.word}"`;
}

/** Nobody nests deeper; a text that does would overflow the stack of those who read it. */
const DEEPEST = 500;
const TOKEN = /;[^\n]*|[()]|[^\s();]+/g;

interface Open extends Place {
  readonly items: Symbol[];
}

/**
 * Reads a text that is one list. `;` begins a comment that ends with its line.
 * Throws a {@linkcode TextGameError} where parentheses do not match or something stands outside.
 */
export function readSymbols(text: string, source: string): List {
  const starts = lineStarts(text);
  const open: Open[] = [];
  let whole: List | undefined;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token.startsWith(";")) continue;
    const place = placeOf(starts, index);
    const fail = (message: string) => new TextGameError(source, place, message);
    if (whole !== undefined) throw fail(`expected nothing behind the definition, got "${token}"`);
    if (token === "(") {
      if (open.length === DEEPEST) throw fail(`more than ${DEEPEST} parentheses are open here`);
      open.push({ ...place, items: [] });
    } else if (token === ")") {
      const closed = open.pop();
      if (closed === undefined) throw fail('")" closes nothing');
      const outer = open.at(-1);
      if (outer === undefined) whole = closed;
      else outer.items.push(closed);
    } else {
      const around = open.at(-1);
      if (around === undefined) throw fail(`expected "(", got "${token}"`);
      around.items.push({ ...place, word: token.toLowerCase() });
    }
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) throw new TextGameError(source, unclosed, '"(" is never closed');
  if (whole === undefined) {
    throw new TextGameError(source, { line: 1, column: 1 }, "expected a definition, got nothing");
  }
  return whole;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) {
    starts.push(end + 1);
  }
  return starts;
}

function placeOf(starts: readonly number[], index: number): Place {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= index) low = middle;
    else high = middle;
  }
  return { line: low + 1, column: index - (starts[low] ?? 0) + 1 };
}

/** The place of a character of a text, by its index. */
export function placeAt(text: string, index: number): Place {
  return placeOf(lineStarts(text), index);
}
