/**
 * Gymnasium's FrozenLake (v1) as pure functions over a map: where an action may lead, how likely, and
 * what it earns. No chance is taken here.
 * @module
 */

/** The actions, in Gymnasium's order: the index is the action. */
export const ACTIONS = ["left", "down", "right", "up"] as const;

/** Probability of going where one meant to on slippery ice, and of going to either side: Gymnasium's, to the last digit. */
const AHEAD = 1 / 3;
const ASIDE = (1 - AHEAD) / 2;

/** Name of an action. */
export type ActionName = typeof ACTIONS[number];

/** A map: `S` start, `F` frozen, `H` hole, `G` goal. */
export interface Lake {
  /** The rows, top to bottom, each as long as the others. */
  readonly rows: readonly string[];
  /** Number of rows. */
  readonly height: number;
  /** Number of columns. */
  readonly width: number;
}

/** One way an action may turn out. */
export interface Outcome {
  /** How likely it is. The outcomes of an action add up to 1; two of them may lead to one cell. */
  readonly probability: number;
  /** The next cell. */
  readonly cell: number;
  /** 1 on reaching the goal, else 0. */
  readonly reward: number;
  /** True in a hole and on the goal. */
  readonly terminated: boolean;
}

/** The row and column of a cell, both from 0 at the top left. */
export function placeOf(lake: Lake, cell: number): { row: number; column: number } {
  return { row: Math.floor(cell / lake.width), column: cell % lake.width };
}

/** What a cell is. Cells are numbered as Gymnasium's states: row × width + column. Throws a RangeError for what is none. */
export function letterAt(lake: Lake, cell: number): string {
  if (!Number.isInteger(cell) || cell < 0 || cell >= lake.height * lake.width) {
    throw new RangeError(
      `expected a cell of the lake, a whole number from 0 to ${
        lake.height * lake.width - 1
      }, got ${cell}`,
    );
  }
  const { row, column } = placeOf(lake, cell);
  return lake.rows[row]!.charAt(column);
}

/** The cell one step away in this direction; the same cell at the map's edge. */
export function neighbour(lake: Lake, cell: number, direction: number): number {
  const { row, column } = placeOf(lake, cell);
  switch (ACTIONS[direction]) {
    case "left":
      return column > 0 ? cell - 1 : cell;
    case "down":
      return row < lake.height - 1 ? cell + lake.width : cell;
    case "right":
      return column < lake.width - 1 ? cell + 1 : cell;
    case "up":
      return row > 0 ? cell - lake.width : cell;
    default:
      throw new RangeError(`expected an action, 0 to 3, got ${direction}`);
  }
}

/**
 * What `action` (0 to 3) may do in `cell`, as in Gymnasium's own transition table and in its order: on
 * slippery ice it may turn out as the one before it in {@linkcode ACTIONS}, as itself or as the one after
 * it. Holes and goals keep the player.
 */
export function outcomesOf(
  lake: Lake,
  cell: number,
  action: number,
  slippery: boolean,
): Outcome[] {
  if (isEnd(lake, cell)) return [{ probability: 1, cell, reward: 0, terminated: true }];
  if (!slippery) return [outcome(lake, cell, action, 1)];
  return [
    outcome(lake, cell, (action + 3) % 4, ASIDE),
    outcome(lake, cell, action, AHEAD),
    outcome(lake, cell, (action + 1) % 4, ASIDE),
  ];
}

function outcome(lake: Lake, cell: number, direction: number, probability: number): Outcome {
  const next = neighbour(lake, cell, direction);
  const reward = letterAt(lake, next) === "G" ? 1 : 0;
  return { probability, cell: next, reward, terminated: isEnd(lake, next) };
}

/** True in a hole and on the goal. */
export function isEnd(lake: Lake, cell: number): boolean {
  const letter = letterAt(lake, cell);
  return letter === "H" || letter === "G";
}
