/**
 * Which homes there are: generated, checked by the planner, and kept apart for training and tests.
 *
 * What a home is made of decides where it belongs, by a fixed hash. A quarter of all sets of furniture are unseen
 * homes, kept for tests. In the other homes, a quarter of the situations (what lies where, what is to be done) are
 * kept for tests, too: known home, unseen situation. So no training game is a test game, whatever the seed.
 * @module
 */
import type { Split } from "../environment.ts";
import type { GameSource, SourcedGame } from "../textworld/environment.ts";
import { TextGame } from "../textworld/game.ts";
import { Planner } from "../textworld/planner.ts";
import { Recent } from "../textworld/recent.ts";
import { Random } from "../../std/random.ts";
import { householdDomain } from "./domain.ts";
import { drawHome, type Home, HOUSEHOLD_TASKS, type HouseholdTask } from "./home.ts";
import { problemOf, taskOf } from "./problem.ts";
import { householdGrammar, type Wording } from "./wording.ts";

/** Any of the tasks. */
export const ANY_TASK = "all";
/** Where a game belongs. */
export type Part = "train" | HeldOut;
/** Splits beside `train` and `test`, which is all of them together: known homes, and homes new to the player. */
export const HELD_OUT = ["seen", "unseen"] as const;
/** What a game that is kept for tests belongs to. */
export type HeldOut = typeof HELD_OUT[number];

const KEPT = 64;
const SEEDS = 2 ** 32;
/** Draws after which something is wrong: a quarter of them fit. */
const PATIENCE = 10_000;

/** How games are made. */
export interface GameOptions {
  /** Pieces of furniture. */
  readonly furniture: number;
  /** Things. */
  readonly things: number;
  /** How much is said. */
  readonly wording: Wording;
  /** Whether there are actions that only look. */
  readonly senses: boolean;
}

/** Where a home belongs. */
export function partOf(home: Home): Part {
  if (hash(home.furniture.map(({ id }) => id).join(" ")) % 4 === 0) return "unseen";
  return hash(problemOf(home)) % 4 === 0 ? "seen" : "train";
}

/** Whether games of a part are in a split. */
function isIn(split: Split, part: Part): boolean {
  return split === "test" ? part !== "train" : part === split;
}

/** A number from a text, the same everywhere: FNV-1a, mixed so that its low bits are good. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) >>> 16;
}

const known = new Map<string, Recent<SourcedGame | undefined>>();

/** Where games of these options are kept: a large one takes megabytes, and a trainer makes dozens of environments. */
function gamesOf({ furniture, things, wording, senses }: GameOptions) {
  const key = JSON.stringify([furniture, things, wording, senses]);
  const games = known.get(key) ?? new Recent<SourcedGame | undefined>(KEPT);
  known.set(key, games);
  return games;
}

/** The games of the household. */
export class HouseholdGames implements GameSource {
  /** For messages. */
  readonly name = "household";
  /** The six tasks, and any. */
  readonly tasks: readonly string[] = [...HOUSEHOLD_TASKS, ANY_TASK];
  /** Known homes, and new ones. */
  readonly splits: readonly string[] = HELD_OUT;
  /** Going and opening. */
  readonly ways: ReadonlySet<string> = new Set(["go", "open"]);
  readonly #options: GameOptions;
  readonly #games: Recent<SourcedGame | undefined>;

  /** For homes of one size, told in one way. */
  constructor(options: GameOptions) {
    this.#options = options;
    this.#games = gamesOf(options);
  }

  /** A game for a seed; one without a way to its goal is never drawn. */
  draw(seed: number, task: string, split: Split): SourcedGame {
    const random = new Random(seed);
    for (let tries = 0; tries < PATIENCE; tries++) {
      const own = HOUSEHOLD_TASKS.find((name) => name === task) ?? random.pick(HOUSEHOLD_TASKS);
      const number = random.below(SEEDS);
      if (split !== "all" && !isIn(split, partOf(drawHome(number, own, this.#options)))) continue;
      const game = this.#game(own, number);
      if (game !== undefined) return game;
    }
    throw new RangeError(
      `found no home with ${this.#options.furniture} pieces of furniture and ${this.#options.things} things for task "${task}" in ${PATIENCE} draws`,
    );
  }

  /** The game with this id, as `pick-and-place/4x5/123`: task, size, number. */
  find(id: string): SourcedGame {
    const { furniture, things } = this.#options;
    const [task, size, number] = id.split("/");
    const own = HOUSEHOLD_TASKS.find((name) => name === task);
    const seed = Number(number);
    const known = own !== undefined && Number.isSafeInteger(seed) && number !== "" &&
      size === `${furniture}x${things}`;
    const game = known ? this.#game(own, seed) : undefined;
    if (game !== undefined) return game;
    throw new RangeError(
      `expected the id of a household game of this size, TASK/${furniture}x${things}/NUMBER, got ${
        JSON.stringify(id)
      }`,
    );
  }

  #game(task: HouseholdTask, seed: number): SourcedGame | undefined {
    const { furniture, things, wording, senses } = this.#options;
    const id = `${task}/${furniture}x${things}/${seed}`;
    return this.#games.get(id, () => {
      const home = drawHome(seed, task, this.#options);
      const texts = {
        domain: householdDomain(senses),
        problem: problemOf(home),
        grammar: householdGrammar(wording),
        task: taskOf(home, wording === "brief"),
        source: `home ${id}`,
      };
      const game = new TextGame(
        texts,
        ({ objects }) => new Map(objects.map(({ name }) => [name, name.replaceAll("_", " ")])),
      );
      const plan = new Planner(game.ground).plan(game.start.facts);
      return plan === undefined || plan.length === 0 ? undefined : { id, task, game };
    });
  }
}
