/**
 * Speaking: a rule or sentence of a grammar, said of a situation.
 *
 * Matches of a query are found pattern by pattern, facts in the order of their objects' ids. Different variables
 * of a query stand for different objects. A predicate that the domain does not have never matches.
 * @module
 */
import type { Facts } from "./facts.ts";
import type { Expression, Grammar, Pattern, Piece, Query } from "./grammar.ts";
import { type Bits, hasBit, type State } from "./state.ts";
import type { Statics } from "./statics.ts";

/** The objects that stand for variables; names without `?`. */
export type Speaking = ReadonlyMap<string, string>;

const NOT = "not_";
/** Rules that call each other deeper than this never end. */
const DEEPEST = 50;
const LIST_WORDS = { list_empty: "nothing", list_separator: ", ", list_last_separator: ", and " };

interface Row {
  readonly id: number;
  readonly objects: readonly string[];
}

/** Speaks of one game. */
export class Speaker {
  readonly #grammar: Grammar;
  readonly #statics: Statics;
  readonly #names: ReadonlyMap<string, string>;
  readonly #rows = new Map<string, Row[]>();

  /** `names` are what objects are called; one without a name is called by nothing. */
  constructor(
    grammar: Grammar,
    statics: Statics,
    facts: Facts,
    names: ReadonlyMap<string, string>,
  ) {
    this.#grammar = grammar;
    this.#statics = statics;
    this.#names = names;
    for (let id = 0; id < facts.count; id++) {
      const { predicate, objects } = facts.get(id);
      const rows = this.#rows.get(predicate);
      if (rows === undefined) this.#rows.set(predicate, [{ id, objects }]);
      else rows.push({ id, objects });
    }
    for (const rows of this.#rows.values()) rows.sort(byObjects);
  }

  /** Says a rule. Throws an Error where there is none of that name, and where none of its alternatives fits. */
  rule(name: string, state: State, speaking: Speaking, depth = 0): string {
    const alternatives = this.#grammar.rules.get(name);
    if (alternatives === undefined) throw new Error(`the grammar has no rule "${name}"`);
    if (depth > DEEPEST) throw new Error(`rule "${name}" of the grammar calls itself without end`);
    const fitting = alternatives.find(({ condition }) =>
      condition === undefined || this.#matches(condition, state, speaking, 1).length > 0
    );
    if (fitting !== undefined) return this.sentence(fitting.sentence, state, speaking, depth + 1);
    throw new Error(`no alternative of rule "${name}" fits; give it a last one without condition`);
  }

  /** True where the grammar has a rule of that name. */
  hasRule(name: string): boolean {
    return this.#grammar.rules.has(name);
  }

  /** Says a sentence. */
  sentence(pieces: readonly Piece[], state: State, speaking: Speaking, depth = 0): string {
    return pieces.map((piece) => this.#piece(piece, state, speaking, depth)).join("");
  }

  #piece(piece: Piece, state: State, speaking: Speaking, depth: number): string {
    switch (piece.kind) {
      case "text":
        return piece.text;
      case "rule":
        return this.rule(piece.rule, state, speaking, depth);
      case "value":
        return this.#value(piece.value, speaking);
      case "each": {
        const said = this.#matches(piece.query, state, speaking).map((match) =>
          this.#piece(piece.piece, state, match, depth)
        );
        return piece.list ? this.#list(said, state, depth) : said.join("");
      }
    }
  }

  #list(items: readonly string[], state: State, depth: number): string {
    const words = (name: keyof typeof LIST_WORDS) =>
      this.hasRule(name) ? this.rule(name, state, new Map(), depth) : LIST_WORDS[name];
    const last = items.at(-1);
    if (last === undefined) return words("list_empty");
    if (items.length === 1) return last;
    return items.slice(0, -1).join(words("list_separator")) + words("list_last_separator") + last;
  }

  #value(value: Expression, speaking: Speaking): string {
    switch (value.kind) {
      case "text":
        return value.text;
      case "sum":
        return value.parts.map((part) => this.#value(part, speaking)).join("");
      case "or":
        return value.parts.map((part) => this.#value(part, speaking)).find((text) => text !== "") ??
          "";
      case "attribute": {
        const id = speaking.get(value.variable);
        if (id === undefined) {
          throw new Error(
            `the grammar speaks of "${value.variable}", which stands for nothing here (known: ${
              [...speaking.keys()].join(", ") || "none"
            })`,
          );
        }
        switch (value.attribute) {
          case "name":
            return this.#names.get(id) ?? "";
          case "id":
            return id;
          case "type":
            return this.#statics.typesOf(id)[0] ?? "";
          case "indefinite":
            return "a";
          case "definite":
            return "the";
        }
      }
    }
  }

  /** Ways to make a query true, at most `most`, each with all that was bound before. */
  #matches(query: Query, state: State, speaking: Speaking, most = Infinity): Speaking[] {
    const own = query.flatMap(({ variables }) => variables.map(({ name }) => name));
    const found: Speaking[] = [];
    const extend = (index: number, bound: Map<string, string>): void => {
      const pattern = query[index];
      if (pattern === undefined) {
        found.push(bound);
        return;
      }
      const { rows, bits } = this.#source(pattern, state);
      for (const { id, objects } of rows) {
        if (!hasBit(bits, id)) continue;
        const next = this.#unify(pattern, objects, bound, own);
        if (next !== undefined) extend(index + 1, next);
        if (found.length >= most) return;
      }
    };
    extend(0, new Map(speaking));
    return found;
  }

  #source({ predicate }: Pattern, state: State): { rows: readonly Row[]; bits: Bits } {
    const rows = this.#rows.get(predicate);
    if (rows !== undefined || !predicate.startsWith(NOT)) {
      return { rows: rows ?? [], bits: state.facts };
    }
    return { rows: this.#rows.get(predicate.slice(NOT.length)) ?? [], bits: state.deleted };
  }

  #unify(
    { variables }: Pattern,
    objects: readonly string[],
    bound: Map<string, string>,
    own: readonly string[],
  ): Map<string, string> | undefined {
    if (variables.length !== objects.length) return undefined;
    const next = new Map(bound);
    for (const [i, { name, type }] of variables.entries()) {
      const object = objects[i] as string;
      const before = next.get(name);
      if (before !== undefined) {
        if (before !== object) return undefined;
        continue;
      }
      if (type !== undefined && !this.#statics.hasType(object, [type])) return undefined;
      if (own.some((other) => other !== name && next.get(other) === object)) return undefined;
      next.set(name, object);
    }
    return next;
  }
}

function byObjects(a: Row, b: Row): number {
  for (const [i, object] of a.objects.entries()) {
    const other = b.objects[i] as string;
    if (object !== other) return object < other ? -1 : 1;
  }
  return 0;
}
