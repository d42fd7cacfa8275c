/**
 * How far the goal is, estimated by a plan in which nothing is ever deleted (FF's relaxed plan, Hoffmann and
 * Nebel 2001), its steps chosen by the sum of what they need (h-add, Bonet and Geffner 2001).
 * @module
 */
import type { Operator } from "./ground.ts";
import type { RelaxedProblem } from "./relaxed_problem.ts";
import { type Bits, hasBit, holds } from "./state.ts";

/** An estimate. */
export interface Estimate {
  /** Operators in the relaxed plan; 0 at the goal, Infinity where not even a relaxed plan exists. */
  readonly distance: number;
  /** Operators of the relaxed plan that can be used at once. */
  readonly helpful: ReadonlySet<Operator>;
}

const UNREACHED = 0x7fffffff;
const NO_RULE = -1;

/** Estimates distances in one problem. */
export class Heuristic {
  readonly #problem: RelaxedProblem;
  readonly #propositions: number[];
  readonly #cost: Int32Array;
  readonly #maker: Int32Array;
  readonly #open: Int32Array;
  readonly #sum: Int32Array;

  /** Makes room for a problem's propositions and rules. */
  constructor(problem: RelaxedProblem) {
    this.#problem = problem;
    const needed = problem.users.flatMap((users, id) => users.length > 0 ? [id] : []);
    this.#propositions = needed.filter((id) => id !== problem.goal);
    this.#cost = new Int32Array(problem.goal + 1);
    this.#maker = new Int32Array(problem.goal + 1);
    this.#open = new Int32Array(problem.rules.length);
    this.#sum = new Int32Array(problem.rules.length);
  }

  /** The estimate for a situation. */
  estimate(facts: Bits): Estimate {
    this.#explore(facts);
    const { goal } = this.#problem;
    if (this.#cost[goal] === UNREACHED) return { distance: Infinity, helpful: new Set() };
    const plan = this.#extract();
    const helpful = [...plan].filter(({ precondition }) => holds(facts, precondition));
    return { distance: plan.size, helpful: new Set(helpful) };
  }

  /** Dijkstra's algorithm over propositions; a rule costs 1 and the sum of what it needs. */
  #explore(facts: Bits): void {
    const { rules, users, facts: count, goal } = this.#problem;
    this.#cost.fill(UNREACHED);
    this.#maker.fill(NO_RULE);
    const buckets: number[][] = [[]];
    rules.forEach(({ from }, index) => {
      this.#open[index] = from.length;
      this.#sum[index] = 0;
      if (from.length === 0) this.#fire(index, buckets);
    });
    for (const id of this.#propositions) {
      if (id < count ? !hasBit(facts, id) : hasBit(facts, id - count)) continue;
      this.#cost[id] = 0;
      this.#maker[id] = NO_RULE;
      buckets[0]?.push(id);
    }
    for (let cost = 0; cost < buckets.length; cost++) {
      const bucket = buckets[cost] ?? [];
      for (const id of bucket) {
        if (this.#cost[id] !== cost) continue;
        if (id === goal) return;
        for (const index of users[id] as readonly number[]) {
          this.#sum[index] = (this.#sum[index] as number) + cost;
          this.#open[index] = (this.#open[index] as number) - 1;
          if (this.#open[index] === 0) this.#fire(index, buckets);
        }
      }
    }
  }

  #fire(index: number, buckets: number[][]): void {
    const rule = this.#problem.rules[index];
    if (rule === undefined) return;
    const cost = (this.#sum[index] as number) + (rule.operator === undefined ? 0 : 1);
    for (const id of rule.to) {
      if (cost >= (this.#cost[id] as number)) continue;
      this.#cost[id] = cost;
      this.#maker[id] = index;
      while (buckets.length <= cost) buckets.push([]);
      buckets[cost]?.push(id);
    }
  }

  /** The operators behind the goal, following each proposition to the rule that made it. */
  #extract(): Set<Operator> {
    const { rules, goal } = this.#problem;
    const plan = new Set<Operator>();
    const wanted = new Set([goal]);
    for (const id of wanted) {
      const rule = rules[this.#maker[id] as number];
      if (rule === undefined) continue;
      if (rule.operator !== undefined) plan.add(rule.operator);
      for (const need of rule.from) wanted.add(need);
    }
    return plan;
  }
}
