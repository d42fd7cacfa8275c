/**
 * The teacher's plan: how far each state is from the goal, and the first action of a shortest way.
 * @module
 */
import { ABOARD, ACTIONS, decode, STATES, transition } from "./dynamics.ts";

/** `pickup` ends when the passenger boards, the other tasks when the passenger is delivered. */
export type TaxiTask = "pickup" | "dropoff" | "full";

/** Shortest ways to the goal of one task, from every state. */
export interface Plan {
  /** Actions to the goal, 1 or more; Infinity where there is none to reach. Indexed by state. */
  readonly distance: readonly number[];
  /** First action of a shortest way, the lowest where several are; undefined where there is none. Indexed by state. */
  readonly best: readonly (number | undefined)[];
}

/** True where this step from `before` to `after` achieves the task. */
export function achieves(
  task: TaxiTask,
  before: number,
  after: number,
): boolean {
  const from = decode(before);
  const to = decode(after);
  if (task === "pickup") {
    return from.passenger !== ABOARD && to.passenger === ABOARD;
  }
  return from.passenger === ABOARD && to.passenger === to.destination;
}

/** True in a state in which the task has nothing left to do. */
export function achieved(task: TaxiTask, state: number): boolean {
  const { passenger, destination } = decode(state);
  return passenger === destination ||
    (task === "pickup" && passenger === ABOARD);
}

const plans = new Map<TaxiTask, Plan>();

/** The plan of a task; computed once. */
export function planFor(task: TaxiTask): Plan {
  let plan = plans.get(task);
  if (plan === undefined) {
    plan = makePlan(task);
    plans.set(task, plan);
  }
  return plan;
}

/** Breadth first from the goal: sweep after sweep finds the states one action further away. */
function makePlan(task: TaxiTask): Plan {
  const distance = new Array<number>(STATES).fill(Infinity);
  const best = new Array<number | undefined>(STATES).fill(undefined);
  for (let step = 1, found = true; found; step++) {
    found = false;
    for (let state = 0; state < STATES; state++) {
      if (distance[state] !== Infinity || achieved(task, state)) continue;
      const action = actionAtDistance(task, state, step, distance);
      if (action === undefined) continue;
      distance[state] = step;
      best[state] = action;
      found = true;
    }
  }
  return { distance, best };
}

/** The lowest action that leaves `step − 1` actions to the goal, if any. */
function actionAtDistance(
  task: TaxiTask,
  state: number,
  step: number,
  distance: readonly number[],
): number | undefined {
  for (let action = 0; action < ACTIONS.length; action++) {
    const after = transition(state, action).state;
    const left = achieves(task, state, after) ? 0 : distance[after];
    if (left === step - 1) return action;
  }
  return undefined;
}
