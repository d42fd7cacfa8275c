/**
 * What never changes in a problem: objects by type, and the facts of predicates that no action changes, indexed
 * so that a condition finds its bindings without trying them all.
 * @module
 */
import type { Atom, Domain, Formula, Problem } from "./pddl.ts";
import { keyOf } from "./facts.ts";
import { isType } from "./pddl.ts";

const NOTHING: readonly (readonly string[])[] = [];

/** The unchanging part of one problem. */
export class Statics {
  readonly #domain: Domain;
  readonly #types = new Map<string, readonly string[]>();
  readonly #byType = new Map<string, ReadonlySet<string>>();
  readonly #fluents: ReadonlySet<string>;
  readonly #rows = new Map<string, (readonly string[])[]>();
  readonly #keys = new Set<string>();

  /** Indexes a problem of a domain. */
  constructor(domain: Domain, problem: Problem) {
    this.#domain = domain;
    this.#fluents = new Set(
      domain.actions.flatMap(({ effects }) => effects.map(({ atom }) => atom.predicate)),
    );
    for (const { name, types } of [...domain.constants, ...problem.objects]) {
      this.#types.set(name, types);
    }
    for (const { predicate, terms } of problem.init) {
      if (!this.isStatic(predicate)) continue;
      const key = keyOf(predicate, terms);
      if (this.#keys.has(key)) continue;
      this.#keys.add(key);
      this.#add(predicate, terms);
      terms.forEach((term, position) => this.#add(`${predicate} ${position} ${term}`, terms));
    }
  }

  #add(key: string, row: readonly string[]): void {
    const rows = this.#rows.get(key);
    if (rows === undefined) this.#rows.set(key, [row]);
    else rows.push(row);
  }

  /** True for a predicate no action changes. */
  isStatic(predicate: string): boolean {
    return !this.#fluents.has(predicate);
  }

  /** True where a condition can be decided before anything is done. */
  decides(formula: Formula): boolean {
    switch (formula.kind) {
      case "atom":
        return this.isStatic(formula.atom.predicate);
      case "equal":
        return true;
      case "not":
      case "exists":
        return this.decides(formula.part);
      default:
        return formula.parts.every((part) => this.decides(part));
    }
  }

  /** True where a fact of a static predicate holds. */
  holds(predicate: string, objects: readonly string[]): boolean {
    return this.#keys.has(keyOf(predicate, objects));
  }

  /** Facts of a static predicate among which are all that agree with what is bound: the shortest list there is. */
  candidates(
    { predicate, terms }: Atom,
    binding: ReadonlyMap<string, string>,
  ): readonly (readonly string[])[] {
    let best = this.#rows.get(predicate) ?? NOTHING;
    terms.forEach((term, position) => {
      const object = term.startsWith("?") ? binding.get(term) : term;
      if (object === undefined) return;
      const rows = this.#rows.get(`${predicate} ${position} ${object}`) ?? NOTHING;
      if (rows.length < best.length) best = rows;
    });
    return best;
  }

  /** The types written for an object; none for one that was never declared. */
  typesOf(object: string): readonly string[] {
    return this.#types.get(object) ?? [];
  }

  /** True where an object has one of the types. */
  hasType(object: string, types: readonly string[]): boolean {
    return types.some((type) => this.objects(type).has(object));
  }

  /** The objects of a type, in the order of the texts. */
  objects(type: string): ReadonlySet<string> {
    let found = this.#byType.get(type);
    if (found === undefined) {
      found = new Set(
        [...this.#types].filter(([, types]) => types.some((own) => isType(this.#domain, own, type)))
          .map(([name]) => name),
      );
      this.#byType.set(type, found);
    }
    return found;
  }
}
