/**
 * What a PDDL domain and problem say, as data. Names are in lower case; a variable begins with `?`.
 * Not here: how they are read (`parse_*.ts`) and what follows from them (`ground.ts`).
 * @module
 */

/** A name with its types; several where PDDL says `either`. */
export interface Typed {
  /** An object, or a variable that begins with `?`. */
  readonly name: string;
  /** Types; `object` where none is written. */
  readonly types: readonly string[];
}

/** A predicate applied to objects and variables. */
export interface Atom {
  /** The predicate. */
  readonly predicate: string;
  /** Objects and variables. */
  readonly terms: readonly string[];
}

/** A condition. What PDDL calls `imply` and `forall` is written with these. */
export type Formula =
  | { readonly kind: "atom"; readonly atom: Atom }
  | { readonly kind: "equal"; readonly left: string; readonly right: string }
  | { readonly kind: "not"; readonly part: Formula }
  | { readonly kind: "and" | "or"; readonly parts: readonly Formula[] }
  | { readonly kind: "exists"; readonly variables: readonly Typed[]; readonly part: Formula };

/** The condition that always holds. */
export const ALWAYS: Formula = { kind: "and", parts: [] };

/** One change an action makes. */
export interface Effect {
  /** For every binding of these. */
  readonly variables: readonly Typed[];
  /** Where this holds before the action. */
  readonly condition: Formula;
  /** The fact. */
  readonly atom: Atom;
  /** True where it comes to hold, false where it ceases to. */
  readonly adds: boolean;
}

/** An action with variables. */
export interface Action {
  /** In lower case. */
  readonly name: string;
  /** Its variables. */
  readonly parameters: readonly Typed[];
  /** When it is possible. */
  readonly precondition: Formula;
  /** What it changes. */
  readonly effects: readonly Effect[];
}

/** A domain: what can be said and done. */
export interface Domain {
  /** Its name. */
  readonly name: string;
  /** Types, each with the type above it; `object` is above all. */
  readonly types: ReadonlyMap<string, string>;
  /** Objects that are in every problem. */
  readonly constants: readonly Typed[];
  /** Predicates with their number of terms. */
  readonly predicates: ReadonlyMap<string, number>;
  /** In the order of the text. */
  readonly actions: readonly Action[];
}

/** A problem: a situation and a goal. */
export interface Problem {
  /** Its name. */
  readonly name: string;
  /** The objects, constants of the domain not included. */
  readonly objects: readonly Typed[];
  /** What holds at first; everything else does not. */
  readonly init: readonly Atom[];
  /** What is to be achieved. */
  readonly goal: Formula;
}

/** The type above all types. */
export const ANYTHING = "object";

/** True where a type is another or lies below it. */
export function isType(domain: Domain, type: string, wanted: string): boolean {
  let at: string | undefined = wanted === ANYTHING ? ANYTHING : type;
  for (let steps = 0; at !== undefined && steps <= domain.types.size; steps++) {
    if (at === wanted) return true;
    at = domain.types.get(at);
  }
  return false;
}

/** The variables of a formula that it does not bind itself. */
export function freeVariables(formula: Formula): Set<string> {
  const free = new Set<string>();
  const visit = (part: Formula, bound: ReadonlySet<string>): void => {
    const use = (term: string) => {
      if (term.startsWith("?") && !bound.has(term)) free.add(term);
    };
    switch (part.kind) {
      case "atom":
        part.atom.terms.forEach(use);
        break;
      case "equal":
        use(part.left);
        use(part.right);
        break;
      case "not":
        visit(part.part, bound);
        break;
      case "and":
      case "or":
        part.parts.forEach((inner) => visit(inner, bound));
        break;
      case "exists":
        visit(part.part, new Set([...bound, ...part.variables.map(({ name }) => name)]));
    }
  };
  visit(formula, new Set());
  return free;
}
