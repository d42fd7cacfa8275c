/**
 * Conditions without variables: alternatives, each a list of facts that must hold and of facts that must not.
 * @module
 */
import type { Facts } from "./facts.ts";
import { forEachMatch } from "./join.ts";
import type { Formula } from "./pddl.ts";
import type { Statics } from "./statics.ts";

/** One way for a condition to hold. */
export interface Alternative {
  /** Ids of facts that must hold. */
  readonly needs: readonly number[];
  /** Ids of facts that must not hold. */
  readonly forbids: readonly number[];
}

/** Holds where one of the alternatives does; none: never. */
export type Condition = readonly Alternative[];

/** The objects that stand for variables. */
export type Binding = ReadonlyMap<string, string>;

/** The condition that always holds. */
export const TRUE: Condition = [{ needs: [], forbids: [] }];
/** The condition that never holds. */
export const FALSE: Condition = [];

/** More alternatives than this come of a text that was not meant to be grounded. */
const MOST_ALTERNATIVES = 10_000;

/** What a formula is grounded against. */
export interface Ground {
  /** What never changes. */
  readonly statics: Statics;
  /** Gets the facts that can change. */
  readonly facts: Facts;
}

/**
 * A formula with its variables bound. What never changes is decided here, so that the result is about the rest.
 * With `wanted` false, the formula's negation. Throws a RangeError where there would be too many alternatives.
 */
export function groundFormula(
  ground: Ground,
  formula: Formula,
  binding: Binding,
  wanted = true,
): Condition {
  switch (formula.kind) {
    case "atom": {
      const { predicate, terms } = formula.atom;
      const objects = terms.map((term) => valueOf(term, binding));
      if (ground.statics.isStatic(predicate)) {
        return ground.statics.holds(predicate, objects) === wanted ? TRUE : FALSE;
      }
      const id = ground.facts.intern(predicate, objects);
      return [wanted ? { needs: [id], forbids: [] } : { needs: [], forbids: [id] }];
    }
    case "equal": {
      const same = valueOf(formula.left, binding) === valueOf(formula.right, binding);
      return same === wanted ? TRUE : FALSE;
    }
    case "not":
      return groundFormula(ground, formula.part, binding, !wanted);
    case "exists": {
      const parts: Condition[] = [];
      forEachMatch(ground, formula.variables, formula.part, binding, (inner) => {
        parts.push(groundFormula(ground, formula.part, inner, wanted));
      });
      return wanted ? either(parts) : all(parts);
    }
    default: {
      const conjunction = (formula.kind === "and") === wanted;
      if (!conjunction) {
        return either(formula.parts.map((part) => groundFormula(ground, part, binding, wanted)));
      }
      let whole = TRUE;
      for (const part of formula.parts) {
        whole = all([whole, groundFormula(ground, part, binding, wanted)]);
        if (whole.length === 0) break;
      }
      return whole;
    }
  }
}

/** The object a term stands for. */
export function valueOf(term: string, binding: Binding): string {
  return term.startsWith("?") ? binding.get(term) ?? term : term;
}

function either(parts: readonly Condition[]): Condition {
  const alternatives = parts.flat();
  return alternatives.some(isTrivial) ? TRUE : bounded(alternatives);
}

function all(parts: readonly Condition[]): Condition {
  return parts.reduce((left, right) => {
    if (left === TRUE || right.length === 0) return right;
    if (right === TRUE || left.length === 0) return left;
    return bounded(left.flatMap((a) => right.flatMap((b) => both(a, b))));
  }, TRUE);
}

function both(a: Alternative, b: Alternative): Alternative[] {
  const needs = union(a.needs, b.needs);
  const forbids = union(a.forbids, b.forbids);
  return needs.some((id) => forbids.includes(id)) ? [] : [{ needs, forbids }];
}

function union(a: readonly number[], b: readonly number[]): readonly number[] {
  const fresh = b.filter((id) => !a.includes(id));
  return fresh.length === 0 ? a : [...a, ...fresh];
}

function isTrivial({ needs, forbids }: Alternative): boolean {
  return needs.length === 0 && forbids.length === 0;
}

function bounded(condition: Condition): Condition {
  if (condition.length <= MOST_ALTERNATIVES) return condition;
  throw new RangeError(
    `a condition has ${condition.length} alternatives once its variables are bound, more than ` +
      `${MOST_ALTERNATIVES}; bind variables by facts that no action changes, or use fewer objects`,
  );
}
