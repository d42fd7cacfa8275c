/**
 * The teacher's comment, as a player would think it: where the goal lies, which wall is in the way,
 * whether the last action was a mistake, and so what to do next.
 *
 * It depends on nothing but the state and, where the player is shown it, the last action, so a model
 * that reads the prompt can learn it. At most 25 words; no digits, which could be taken for labels.
 * @module
 */
import {
  ABOARD,
  type ActionName,
  blocked,
  decode,
  type Direction,
  DIRECTIONS,
  stand,
  type TaxiState,
} from "./dynamics.ts";

/** An action and whether it led away from the goal. */
export interface LastAction {
  /** The action. */
  readonly name: ActionName;
  /** True where it did not bring the goal nearer. */
  readonly mistaken: boolean;
}

const NUMBERS = ["no", "one", "two", "three", "four"] as const;

/** The comment on `state` before the action `best`; `last` is the action that led there, if it is shown. */
export function remarkOn(
  state: number,
  best: ActionName,
  last: LastAction | undefined,
): string {
  const now = decode(state);
  const aboard = now.passenger === ABOARD;
  const target = stand(aboard ? now.destination : now.passenger);
  const wanted = directionsTo(now, target);
  return [
    last?.mistaken ? regret(last.name) : "",
    `The ${aboard ? "destination" : "passenger"} is ${where(now, target)}.`,
    obstacle(now, wanted, best),
    resolve(best),
  ].filter((sentence) => sentence !== "").join(" ");
}

function regret(last: ActionName): string {
  return last === "dropoff" ? "That dropoff was wrong." : `Going ${last} took me away.`;
}

interface Place {
  readonly row: number;
  readonly column: number;
}

function directionsTo(from: Place, to: Place): Direction[] {
  return DIRECTIONS.filter((direction) => {
    switch (direction) {
      case "south":
        return to.row > from.row;
      case "north":
        return to.row < from.row;
      case "east":
        return to.column > from.column;
      case "west":
        return to.column < from.column;
    }
  });
}

function where(from: Place, to: Place): string {
  const parts = directionsTo(from, to).map((direction) => {
    const vertical = direction === "south" || direction === "north";
    const count = vertical ? Math.abs(to.row - from.row) : Math.abs(to.column - from.column);
    const unit = (vertical ? "row" : "column") + (count === 1 ? "" : "s");
    return `${NUMBERS[count]} ${unit} ${direction}`;
  });
  return parts.length === 0 ? "here" : parts.join(" and ");
}

function obstacle(
  now: TaxiState,
  wanted: readonly Direction[],
  best: ActionName,
): string {
  const wall = wanted.find((direction) => blocked(now.row, now.column, direction));
  if (wall !== undefined) return `A wall blocks ${wall}.`;
  const detour = wanted.length > 0 &&
    !wanted.some((direction) => direction === best);
  return detour ? "A wall stands in between." : "";
}

function resolve(best: ActionName): string {
  switch (best) {
    case "pickup":
      return "So I pick up.";
    case "dropoff":
      return "So I drop off.";
    default:
      return `So I go ${best}.`;
  }
}
