/**
 * The teacher's comment, as a player would think it: whether the last action was a mistake or the ice
 * carried the player elsewhere, where the goal lies, which holes are beside, and so what to do next.
 *
 * It depends on nothing but what the player is shown, so a model that reads the prompt can learn it. At
 * most 25 words; no digits, which could be taken for labels.
 * @module
 */
import { type ActionName, type Lake, letterAt, placeOf } from "./dynamics.ts";
import { cellsOf } from "./maps.ts";
import { holesBeside, type Move } from "./prompt.ts";

const NUMBERS = [
  ..."no one two three four five six seven eight nine ten eleven twelve".split(" "),
  ..."thirteen fourteen fifteen".split(" "),
];

/** The comment on `cell` before the action `best`; `last` is the move that led there, if it is shown. */
export function remarkOn(
  lake: Lake,
  cell: number,
  best: ActionName,
  last: (Move & { readonly mistaken: boolean }) | undefined,
): string {
  return [
    last === undefined ? "" : lookBack(last),
    whereIsGoal(lake, cell),
    dangers(holesBeside(lake, cell)),
    `So I go ${best}.`,
  ].filter((sentence) => sentence !== "").join(" ");
}

function lookBack({ action, went, mistaken }: Move & { readonly mistaken: boolean }): string {
  if (mistaken) return `Going ${action} was a mistake.`;
  return went === undefined || went === action ? "" : `The ice carried me ${went}.`;
}

function whereIsGoal(lake: Lake, cell: number): string {
  const here = placeOf(lake, cell);
  const goal = placeOf(lake, cellsOf(lake).find((cell) => letterAt(lake, cell) === "G")!);
  const [down, right] = [goal.row - here.row, goal.column - here.column];
  const parts = [
    down === 0 ? "" : `${count(down, "row")} ${down > 0 ? "down" : "up"}`,
    right === 0 ? "" : `${count(right, "column")} ${right > 0 ? "right" : "left"}`,
  ].filter((part) => part !== "");
  return `The goal is ${parts.join(" and ")}.`;
}

function count(offset: number, unit: string): string {
  const number = Math.abs(offset);
  return `${NUMBERS[number]} ${unit}${number === 1 ? "" : "s"}`;
}

function dangers(holes: readonly ActionName[]): string {
  if (holes.length === 0) return "";
  if (holes.length === 1) return `A hole lies ${holes[0]}.`;
  return `Holes lie ${holes.slice(0, -1).join(", ")} and ${holes.at(-1)}.`;
}
