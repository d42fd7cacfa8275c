/**
 * YAML text → the parser's document, or what is wrong with the text: the first errors, so that a
 * file that is nothing but errors is not read to its end.
 * @module
 */
import process from "node:process";
import { Composer, type CST, type Document, Parser } from "yaml";

/** Errors of one text that are told; nobody reads more of them at once. */
const MAX_PROBLEMS = 50;

/** Something that is wrong with a text. */
export interface YamlProblem {
  /** Where, in UTF-16 units. */
  readonly offset: number;
  /** The parser's word for it. */
  readonly code: string;
  /** What it is. */
  readonly message: string;
}

/** A text's first document, and what is wrong with the text. */
export interface Parsed {
  /** Undefined where reading stopped early. */
  readonly document: Document.Parsed | undefined;
  /** The first errors, in the parser's order. */
  readonly problems: readonly YamlProblem[];
}

/** Reads a text. */
export function parseDocument(text: string): Parsed {
  const { env } = process;
  // The parser asks the environment at every token whether to trace it, a quarter of its time.
  process.env = {};
  try {
    return compose(text);
  } finally {
    process.env = env;
  }
}

function compose(text: string): Parsed {
  const told: YamlProblem[] = [];
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false });
  stopEarly(composer, told);
  let document: Document.Parsed | undefined;
  let second: YamlProblem | undefined;
  try {
    for (const found of composer.compose(tokens(text), true, text.length)) {
      if (document !== undefined) {
        const message = "a workflow file holds one document, and here a second one begins";
        second = { offset: found.range[0], code: "MULTIPLE_DOCS", message };
        break;
      }
      document = found;
    }
  } catch (error) {
    if (!(error instanceof EnoughError)) throw error;
    return { document: undefined, problems: told };
  }
  const own = [...document?.errors ?? [], ...document?.warnings ?? []]
    .map(({ pos, code, message }) => ({ offset: pos[0], code, message }));
  return { document, problems: second === undefined ? own : [...own, second] };
}

/** Thrown to stop the parser. */
class EnoughError extends Error {}

/** The text's tokens, up to one wrong token too many. */
function* tokens(text: string): Generator<CST.Token> {
  let wrong = 0;
  for (const token of new Parser().parse(text)) {
    if (token.type === "error" && ++wrong > MAX_PROBLEMS) return;
    yield token;
  }
}

/**
 * Makes the composer throw once it has reported enough. Its own callback is the one place that sees
 * each error as it is found; without it all is the same but later.
 */
function stopEarly(composer: Composer, told: YamlProblem[]): void {
  const report: unknown = Reflect.get(composer, "onError");
  if (typeof report !== "function") return;
  Reflect.set(composer, "onError", (...given: [ErrorSource, string, string, boolean?]) => {
    // What is thrown here the composer reports here again, on each level.
    if (told.length >= MAX_PROBLEMS) throw new EnoughError();
    const [source, code, message] = given;
    told.push({ offset: offsetOf(source), code, message });
    Reflect.apply(report, composer, given);
  });
}

/** What the composer says of an error's place. */
type ErrorSource = number | readonly [number, number] | { readonly offset: number };

function offsetOf(source: ErrorSource): number {
  if (typeof source === "number") return source;
  return "offset" in source ? source.offset : source[0];
}
