/**
 * A problem in which nothing is ever deleted, for the heuristic: rules from propositions to propositions. That a
 * fact does not hold is a proposition of its own, so that putting something down can make hands free.
 *
 * Only what can matter to the goal is kept: looking around leads to nothing a goal asks for.
 * @module
 */
import type { Alternative } from "./condition.ts";
import type { GroundProblem, Operator } from "./ground.ts";

/** Where all propositions of `from` hold, those of `to` come to hold. */
export interface Rule {
  /** Propositions needed. */
  readonly from: readonly number[];
  /** Propositions gained. */
  readonly to: readonly number[];
  /** The operator it is a part of; undefined where it is the goal that is gained, at no cost. */
  readonly operator: Operator | undefined;
}

/** The problem without deletions. */
export interface RelaxedProblem {
  /** Number of facts; proposition i says that fact i holds, `facts + i` that it does not. */
  readonly facts: number;
  /** The proposition that the goal is achieved, the highest one. */
  readonly goal: number;
  /** All rules that can matter. */
  readonly rules: readonly Rule[];
  /** For each proposition, the indices of the rules that need it. */
  readonly users: readonly (readonly number[])[];
  /** The operators that can matter. */
  readonly operators: readonly Operator[];
}

/** Relaxes a problem. */
export function relaxProblem(problem: GroundProblem): RelaxedProblem {
  const facts = problem.facts.count;
  const goal = 2 * facts;
  const propositions = ({ needs, forbids }: Alternative) => [
    ...needs,
    ...forbids.map((id) => facts + id),
  ];
  const all: Rule[] = problem.goal.map((alternative) => ({
    from: propositions(alternative),
    to: [goal],
    operator: undefined,
  }));
  for (const operator of problem.operators) {
    for (const precondition of operator.precondition) {
      for (const { condition, adds, deletes } of operator.changes) {
        const to = [...adds, ...deletes.map((id) => facts + id)];
        for (const alternative of condition) {
          const from = [...propositions(precondition), ...propositions(alternative)];
          all.push({ from: [...new Set(from)], to, operator });
        }
      }
    }
  }
  const rules = relevant(all, goal);
  const users: number[][] = Array.from({ length: goal + 1 }, () => []);
  rules.forEach(({ from }, index) => from.forEach((id) => users[id]?.push(index)));
  const used = new Set(rules.map(({ operator }) => operator));
  return {
    facts,
    goal,
    rules,
    users,
    operators: problem.operators.filter((operator) => used.has(operator)),
  };
}

/** The rules from which the goal can be reached, without what else they would gain. */
function relevant(rules: readonly Rule[], goal: number): Rule[] {
  const makers = new Map<number, number[]>();
  rules.forEach(({ to }, index) => {
    for (const id of to) {
      const there = makers.get(id);
      if (there === undefined) makers.set(id, [index]);
      else there.push(index);
    }
  });
  const wanted = new Set([goal]);
  const kept = new Set<number>();
  for (const id of wanted) {
    for (const index of makers.get(id) ?? []) {
      if (kept.has(index)) continue;
      kept.add(index);
      rules[index]?.from.forEach((need) => wanted.add(need));
    }
  }
  return rules.filter((_, index) => kept.has(index))
    .map((rule) => ({ ...rule, to: rule.to.filter((id) => wanted.has(id)) }));
}
