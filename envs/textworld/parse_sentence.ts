/**
 * Reading a sentence of a grammar: `You open the {r.name}. #examine#`.
 *
 * Pieces are plain text; `#rule#`; `{expression}`; `{expression | query}` and `{#rule# | query}`, once for each
 * match; and `[{… | …}]`, the matches as a list. A `}` that closes nothing is plain text, as are `#` and `[`
 * that begin no piece.
 * @module
 */
import { ATTRIBUTES, type Expression, type Piece, type Query } from "./grammar.ts";

/** A mistake in a sentence; where it stands is added by who reads the file. */
export class SentenceError extends Error {
  /** The class's name, for messages. */
  override readonly name = "SentenceError";
}

const PIECE = /#([^#\s](?:[^#\n]*[^#\s])?)#|\[\{([^{}]*\|[^{}]*)\}\]|\{([^{}]*)\}|\{/g;

/** Reads a sentence. A newline at its beginning is swallowed. Throws a {@linkcode SentenceError}. */
export function parseSentence(text: string): Piece[] {
  const own = text.startsWith("\n") ? text.slice(1) : text;
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of own.matchAll(PIECE)) {
    const [whole, rule, list, braces] = match;
    if (match.index > end) pieces.push({ kind: "text", text: own.slice(end, match.index) });
    end = match.index + whole.length;
    if (rule !== undefined) pieces.push({ kind: "rule", rule });
    else if (list !== undefined) pieces.push(readEach(list, true));
    else if (braces !== undefined) pieces.push(readBraces(braces));
    else throw new SentenceError(`"{" is never closed in ${JSON.stringify(text)}`);
  }
  if (end < own.length) pieces.push({ kind: "text", text: own.slice(end) });
  return pieces;
}

function readBraces(inner: string): Piece {
  return barOf(inner) < 0 ? readValue(inner) : readEach(inner, false);
}

function readEach(inner: string, list: boolean): Piece {
  const bar = barOf(inner);
  return {
    kind: "each",
    piece: readValue(inner.slice(0, bar)),
    query: parseQuery(inner.slice(bar + 1)),
    list,
  };
}

/** Index of the first `|` outside quotes; -1 where there is none. */
function barOf(text: string): number {
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    if (quote !== "") quote = char === quote ? "" : quote;
    else if (char === "'" || char === '"') quote = char;
    else if (char === "|") return i;
  }
  return -1;
}

function readValue(text: string): Piece {
  const rule = /^\s*#([^#]+)#\s*$/.exec(text)?.[1];
  return rule === undefined
    ? { kind: "value", value: parseExpression(text) }
    : { kind: "rule", rule };
}

const TOKEN = /\s*(?:('[^']*'|"[^"]*")|([A-Za-z_]\w*(?:\s*\.\s*\w+)?)|(\+))\s*/y;

/** Reads `a.name + ' of ' + b or b.id`. Throws a {@linkcode SentenceError}. */
export function parseExpression(text: string): Expression {
  const choices: Expression[] = [];
  let sum: Expression[] = [];
  let wanted = true;
  const fail = (what: string) => new SentenceError(`expected ${what} in {${text}}`);
  const close = () => {
    if (wanted) throw fail("a name or a text");
    choices.push(sum.length === 1 ? sum[0] as Expression : { kind: "sum", parts: sum });
    sum = [];
    wanted = true;
  };
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length;) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) {
      throw fail(`names, texts, "+" or "or", got ${JSON.stringify(text.slice(at))}`);
    }
    const [, quoted, name, plus] = match;
    if (plus !== undefined) {
      if (wanted) throw fail('something before "+"');
      wanted = true;
    } else if (name === "or") {
      close();
    } else {
      if (!wanted) throw fail('"+" or "or" between two parts');
      sum.push(
        quoted === undefined ? readAttribute(name as string) : {
          kind: "text",
          text: quoted.slice(1, -1),
        },
      );
      wanted = false;
    }
  }
  close();
  return choices.length === 1 ? choices[0] as Expression : { kind: "or", parts: choices };
}

function readAttribute(text: string): Expression {
  const [variable = "", attribute = "name"] = text.split(".").map((part) => part.trim());
  const known = ATTRIBUTES.find((name) => name === attribute);
  if (known !== undefined) {
    return { kind: "attribute", variable: variable.toLowerCase(), attribute: known };
  }
  throw new SentenceError(
    `an object has no "${attribute}": ${text} (valid: ${ATTRIBUTES.join(", ")})`,
  );
}

const PATTERN = /^\s*([\w-]+)\s*\(([^()]*)\)\s*$/;

/** Reads `opened(r:receptacle) & in(o:object, r:receptacle)`. Throws a {@linkcode SentenceError}. */
export function parseQuery(text: string): Query {
  return text.split("&").map((part) => {
    const match = PATTERN.exec(part);
    if (match === null) {
      throw new SentenceError(
        `expected a condition like opened(r:receptacle), got ${JSON.stringify(part.trim())}`,
      );
    }
    const [, predicate = "", inner = ""] = match;
    const variables = inner.trim() === "" ? [] : inner.split(",").map((variable) => {
      const [name = "", type] = variable.split(":").map((word) => word.trim().toLowerCase());
      return { name, type: type === "" ? undefined : type };
    });
    return { predicate: predicate.toLowerCase(), variables };
  });
}
