/**
 * Reading the parts that domains and problems share: typed lists, atoms, conditions and effects.
 * @module
 */
import { nearest } from "../../std/nearest.ts";
import { ALWAYS, ANYTHING, type Atom, type Effect, type Formula, type Typed } from "./pddl.ts";
import { isList, type List, show, type Symbol, TextGameError, type Word } from "./symbols.ts";

/** What is known while a text is read. */
export interface Reading {
  /** Name of the text, for messages. */
  readonly source: string;
  /** Types with the type above each; undefined while they are not known yet. */
  readonly types: ReadonlyMap<string, string> | undefined;
  /** Predicates with their number of terms. */
  readonly predicates: ReadonlyMap<string, number>;
  /** What terms may name beside variables; left out where it is not known yet, as in a domain. */
  readonly objects?: ReadonlySet<string>;
}

/** An error at a symbol. */
export function fault(reading: { readonly source: string }, at: Symbol, message: string): Error {
  return new TextGameError(reading.source, at, message);
}

/** The symbol as a word. Throws a TextGameError where it is none; `what` says what was wanted. */
export function asWord(
  reading: { readonly source: string },
  symbol: Symbol | undefined,
  within: Symbol,
  what: string,
): Word {
  if (symbol !== undefined && !isList(symbol)) return symbol;
  throw fault(reading, symbol ?? within, `expected ${what}, got ${show(symbol)}`);
}

/** The symbol as a list. Throws a TextGameError where it is none; `what` says what was wanted. */
export function asList(
  reading: { readonly source: string },
  symbol: Symbol | undefined,
  within: Symbol,
  what: string,
): List {
  if (isList(symbol)) return symbol;
  throw fault(reading, symbol ?? within, `expected ${what} in parentheses, got ${show(symbol)}`);
}

/**
 * A typed list: `a b - type c - (either d e)`. Types are checked where they are known and `strict` says so;
 * nothing has a type that is not declared, as in the planner of the original, whose domain of ALFWorld has one
 * by a misplaced comma.
 */
export function readTyped(reading: Reading, items: readonly Symbol[], strict = true): Typed[] {
  const typed: Typed[] = [];
  let pending: Word[] = [];
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as Symbol;
    const word = asWord(reading, item, item, "a name");
    if (word.word !== "-") {
      pending.push(word);
      continue;
    }
    const types = readTypes(reading, items[++i], word, strict);
    typed.push(...pending.map(({ word }) => ({ name: word, types })));
    pending = [];
  }
  return [...typed, ...pending.map(({ word }) => ({ name: word, types: [ANYTHING] }))];
}

function readTypes(
  reading: Reading,
  symbol: Symbol | undefined,
  within: Symbol,
  strict: boolean,
): string[] {
  const words = isList(symbol)
    ? eitherOf(reading, symbol)
    : [asWord(reading, symbol, within, 'a type behind "-"')];
  const known = reading.types;
  for (const word of words) {
    if (!strict || known === undefined || word.word === ANYTHING || known.has(word.word)) continue;
    throw fault(reading, word, unknown("type", word.word, known.keys()));
  }
  return words.map(({ word }) => word);
}

function eitherOf(reading: Reading, list: List): Word[] {
  const head = asWord(reading, list.items[0], list, '"either" and types');
  if (head.word !== "either") {
    throw fault(reading, head, `expected "either" and types, got ${show(list)}`);
  }
  return list.items.slice(1).map((item) => asWord(reading, item, item, "a type"));
}

/** Parts that each word takes behind it, others than any number. */
const PARTS: ReadonlyMap<string, number> = new Map([
  ["not", 1],
  ["imply", 2],
  ["exists", 2],
  ["forall", 2],
  ["=", 2],
  ["when", 2],
]);

/** Throws a TextGameError where a word like `not` has more or fewer parts than it takes. */
function checkParts(reading: Reading, list: List, { word }: Word): void {
  const wanted = PARTS.get(word);
  const got = list.items.length - 1;
  if (wanted === undefined || wanted === got) return;
  throw fault(
    reading,
    list,
    `expected ${wanted} ${wanted === 1 ? "part" : "parts"} behind "${word}", got ${got}: ${
      show(list)
    }`,
  );
}

function unknown(noun: string, word: string, known: Iterable<string>): string {
  const close = nearest(word, known);
  return `no ${noun} is named "${word}"${close === undefined ? "" : `; did you mean "${close}"?`}`;
}

/** An atom: `(on ?a table)`. Throws a TextGameError for an unknown predicate or a wrong number of terms. */
export function readAtom(reading: Reading, list: List): Atom {
  const head = asWord(reading, list.items[0], list, "a predicate");
  const terms = list.items.slice(1).map((item) =>
    asWord(reading, item, item, "an object or variable").word
  );
  const arity = reading.predicates.get(head.word);
  if (arity === undefined) {
    throw fault(reading, head, unknown("predicate", head.word, reading.predicates.keys()));
  }
  if (arity !== terms.length) {
    throw fault(
      reading,
      head,
      `predicate "${head.word}" takes ${arity} terms, got ${terms.length}: ${show(list)}`,
    );
  }
  return { predicate: head.word, terms };
}

/** A condition. Throws a TextGameError for what is none, and for variables that are not in `bound`. */
export function readFormula(
  reading: Reading,
  symbol: Symbol | undefined,
  within: Symbol,
  bound: ReadonlySet<string>,
): Formula {
  const list = asList(reading, symbol, within, "a condition");
  if (list.items.length === 0) return ALWAYS;
  const head = asWord(reading, list.items[0], list, "a predicate or and, or, not, exists");
  checkParts(reading, list, head);
  const rest = list.items.slice(1);
  const part = (index: number, variables = bound) =>
    readFormula(reading, rest[index], list, variables);
  switch (head.word) {
    case "and":
    case "or":
      return { kind: head.word, parts: rest.map((_, index) => part(index)) };
    case "not":
      return { kind: "not", part: part(0) };
    case "imply":
      return { kind: "or", parts: [{ kind: "not", part: part(0) }, part(1)] };
    case "exists":
    case "forall": {
      const variables = readTyped(
        reading,
        asList(reading, rest[0], list, "variables").items,
        false,
      );
      const inner = part(1, new Set([...bound, ...variables.map(({ name }) => name)]));
      if (head.word === "exists") return { kind: "exists", variables, part: inner };
      return {
        kind: "not",
        part: { kind: "exists", variables, part: { kind: "not", part: inner } },
      };
    }
    case "=": {
      const [left, right] = [0, 1].map((i) =>
        asWord(reading, rest[i], list, "an object or variable")
      ) as [Word, Word];
      checkTerms(reading, list, [left.word, right.word], bound);
      return { kind: "equal", left: left.word, right: right.word };
    }
    default: {
      const atom = readAtom(reading, list);
      checkTerms(reading, list, atom.terms, bound);
      return { kind: "atom", atom };
    }
  }
}

/** Throws a TextGameError for a variable that is not in `bound`, and for an object that is not known. */
export function checkTerms(
  reading: Reading,
  list: List,
  terms: readonly string[],
  bound: ReadonlySet<string>,
): void {
  for (const term of terms) {
    const isVariable = term.startsWith("?");
    if (isVariable ? bound.has(term) : reading.objects?.has(term) ?? true) continue;
    throw fault(
      reading,
      list,
      isVariable
        ? `variable ${term} is not declared here (known: ${[...bound].join(", ") || "none"})`
        : `no object is named "${term}": ${show(list)}`,
    );
  }
}

/** The changes of an action. `increase` and its like are ignored: only facts count. */
export function readEffects(
  reading: Reading,
  symbol: Symbol | undefined,
  within: Symbol,
  bound: ReadonlySet<string>,
): Effect[] {
  const list = asList(reading, symbol, within, "an effect");
  if (list.items.length === 0) return [];
  const head = asWord(reading, list.items[0], list, "an effect");
  checkParts(reading, list, head);
  const rest = list.items.slice(1);
  const inner = (item: Symbol | undefined, variables = bound) =>
    readEffects(reading, item, list, variables);
  switch (head.word) {
    case "and":
      return rest.flatMap((item) => inner(item));
    case "increase":
    case "decrease":
    case "assign":
      return [];
    case "not": {
      const effects = inner(rest[0]);
      return effects.map((effect) => ({ ...effect, adds: !effect.adds }));
    }
    case "when": {
      const condition = readFormula(reading, rest[0], list, bound);
      return inner(rest[1]).map((effect) => ({
        ...effect,
        condition: { kind: "and", parts: [condition, effect.condition] },
      }));
    }
    case "forall": {
      const variables = readTyped(reading, asList(reading, rest[0], list, "variables").items);
      const names = new Set([...bound, ...variables.map(({ name }) => name)]);
      return inner(rest[1], names).map((effect) => ({
        ...effect,
        variables: [...variables, ...effect.variables],
      }));
    }
    default: {
      const atom = readAtom(reading, list);
      checkTerms(reading, list, atom.terms, bound);
      return [{ variables: [], condition: ALWAYS, atom, adds: true }];
    }
  }
}
