/**
 * Which operators can be used now. Each way to use one waits at the rarest fact it needs, so that only the
 * facts that hold are looked through.
 * @module
 */
import type { Alternative } from "./condition.ts";
import type { Operator } from "./ground.ts";
import { type Bits, bitsOf, holdsAll } from "./state.ts";

interface Waiting {
  readonly operator: Operator;
  readonly alternative: Alternative;
}

/** Finds the operators that can be used. */
export class Applicable {
  readonly #waiting = new Map<number, Waiting[]>();
  readonly #always: Waiting[] = [];
  readonly #mask: Bits;

  /** Indexes operators of a problem with `count` facts. */
  constructor(operators: readonly Operator[], count: number) {
    const uses = new Uint32Array(count);
    for (const { precondition } of operators) {
      for (const { needs } of precondition) {
        for (const id of needs) uses[id] = (uses[id] as number) + 1;
      }
    }
    this.#mask = new Uint32Array((count + 31) >>> 5);
    for (const operator of operators) {
      for (const alternative of operator.precondition) {
        this.#wait({ operator, alternative }, uses);
      }
    }
  }

  #wait(waiting: Waiting, uses: Uint32Array): void {
    const [first, ...others] = waiting.alternative.needs;
    if (first === undefined) {
      this.#always.push(waiting);
      return;
    }
    const rarest = others.reduce(
      (best, id) => (uses[id] as number) < (uses[best] as number) ? id : best,
      first,
    );
    const there = this.#waiting.get(rarest);
    if (there === undefined) this.#waiting.set(rarest, [waiting]);
    else there.push(waiting);
    this.#mask[rarest >>> 5] = (this.#mask[rarest >>> 5] as number) | (1 << (rarest & 31));
  }

  /** The operators whose precondition holds, by ascending id, each once. */
  in(facts: Bits): Operator[] {
    const found = new Set<Operator>();
    const look = ({ operator, alternative }: Waiting) => {
      if (holdsAll(facts, alternative)) found.add(operator);
    };
    this.#always.forEach(look);
    const awaited = facts.map((word, i) => word & (this.#mask[i] as number));
    for (const id of bitsOf(awaited)) this.#waiting.get(id)?.forEach(look);
    return [...found].sort((a, b) => a.id - b.id);
  }
}
