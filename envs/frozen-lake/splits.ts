/**
 * Which starts a task has, and which of them are for training and which are kept for tests.
 *
 * Task `full` starts where the map says `S`. `halfway` and `near` start in any frozen cell whose shortest
 * way to the goal is at most two thirds, or a third, as long as that from the farthest `S` (rounded up), so
 * each task's starts include those of the one before it but for `full`.
 *
 * Random maps are split by the map: a hash of its cells makes about a quarter of all maps test maps. The
 * seed would not do, since two seeds can give one map. No state of a test episode occurs in training.
 *
 * On a fixed map the starts of a task are split, every fourth being a test start; episodes from both meet
 * on the way. Where a task has one start, as `full` has on both of Gymnasium's maps, nothing can be held
 * back: it is in both splits.
 * @module
 */
import { deriveSeed } from "../../std/random.ts";
import type { CommonSplit } from "../splits.ts";
import { isEnd, type Lake } from "./dynamics.ts";
import { cellsOf, distancesTo, randomLake, startCells } from "./maps.ts";

/** Where an episode starts: anywhere up to a third of the way from the goal, up to two thirds, at the start. */
export const TASKS = ["near", "halfway", "full"] as const;
/** Where an episode starts. */
export type LakeTask = typeof TASKS[number];

/** Random maps to try for one of the wanted split. */
const TRIES = 1000;

/** The cells in which an episode of this task may start, in ascending order, each equally likely. */
export function startsOf(lake: Lake, task: LakeTask): readonly number[] {
  const starts = startCells(lake);
  if (task === "full") return starts;
  const distances = distancesTo(lake);
  const way = Math.max(...starts.map((cell) => distances[cell]!));
  const longest = Math.ceil(way * (task === "near" ? 1 : 2) / 3);
  return cellsOf(lake).filter((cell) => !isEnd(lake, cell) && distances[cell]! <= longest);
}

/** Those of the starts on a fixed map that belong to a split. */
export function startsIn(starts: readonly number[], split: CommonSplit): readonly number[] {
  if (split === "all" || starts.length === 1) return starts;
  return starts.filter((_, index) => (index % 4 === 1) === (split === "test"));
}

/** True for maps that are kept for tests. */
export function isTestLake({ rows }: Lake): boolean {
  const letters = [...rows.join("\n")].map((letter) => letter.charCodeAt(0));
  return deriveSeed(0, ...letters) % 4 === 0;
}

/** A random map of a split. Throws a RangeError where maps of this kind are too much alike to be split. */
export function drawLake(seed: number, size: number, frozen: number, split: CommonSplit): Lake {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const lake = randomLake(deriveSeed(seed, attempt), size, frozen);
    if (split === "all" || isTestLake(lake) === (split === "test")) return lake;
  }
  throw new RangeError(
    `${TRIES} random maps of size ${size} with frozen ${frozen} are all in the other split than ` +
      `"${split}": make size greater, or frozen smaller`,
  );
}
