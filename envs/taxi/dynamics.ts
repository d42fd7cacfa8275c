/**
 * Gymnasium's Taxi (v3, neither rainy nor fickle) as one pure function over its 500 states.
 * @module
 */

/** The four stands, in the order in which states number them. */
export const STANDS = [
  { name: "R", row: 0, column: 0 },
  { name: "G", row: 0, column: 4 },
  { name: "Y", row: 4, column: 0 },
  { name: "B", row: 4, column: 3 },
] as const;

/** Rows of the map, and columns. */
export const SIZE = 5;
/** Number of encodable states. */
export const STATES = 500;
/** `passenger` of a state in which the passenger sits in the taxi. */
export const ABOARD = 4;

/** The actions, in Gymnasium's order: the index is the action. */
export const ACTIONS = [
  "south",
  "north",
  "east",
  "west",
  "pickup",
  "dropoff",
] as const;

/** Name of an action. */
export type ActionName = typeof ACTIONS[number];
/** A direction of travel: the first four actions. */
export type Direction = "south" | "north" | "east" | "west";
/** The directions, in the order of the actions. */
export const DIRECTIONS: readonly Direction[] = [
  "south",
  "north",
  "east",
  "west",
];

/** The map as Gymnasium draws it: `|` between two cells is a wall, `:` an open side. */
export const MAP = [
  "+---------+",
  "|R: | : :G|",
  "| : | : : |",
  "| : : : : |",
  "| | : | : |",
  "|Y| : |B: |",
  "+---------+",
] as const;

/** A state in its parts. */
export interface TaxiState {
  /** The taxi's row, 0 (north) to 4. */
  readonly row: number;
  /** The taxi's column, 0 (west) to 4. */
  readonly column: number;
  /** Index of the stand where the passenger waits, or {@linkcode ABOARD}. */
  readonly passenger: number;
  /** Index of the stand the passenger wants to reach. */
  readonly destination: number;
}

/** What an action leads to in Gymnasium, before the dangerous rule and before scaling. */
export interface Transition {
  /** The next state. */
  readonly state: number;
  /** −1, 20 for a delivery, −10 for an illegal pickup or drop-off. */
  readonly reward: number;
  /** True for a delivery. */
  readonly terminated: boolean;
}

/** Gymnasium's number of a state, 0 to 499. */
export function encode(state: TaxiState): number {
  const cell = state.row * SIZE + state.column;
  return (cell * 5 + state.passenger) * 4 + state.destination;
}

/** The parts of Gymnasium's number of a state. Throws a RangeError for what is not one. */
export function decode(state: number): TaxiState {
  if (!Number.isInteger(state) || state < 0 || state >= STATES) {
    throw new RangeError(
      `expected a Taxi state, a whole number from 0 to ${STATES - 1}, got ${state}`,
    );
  }
  const cell = Math.floor(state / 20);
  return {
    row: Math.floor(cell / SIZE),
    column: cell % SIZE,
    passenger: Math.floor(state / 4) % 5,
    destination: state % 4,
  };
}

/** The stand with this index. */
export function stand(index: number): typeof STANDS[number] {
  const found = STANDS[index];
  if (found === undefined) {
    throw new RangeError(`expected a stand, 0 to 3, got ${index}`);
  }
  return found;
}

/** Index of the stand in this cell, or undefined. */
export function standAt(row: number, column: number): number | undefined {
  const index = STANDS.findIndex((stand) => stand.row === row && stand.column === column);
  return index < 0 ? undefined : index;
}

/** True where a wall or the map's edge stops a taxi that leaves this cell in this direction. */
export function blocked(
  row: number,
  column: number,
  direction: Direction,
): boolean {
  if (direction === "south") return row === SIZE - 1;
  if (direction === "north") return row === 0;
  const side = 2 * column + (direction === "east" ? 2 : 0);
  return MAP[row + 1]?.[side] !== ":";
}

/** What `action` (0 to 5) does in `state` (0 to 499), as in Gymnasium's own transition table. */
export function transition(state: number, action: number): Transition {
  const now = decode(state);
  const name = ACTIONS[action];
  if (name === undefined) {
    throw new RangeError(`expected an action, 0 to 5, got ${action}`);
  }
  if (name === "pickup") return pickUp(state, now);
  if (name === "dropoff") return dropOff(state, now);
  return {
    state: encode(move(now, name)),
    reward: -1,
    terminated: false,
  };
}

function move(now: TaxiState, direction: Direction): TaxiState {
  if (blocked(now.row, now.column, direction)) return now;
  switch (direction) {
    case "south":
      return { ...now, row: now.row + 1 };
    case "north":
      return { ...now, row: now.row - 1 };
    case "east":
      return { ...now, column: now.column + 1 };
    case "west":
      return { ...now, column: now.column - 1 };
  }
}

function pickUp(state: number, now: TaxiState): Transition {
  if (
    now.passenger !== ABOARD &&
    standAt(now.row, now.column) === now.passenger
  ) {
    return {
      state: encode({ ...now, passenger: ABOARD }),
      reward: -1,
      terminated: false,
    };
  }
  return { state, reward: -10, terminated: false };
}

function dropOff(state: number, now: TaxiState): Transition {
  const here = standAt(now.row, now.column);
  if (now.passenger !== ABOARD || here === undefined) {
    return { state, reward: -10, terminated: false };
  }
  const delivered = here === now.destination;
  return {
    state: encode({ ...now, passenger: here }),
    reward: delivered ? 20 : -1,
    terminated: delivered,
  };
}
