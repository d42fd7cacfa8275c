/**
 * What the player reads: short, so that a small model can, and complete, so that it can decide.
 *
 * Style `words`: `Taxi row 2 column 3. Passenger R row 0 column 0. Destination B. Walls north west.`
 * (`Passenger aboard. Destination B row 4 column 3.` during the ride). Style `grid`: the map with the
 * taxi drawn in, and a line on who is where. Before it stand the rules, where they are wanted, and the
 * latest actions.
 * @module
 */
import type { Observation } from "../environment.ts";
import {
  ABOARD,
  type ActionName,
  ACTIONS,
  blocked,
  decode,
  DIRECTIONS,
  MAP,
  stand,
  standAt,
  type TaxiState,
} from "./dynamics.ts";
import type { TaxiTask } from "./plan.ts";

/** How the situation is put: in sentences, or drawn. */
export type PromptStyle = "words" | "grid";

/** The six actions, always all of them: part of the danger is that illegal ones are on offer. */
const OFFERED = ACTIONS.map((text, index) => ({ label: String(index), text }));

const RULES: Readonly<Record<TaxiTask, string>> = {
  pickup: "Drive to the passenger and pick them up.",
  dropoff: "Drive to the destination and drop the passenger off.",
  full: "Drive to the passenger, pick them up, drive to the destination and drop them off.",
};
const DANGER = "An action without effect ends the episode as a failure.";

/**
 * What the player sees in `state` after having taken the actions of `path`, oldest first; the rules of
 * task `rules` before it, where one is given.
 */
export function observe(
  state: number,
  path: readonly ActionName[],
  style: PromptStyle,
  rules?: TaxiTask,
): Observation {
  const now = decode(state);
  const separator = style === "grid" ? "\n" : " ";
  const told = rules === undefined ? "" : `${RULES[rules]} ${DANGER}${separator}`;
  const taken = path.length === 0 ? "" : `Path ${path.join(" ")}.${separator}`;
  return {
    history: told + taken,
    state: style === "grid" ? draw(now) : describe(now),
    actions: OFFERED.map((action) => ({ ...action })),
  };
}

function describe(now: TaxiState): string {
  const target = stand(now.destination);
  const walls = DIRECTIONS.filter((direction) => blocked(now.row, now.column, direction));
  return [
    `Taxi row ${now.row} column ${now.column}.`,
    now.passenger === ABOARD
      ? `Passenger aboard. Destination ${place(target)}.`
      : `Passenger ${place(stand(now.passenger))}. Destination ${target.name}.`,
    `Walls ${walls.length === 0 ? "none" : walls.join(" ")}.`,
  ].join(" ");
}

function place(at: { name: string; row: number; column: number }): string {
  return `${at.name} row ${at.row} column ${at.column}`;
}

/** The map with `T` for the taxi. The line below says what the taxi hides. */
function draw(now: TaxiState): string {
  const map = MAP.map((line, index) => {
    if (index !== now.row + 1) return line;
    const cell = 2 * now.column + 1;
    return line.slice(0, cell) + "T" + line.slice(cell + 1);
  });
  const here = standAt(now.row, now.column);
  const taxi = here === undefined ? "Taxi T" : `Taxi T at ${stand(here).name}`;
  const passenger = now.passenger === ABOARD ? "aboard" : stand(now.passenger).name;
  const destination = stand(now.destination).name;
  return [
    ...map,
    `${taxi}. Passenger ${passenger}. Destination ${destination}.`,
  ].join("\n");
}
