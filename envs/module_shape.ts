/**
 * What an environment's module must have beside what every module has: its tasks, and splits that can be told apart.
 * @module
 */
import { shown } from "../std/shown.ts";
import { COMMON_SPLITS } from "./splits.ts";

/** What is wrong with a module as one of an environment, in a few words; undefined where nothing is. */
export function environmentProblem(module: object): string | undefined {
  const tasks: unknown = Reflect.get(module, "tasks");
  if (!isNames(tasks) || tasks.length === 0) {
    return `expected "tasks" to be a list of names, the last one the default, got ${shown(tasks)}`;
  }
  const splits: unknown = Reflect.get(module, "splits");
  if (splits === undefined) return undefined;
  const known: readonly string[] = COMMON_SPLITS;
  if (isNames(splits) && !splits.some((split) => known.includes(split))) return undefined;
  return `expected "splits" to be a list of names beside ${known.join(", ")}, each once, got ${
    shown(splits)
  }`;
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && new Set(value).size === value.length &&
    value.every((name) => typeof name === "string" && name !== "");
}
