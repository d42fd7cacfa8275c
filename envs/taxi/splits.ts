/**
 * Which starts are for training and which are kept for tests.
 *
 * Tasks `pickup` and `full` start with the passenger waiting, and are split by the pair of stands
 * (where the passenger waits, where the passenger goes): three of the twelve pairs are test pairs, in
 * which each stand is at most once the first and at most once the second. Both stands stay as they
 * are until the passenger boards, and the last state of task `pickup` still tells them, so no state
 * of a `pickup` test episode occurs in a `pickup` training episode. In `full`, a passenger let out at
 * a wrong stand does wait there with the old destination, so a clumsy training episode can get into
 * a test pair on its way.
 *
 * Task `dropoff` starts with the passenger aboard, and is split by the taxi's cell and the destination
 * with a fixed hash: about a quarter of the hundred starts are test starts. Only the starts are
 * apart there: two rides to one destination meet on the way.
 * @module
 */
import type { CommonSplit } from "../splits.ts";
import { ABOARD, decode, STATES } from "./dynamics.ts";
import type { TaxiTask } from "./plan.ts";

/** The test pairs as (passenger, destination): R to G, Y to B, B to R. */
export const TEST_PAIRS: readonly (readonly [number, number])[] = [
  [0, 1],
  [2, 3],
  [3, 0],
];

const starts = new Map<string, readonly number[]>();

/** The states in which an episode of this task and split may start, in ascending order, each equally likely. */
export function startsOf(task: TaxiTask, split: CommonSplit): readonly number[] {
  const key = `${task} ${split}`;
  let found = starts.get(key);
  if (found === undefined) {
    found = Array.from({ length: STATES }, (_, state) => state).filter(
      (state) =>
        isStart(task, state) &&
        (split === "all" || isTest(task, state) === (split === "test")),
    );
    starts.set(key, found);
  }
  return found;
}

function isStart(task: TaxiTask, state: number): boolean {
  const { passenger, destination } = decode(state);
  return task === "dropoff"
    ? passenger === ABOARD
    : passenger !== ABOARD && passenger !== destination;
}

function isTest(task: TaxiTask, state: number): boolean {
  const { row, column, passenger, destination } = decode(state);
  if (task === "dropoff") {
    const place = (row * 5 + column) * 4 + destination;
    return (Math.imul(place + 1, 0x9e3779b1) >>> 30) === 0;
  }
  return TEST_PAIRS.some(([from, to]) => from === passenger && to === destination);
}
