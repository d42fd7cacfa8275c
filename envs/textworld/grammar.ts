/**
 * A grammar as data: rules that turn a situation into sentences, and what actions are called.
 * Not here: how it is read (`parse_grammar.ts`, `parse_sentence.ts`) and spoken (`render.ts`).
 * @module
 */

/** A fact with variables, as `opened(r:receptacle)`; `not_` before the name asks for a deleted fact. */
export interface Pattern {
  /** In lower case. */
  readonly predicate: string;
  /** Variables with the type each must have; undefined where none is written. */
  readonly variables: readonly { readonly name: string; readonly type: string | undefined }[];
}

/** Patterns that must hold together. */
export type Query = readonly Pattern[];

/** What stands in `{…}`: attributes and texts, joined by `+`, with `or` for the first that is not empty. */
export type Expression =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "attribute"; readonly variable: string; readonly attribute: Attribute }
  | { readonly kind: "sum" | "or"; readonly parts: readonly Expression[] };

/** What a sentence may say of an object. `indefinite` is always "a", `definite` always "the". */
export const ATTRIBUTES = ["name", "id", "type", "indefinite", "definite"] as const;
/** One of {@linkcode ATTRIBUTES}. */
export type Attribute = typeof ATTRIBUTES[number];

/** A part of a sentence. */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "rule"; readonly rule: string }
  | { readonly kind: "value"; readonly value: Expression }
  | {
    readonly kind: "each";
    /** Said for each match. */
    readonly piece: Piece;
    /** What is looked for. */
    readonly query: Query;
    /** True where the matches are put as a list: "a, b, and c". */
    readonly list: boolean;
  };

/** One way to say a rule. */
export interface Alternative {
  /** When it may be said; undefined: always. */
  readonly condition: Query | undefined;
  /** The sentence. */
  readonly sentence: readonly Piece[];
}

/** How an action is asked for and answered. */
export interface ActionWords {
  /** The command. */
  readonly command: readonly Piece[];
  /** The answer. */
  readonly feedback: readonly Piece[];
}

/** All words of a game. */
export interface Grammar {
  /** By name; the first alternative whose condition has a match is said. */
  readonly rules: ReadonlyMap<string, readonly Alternative[]>;
  /** By the action's name in lower case. */
  readonly actions: ReadonlyMap<string, ActionWords>;
}
