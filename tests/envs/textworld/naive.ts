/**
 * PDDL taken at its word: every combination of objects is tried, conditions are evaluated as they are written.
 * Slow and simple, to compare the engine with.
 */
import type { Action, Domain, Formula, Problem, Typed } from "../../../envs/textworld/pddl.ts";
import { isType } from "../../../envs/textworld/pddl.ts";

type Env = ReadonlyMap<string, string>;

/** A situation: facts as texts, `on a b`. */
export type Situation = ReadonlySet<string>;

/** One problem, interpreted. */
export class Naive {
  readonly #domain: Domain;
  readonly #objects: readonly Typed[];

  constructor(domain: Domain, readonly problem: Problem) {
    this.#domain = domain;
    this.#objects = [...domain.constants, ...problem.objects];
  }

  get start(): Situation {
    return new Set(
      this.problem.init.map(({ predicate, terms }) => [predicate, ...terms].join(" ")),
    );
  }

  won(facts: Situation): boolean {
    return this.#holds(this.problem.goal, new Map(), facts);
  }

  /** What can be done, as texts like `move ?a=x`, each with the situation it leads to. */
  successors(facts: Situation): Map<string, Situation> {
    const found = new Map<string, Situation>();
    for (const action of this.#domain.actions) {
      for (const env of this.#bindings(action.parameters, new Map())) {
        if (!this.#holds(action.precondition, env, facts)) continue;
        const words = [...env].map(([name, object]) => `${name}=${object}`).sort();
        found.set([action.name, ...words].join(" "), this.#apply(action, env, facts));
      }
    }
    return found;
  }

  #apply(action: Action, env: Env, facts: Situation): Situation {
    const adds: string[] = [];
    const after = new Set(facts);
    for (const effect of action.effects) {
      for (const inner of this.#bindings(effect.variables, env)) {
        if (!this.#holds(effect.condition, inner, facts)) continue;
        const fact = this.#fact(effect.atom, inner);
        if (effect.adds) adds.push(fact);
        else after.delete(fact);
      }
    }
    for (const fact of adds) after.add(fact);
    return after;
  }

  #fact({ predicate, terms }: { predicate: string; terms: readonly string[] }, env: Env): string {
    return [predicate, ...terms.map((term) => env.get(term) ?? term)].join(" ");
  }

  #holds(formula: Formula, env: Env, facts: Situation): boolean {
    switch (formula.kind) {
      case "atom":
        return facts.has(this.#fact(formula.atom, env));
      case "equal":
        return (env.get(formula.left) ?? formula.left) ===
          (env.get(formula.right) ?? formula.right);
      case "not":
        return !this.#holds(formula.part, env, facts);
      case "and":
        return formula.parts.every((part) => this.#holds(part, env, facts));
      case "or":
        return formula.parts.some((part) => this.#holds(part, env, facts));
      case "exists":
        return this.#bindings(formula.variables, env)
          .some((inner) => this.#holds(formula.part, inner, facts));
    }
  }

  #bindings(variables: readonly Typed[], env: Env): Env[] {
    return variables.reduce<Env[]>(
      (envs, { name, types }) =>
        envs.flatMap((before) =>
          this.#objects.filter((object) =>
            object.types.some((own) => types.some((type) => isType(this.#domain, own, type)))
          ).map((object) => new Map([...before, [name, object.name]]))
        ),
      [env],
    );
  }
}
