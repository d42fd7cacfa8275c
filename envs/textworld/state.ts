/**
 * A situation: which facts hold, and which an action has deleted since the start.
 *
 * The second set is there for the grammar: its `not_p(…)` means that `p` was deleted, not that it is absent.
 * @module
 */
import type { Alternative, Condition } from "./condition.ts";

/** A set of small numbers, one bit each. */
export type Bits = Uint32Array;

/** Room for `count` numbers. */
export function makeBits(count: number): Bits {
  return new Uint32Array((count + 31) >>> 5);
}

/** True where the number is in the set. */
export function hasBit(bits: Bits, id: number): boolean {
  return ((bits[id >>> 5] as number) >>> (id & 31) & 1) === 1;
}

/** Puts the number in. */
export function setBit(bits: Bits, id: number): void {
  bits[id >>> 5] = (bits[id >>> 5] as number) | (1 << (id & 31));
}

/** Takes the number out. */
export function clearBit(bits: Bits, id: number): void {
  bits[id >>> 5] = (bits[id >>> 5] as number) & ~(1 << (id & 31));
}

/** The numbers in the set, ascending. */
export function bitsOf(bits: Bits): number[] {
  const ids: number[] = [];
  bits.forEach((word, index) => {
    for (let left = word; left !== 0; left &= left - 1) {
      ids.push(index * 32 + 31 - Math.clz32(left & -left));
    }
  });
  return ids;
}

/** A situation of a game. */
export interface State {
  /** Facts that hold. */
  readonly facts: Bits;
  /** Facts that do not hold because an action deleted them. */
  readonly deleted: Bits;
}

/** Changes that come about where a condition holds. */
export interface Change {
  /** Looked at before anything changes. */
  readonly condition: Condition;
  /** Facts that come to hold. */
  readonly adds: readonly number[];
  /** Facts that cease to hold. */
  readonly deletes: readonly number[];
}

/** True where an alternative holds. */
export function holdsAll(facts: Bits, { needs, forbids }: Alternative): boolean {
  for (const id of needs) if (!hasBit(facts, id)) return false;
  for (const id of forbids) if (hasBit(facts, id)) return false;
  return true;
}

/** True where a condition holds. */
export function holds(facts: Bits, condition: Condition): boolean {
  return condition.some((alternative) => holdsAll(facts, alternative));
}

/** The facts after some changes. Where one change adds what another deletes, it holds. */
export function changedFacts(facts: Bits, changes: readonly Change[]): Bits {
  const active = changes.filter(({ condition }) => holds(facts, condition));
  const after = facts.slice();
  for (const { deletes } of active) for (const id of deletes) clearBit(after, id);
  for (const { adds } of active) for (const id of adds) setBit(after, id);
  return after;
}

/** The situation after some changes. */
export function changedState(state: State, changes: readonly Change[]): State {
  const facts = changedFacts(state.facts, changes);
  const deleted = state.deleted.map((word, i) =>
    ((word | (state.facts[i] as number)) & ~(facts[i] as number)) >>> 0
  );
  return { facts, deleted };
}
