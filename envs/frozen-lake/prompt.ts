/**
 * What the player reads: short, so that a small model can, and complete, so that it can decide.
 *
 * Style `words`: `Player row 2 column 0. Goal row 3 column 3. Holes beside down. Edges left. All holes
 * 1 1, 1 3, 2 3, 3 0.` (row and column of each). Style `grid`: the map, cells apart so that each can be a
 * token, with `P` for the player.
 *
 * Before it stands what happened: `Path down, right stayed.`, on slippery ice also where a step went, as in
 * `down slid left`, and how many steps are left, since what is best depends on it.
 * @module
 */
import type { Observation } from "../environment.ts";
import { type ActionName, ACTIONS, type Lake, letterAt, neighbour, placeOf } from "./dynamics.ts";
import { cellsOf } from "./maps.ts";

/** How the situation is put: in sentences, or drawn. */
export type PromptStyle = "words" | "grid";

/** A step that was taken. */
export interface Move {
  /** What the player chose. */
  readonly action: ActionName;
  /** Where it went; undefined where the player stayed in the cell. */
  readonly went: ActionName | undefined;
}

/** What there is to see. */
export interface Scene {
  /** The map. */
  readonly lake: Lake;
  /** Where the player is. */
  readonly cell: number;
  /** Whether the ice slips. */
  readonly slippery: boolean;
  /** Steps until the episode is truncated. */
  readonly left: number;
  /** The latest moves, oldest first, as many as the player is shown. */
  readonly path: readonly Move[];
  /** How the situation is put. */
  readonly style: PromptStyle;
  /** Whether the rules are told. */
  readonly instructions: boolean;
}

const OFFERED = ACTIONS.map((text, index) => ({ label: String(index), text }));

/** What the player sees. */
export function observe(scene: Scene): Observation {
  const { lake, cell, slippery, left, path, style } = scene;
  const separator = style === "grid" ? "\n" : " ";
  const before = [
    scene.instructions ? rules(slippery) : "",
    slippery ? `Steps left ${left}.` : "",
    path.length === 0 ? "" : `Path ${path.map(tell).join(", ")}.`,
  ];
  return {
    history: before.filter((text) => text !== "").map((text) => text + separator).join(""),
    state: style === "grid" ? draw(lake, cell) : describe(lake, cell),
    actions: OFFERED.map((action) => ({ ...action })),
  };
}

function rules(slippery: boolean): string {
  return "Cross the frozen lake to the goal and fall into no hole." +
    (slippery ? " The ice is slippery: a step may slide to either side of its direction." : "");
}

function tell({ action, went }: Move): string {
  if (went === undefined) return `${action} stayed`;
  return went === action ? action : `${action} slid ${went}`;
}

function describe(lake: Lake, cell: number): string {
  const all = cellsOf(lake);
  const goal = all.find((cell) => letterAt(lake, cell) === "G")!;
  const holes = all.filter((cell) => letterAt(lake, cell) === "H").map((cell) => {
    const { row, column } = placeOf(lake, cell);
    return `${row} ${column}`;
  });
  return [
    `Player ${place(lake, cell)}. Goal ${place(lake, goal)}.`,
    `Holes beside ${list(holesBeside(lake, cell), " ")}.`,
    `Edges ${
      list(ACTIONS.filter((_, direction) => neighbour(lake, cell, direction) === cell), " ")
    }.`,
    `All holes ${list(holes, ", ")}.`,
  ].join(" ");
}

/** The directions in which a hole is next to the cell, in the order of the actions. */
export function holesBeside(lake: Lake, cell: number): ActionName[] {
  return ACTIONS.filter((_, direction) => {
    return letterAt(lake, neighbour(lake, cell, direction)) === "H";
  });
}

function list(items: readonly string[], separator: string): string {
  return items.length === 0 ? "none" : items.join(separator);
}

function place(lake: Lake, cell: number): string {
  const { row, column } = placeOf(lake, cell);
  return `row ${row} column ${column}`;
}

function draw(lake: Lake, cell: number): string {
  const here = placeOf(lake, cell);
  const map = lake.rows.map((letters, row) =>
    [...letters].map((letter, column) => {
      return row === here.row && column === here.column ? "P" : letter;
    }).join(" ")
  );
  return [...map, `Player P ${place(lake, cell)}.`].join("\n");
}
