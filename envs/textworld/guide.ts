/**
 * The teacher's memory of one episode: its plan, kept while it is followed and made anew when it is left.
 *
 * What it says depends on where the episode began and what was done, not on when it was asked; planning is put
 * off until then, so that playing without a teacher costs nothing.
 * @module
 */
import type { Operator } from "./ground.ts";
import type { Planner } from "./planner.ts";
import type { Bits } from "./state.ts";

/** What the teacher thinks of a situation. */
export interface Advice {
  /** Operators to the goal; undefined where no way was found. */
  readonly plan: readonly Operator[] | undefined;
  /** True where the last action did not bring the goal nearer. */
  readonly mistaken: boolean;
}

interface Done {
  readonly operator: Operator;
  readonly facts: Bits;
}

/** Follows an episode. */
export class Guide {
  readonly #planner: () => Planner;
  readonly #pending: Done[] = [];
  #advice: Advice | undefined;
  readonly #start: Bits;

  /** Begins where the episode does; `planner` is called once advice is asked for. */
  constructor(planner: () => Planner, start: Bits) {
    this.#planner = planner;
    this.#start = start;
  }

  /** Takes note of what was done and what holds now. */
  saw(operator: Operator, facts: Bits): void {
    this.#pending.push({ operator, facts });
  }

  /** The advice for now. */
  advise(): Advice {
    let advice = this.#advice ?? { plan: this.#planner().plan(this.#start), mistaken: false };
    for (const { operator, facts } of this.#pending.splice(0)) {
      const { plan } = advice;
      if (plan?.[0] === operator) {
        advice = { plan: plan.slice(1), mistaken: false };
        continue;
      }
      const other = this.#planner().plan(facts);
      const mistaken = other === undefined || other.length >= (plan?.length ?? Infinity);
      advice = { plan: other, mistaken };
    }
    this.#advice = advice;
    return advice;
  }
}
