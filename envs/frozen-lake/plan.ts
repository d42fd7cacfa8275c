/**
 * The teacher's plan: what to do in each cell to reach the goal.
 *
 * Where the ice does not slip, a shortest way. Where it does, the action with which success within the
 * steps that are left is most probable: value iteration backwards from the last step, so no other way to
 * play succeeds more often in an episode with this horizon.
 * @module
 */
import {
  ACTIONS,
  isEnd,
  type Lake,
  letterAt,
  neighbour,
  type Outcome,
  outcomesOf,
} from "./dynamics.ts";
import { cellsOf, distancesTo } from "./maps.ts";

/** Probabilities closer than this count as the same: adding them up in another order gives other last digits. */
const SAME = 1e-9;

/** What to do on one lake. */
export interface Plan {
  /** The best action in `cell` with `left` steps left, the lowest where several are; undefined where the goal is out of reach. */
  best(cell: number, left: number): number | undefined;
  /** True where another action in `cell` with `left` steps left would have been better than this one. */
  mistaken(cell: number, action: number, left: number): boolean;
  /** Probability of reaching the goal from `cell` with the best play within `left` steps. */
  success(cell: number, left: number): number;
}

/** Makes the plan of a lake for episodes of up to `horizon` steps. */
export function makePlan(lake: Lake, slippery: boolean, horizon: number): Plan {
  return slippery ? slipperyPlan(lake, horizon) : shortestPlan(lake);
}

function shortestPlan(lake: Lake): Plan {
  const distances = distancesTo(lake);
  const wrong = (cell: number, action: number) =>
    !(distances[neighbour(lake, cell, action)]! < distances[cell]!);
  return {
    best: (cell) => indexWhere((action) => !wrong(cell, action)),
    mistaken: wrong,
    success: (cell, left) => distances[cell]! <= left ? 1 : 0,
  };
}

function slipperyPlan(lake: Lake, horizon: number): Plan {
  const distances = distancesTo(lake);
  const farthest = Math.max(...distances.filter(Number.isFinite));
  const outcomes = cellsOf(lake).map((cell) =>
    ACTIONS.map((_, action) => outcomesOf(lake, cell, action, true))
  );
  const values = successProbabilities(lake, outcomes, Math.max(horizon, farthest));
  // With too few steps left all actions are equally hopeless: play as if there were just enough.
  const enough = (cell: number, left: number) => Math.max(left, distances[cell]!);
  const wrong = (cell: number, action: number, left: number) => {
    const steps = enough(cell, left);
    return chance(outcomes[cell]![action]!, values[steps - 1]!) < values[steps]![cell]! - SAME;
  };
  return {
    best: (cell, left) =>
      distances[cell] === Infinity || isEnd(lake, cell)
        ? undefined
        : indexWhere((action) => !wrong(cell, action, left)),
    mistaken: (cell, action, left) => distances[cell] !== Infinity && wrong(cell, action, left),
    success: (cell, left) => values[left]![cell]!,
  };
}

/** Probability of success with the best play, by steps left (0 to `most`) and cell; 1 on the goal. */
function successProbabilities(
  lake: Lake,
  outcomes: readonly (readonly Outcome[][])[],
  most: number,
): Float64Array[] {
  const goal = Float64Array.from(cellsOf(lake), (cell) => letterAt(lake, cell) === "G" ? 1 : 0);
  const values = [goal];
  for (let left = 1; left <= most; left++) {
    const after = values[left - 1]!;
    const now = new Float64Array(after.length);
    // Holes and the goal keep the player, and so their value.
    for (const [cell, actions] of outcomes.entries()) {
      for (const action of actions) now[cell] = Math.max(now[cell]!, chance(action, after));
    }
    values.push(now);
  }
  return values;
}

/** Probability of success of an action, given that of each cell it may lead to. */
function chance(outcomes: readonly Outcome[], after: Float64Array): number {
  let sum = 0;
  for (const { probability, cell } of outcomes) sum += probability * after[cell]!;
  return sum;
}

function indexWhere(fits: (action: number) => boolean): number | undefined {
  const action = ACTIONS.findIndex((_, action) => fits(action));
  return action < 0 ? undefined : action;
}
