/**
 * Grounding: from actions with variables to operators on facts, those alone that can ever be used.
 * @module
 */
import {
  type Binding,
  type Condition,
  type Ground,
  groundFormula,
  TRUE,
  valueOf,
} from "./condition.ts";
import { Facts } from "./facts.ts";
import { conjuncts, forEachMatch } from "./join.ts";
import { type Action, ALWAYS, type Domain, type Formula, type Problem } from "./pddl.ts";
import { type Bits, type Change, holds, makeBits, setBit } from "./state.ts";
import { Statics } from "./statics.ts";

/** An action with its variables bound. */
export interface Operator {
  /** Its place among the operators, from 0. */
  readonly id: number;
  /** The action's name. */
  readonly action: string;
  /** What its variables stand for; names with `?`. */
  readonly binding: Binding;
  /** When it can be used. */
  readonly precondition: Condition;
  /** What it does. */
  readonly changes: readonly Change[];
}

/** A problem with its variables bound. */
export interface GroundProblem {
  /** What never changes. */
  readonly statics: Statics;
  /** Every fact that may hold. */
  readonly facts: Facts;
  /** What holds at first, unchanging facts included. */
  readonly init: Bits;
  /** Every operator that may become usable, in the order of the texts. */
  readonly operators: readonly Operator[];
  /** When the goal is achieved. */
  readonly goal: Condition;
}

/**
 * Grounds a problem. Left out are operators that cannot be reached, and those that change nothing where they
 * can be used (going where one is), as in the original's planner.
 */
export function groundProblem(domain: Domain, problem: Problem): GroundProblem {
  const statics = new Statics(domain, problem);
  const facts = new Facts();
  const ground: Ground = { statics, facts };
  const initial = problem.init.map(({ predicate, terms }) => facts.intern(predicate, terms));
  const drafts = domain.actions.flatMap((action) => groundAction(ground, action));
  const goal = groundFormula(ground, problem.goal, new Map());
  const operators = reachable(initial, drafts).map((draft, id) => ({ ...draft, id }));
  const init = makeBits(facts.count);
  for (const id of initial) setBit(init, id);
  return { statics, facts, init, operators, goal };
}

type Draft = Omit<Operator, "id">;

function groundAction(ground: Ground, action: Action): Draft[] {
  const drafts: Draft[] = [];
  // What never changes is met by every match.
  const parts = conjuncts(action.precondition).filter((part) => !ground.statics.decides(part));
  const open: Formula = { kind: "and", parts };
  forEachMatch(ground, action.parameters, action.precondition, new Map(), (binding) => {
    const precondition = groundFormula(ground, open, binding);
    if (precondition.length === 0) return;
    const changes = groundEffects(ground, action, binding);
    if (!changes.some((change) => mayMatter(change, precondition))) return;
    drafts.push({ action: action.name, binding: new Map(binding), precondition, changes });
  });
  return drafts;
}

function groundEffects(ground: Ground, action: Action, binding: Binding): Change[] {
  const always = { condition: TRUE, adds: [] as number[], deletes: [] as number[] };
  const changes: Change[] = [];
  for (const { variables, condition, atom, adds } of action.effects) {
    const add = (bound: Binding) => {
      const when = condition === ALWAYS ? TRUE : groundFormula(ground, condition, bound);
      if (when.length === 0) return;
      const id = ground.facts.intern(
        atom.predicate,
        atom.terms.map((term) => valueOf(term, bound)),
      );
      if (when === TRUE) (adds ? always.adds : always.deletes).push(id);
      else changes.push({ condition: when, adds: adds ? [id] : [], deletes: adds ? [] : [id] });
    };
    if (variables.length === 0) add(binding);
    else forEachMatch(ground, variables, condition, binding, add);
  }
  const deletes = always.deletes.filter((id) => !always.adds.includes(id));
  return [{ ...always, deletes }, ...changes];
}

/** False where a change leaves everything as every way of meeting the precondition had it. */
function mayMatter({ adds, deletes }: Change, precondition: Condition): boolean {
  return adds.some((id) => precondition.some(({ needs }) => !needs.includes(id))) ||
    deletes.some((id) => precondition.some(({ forbids }) => !forbids.includes(id)));
}

/** The operators that can be used after others have been, if nothing were ever deleted. */
function reachable(initial: readonly number[], drafts: readonly Draft[]): Draft[] {
  const highest = drafts.reduce(
    (most, { changes }) => Math.max(most, ...changes.flatMap(({ adds }) => adds)),
    Math.max(-1, ...initial),
  );
  const reached = new Uint8Array(highest + 1);
  for (const id of initial) reached[id] = 1;
  const possible = (condition: Condition) =>
    condition.some(({ needs }) => needs.every((id) => reached[id] === 1));
  const used = new Set<Draft>();
  // A draft used before may still give facts by an effect whose condition was not reached then.
  for (let found = true; found;) {
    found = false;
    for (const draft of drafts) {
      const fresh = !used.has(draft);
      if (fresh && !possible(draft.precondition)) continue;
      used.add(draft);
      if (!fresh && draft.changes.length === 1) continue;
      for (const { condition, adds } of draft.changes) {
        if (!possible(condition)) continue;
        for (const id of adds) {
          if (reached[id] === 1) continue;
          reached[id] = 1;
          found = true;
        }
      }
    }
  }
  return drafts.filter((draft) => used.has(draft));
}

/** True where the goal is achieved. */
export function achieved({ goal }: GroundProblem, facts: Bits): boolean {
  return holds(facts, goal);
}
