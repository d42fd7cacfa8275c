/**
 * Household: homes generated from a seed, and ALFWorld's six kinds of task in them, with nothing to download.
 *
 * - `kinds.ts` furniture and things; `home.ts` a home drawn from a seed
 * - `domain.ts` what can be done, in PDDL; `problem.ts` a home as a PDDL problem; `wording.ts` the grammars
 * - `games.ts` which homes are for training and which for tests
 * - this file: the environment behind its options
 *
 * The engine is in `textworld/`. A small home with brief words suits a model with a short context; a large one with
 * plain words is as hard as ALFWorld's.
 * @module
 */
import { z } from "zod";
import type { EnvironmentModule } from "../environment.ts";
import { TextEnvironment, type TextOptions, textOptions } from "../textworld/environment.ts";
import { ANY_TASK, type GameOptions, HELD_OUT, HouseholdGames } from "./games.ts";
import { HOUSEHOLD_TASKS } from "./home.ts";

/** Options of the household, defaults filled in. */
export interface HouseholdOptions extends TextOptions, GameOptions {
  /** What to achieve where `reset` names no task; default `all`. */
  readonly task: string;
}

const tasks = [...HOUSEHOLD_TASKS, ANY_TASK];

const householdOptions = z.strictObject({
  task: z.enum(tasks as [string, ...string[]]).default(ANY_TASK).describe(
    "What to achieve; `reset({ task })` overrides it.",
  ),
  furniture: z.int().min(3).max(24).default(10).describe("Pieces of furniture in a home."),
  things: z.int().min(2).max(40).default(12).describe("Things in a home, a lamp included."),
  wording: z.enum(["plain", "brief"]).default("plain").describe(
    "Whole sentences, or as few words as tell it.",
  ),
  senses: z.boolean().default(true).describe(
    "Whether look, inventory and examine are among the commands.",
  ),
  ...textOptions,
});

/** The household as a workflow names it. */
export const household: EnvironmentModule<HouseholdOptions> = {
  name: "household",
  version: "2",
  description:
    "Household tasks told in text, in generated homes: find a thing, clean, heat or cool it, and put it away.",
  with: householdOptions,
  tasks,
  splits: HELD_OUT,
  make: (options) => new TextEnvironment(new HouseholdGames(options), options),
};
