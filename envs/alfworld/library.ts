/**
 * ALFWorld's game folders on disk: which games there are, and reading one.
 *
 * A game lies in `SPLIT/TASK-OBJECT-…/TRIAL/`, as `game.tw-pddl`, or as `initial_state.pddl` with
 * `traj_data.json`. Its id is that path. As in the original, games with sliced objects or movable receptacles are
 * left out, and none is drawn whose file does not say that it is solvable.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import type { Split } from "../environment.ts";
import type { GameSource, SourcedGame } from "../textworld/environment.ts";
import { type GameTexts, TextGame } from "../textworld/game.ts";
import { Recent } from "../textworld/recent.ts";
import { Random } from "../../std/random.ts";
import { alfworldNames } from "./names.ts";
import { OPEN_GOAL, TASK_TYPES, taskData, taskSentence } from "./task_text.ts";

/** Any of the tasks. */
export const ANY_TASK = "all";

const TRAINING = ["train", "valid_train"];
const TESTING = ["valid_seen", "valid_unseen"];
const EVERY = [...TRAINING, ...TESTING];
/** Folders of the splits. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  train: TRAINING,
  test: TESTING,
  all: EVERY,
  seen: ["valid_seen"],
  unseen: ["valid_unseen"],
};
/** Splits beside `train` and `test`: games in homes of training, and in homes new to the player. */
export const HELD_OUT = ["seen", "unseen"] as const;
const KEPT = 64;

/** Where the games are and how they are told. */
export interface LibraryOptions {
  /** Folder of the splits, or one that holds it as `json_…`. */
  readonly data: string;
  /** File of a PDDL domain to use in place of the games' own. */
  readonly domain?: string | undefined;
  /** File of a `.twl2` grammar to use in place of the games' own. */
  readonly grammar?: string | undefined;
}

interface Entry {
  readonly id: string;
  readonly split: string;
  readonly task: string;
}

const gameFile = z.object({
  pddl_domain: z.string(),
  pddl_problem: z.string(),
  grammar: z.string(),
  solvable: z.boolean().optional(),
});

/** The games below one folder. */
export class Library implements GameSource {
  /** For messages. */
  readonly name = "alfworld";
  /** ALFWorld's task types, and any. */
  readonly tasks: readonly string[] = [...TASK_TYPES, ANY_TASK];
  /** Homes of training, and new ones. */
  readonly splits: readonly string[] = HELD_OUT;
  /** Going and opening. */
  readonly ways: ReadonlySet<string> = new Set(["gotolocation", "openobject"]);
  /** Those the data have folders of. */
  readonly startable: readonly string[];
  readonly #options: LibraryOptions;
  readonly #root: string;
  readonly #entries: readonly Entry[];
  readonly #games = new Recent<SourcedGame | undefined>(KEPT);

  /** Lists a folder. Throws an Error where it holds no games. */
  constructor(options: LibraryOptions) {
    this.#options = options;
    this.#root = rootOf(options.data);
    this.#entries = EVERY.flatMap((split) => entriesOf(this.#root, split));
    if (this.#entries.length === 0) {
      throw new Error(
        `no ALFWorld games in ${options.data}: expected folders like train/pick_and_place_simple-…/trial_…, there or in a json_… folder`,
      );
    }
    this.startable = this.tasks.filter((task) =>
      task === ANY_TASK || this.#entries.some((entry) => entry.task === task)
    );
  }

  /** A game for a seed, from the folders of the split. */
  draw(seed: number, task: string, split: Split): SourcedGame {
    const wanted = FOLDERS[split] ?? [];
    const fitting = this.#entries.filter((entry) =>
      wanted.includes(entry.split) && (task === ANY_TASK || entry.task === task)
    );
    const random = new Random(seed);
    while (fitting.length > 0) {
      const [entry] = fitting.splice(random.below(fitting.length), 1);
      const game = entry === undefined ? undefined : this.#game(entry, true);
      if (game !== undefined) return game;
    }
    throw new RangeError(
      `${this.#root} has no playable game of task "${task}" in ${
        wanted.join(", ")
      } (it has games of: ${
        [...new Set(this.#entries.map((entry) => `${entry.task} in ${entry.split}`))].join("; ")
      })`,
    );
  }

  /** The game in this folder. */
  find(id: string): SourcedGame {
    const entry = this.#entries.find((entry) => entry.id === id);
    const game = entry === undefined ? undefined : this.#game(entry, false);
    if (game !== undefined) return game;
    throw new RangeError(`${this.#root} has no game ${JSON.stringify(id)}`);
  }

  #game(entry: Entry, solvable: boolean): SourcedGame | undefined {
    return this.#games.get(`${entry.id} ${solvable}`, () => {
      const texts = this.#texts(entry, solvable);
      if (texts === undefined) return undefined;
      return { id: entry.id, task: entry.task, game: new TextGame(texts, alfworldNames) };
    });
  }

  /** Undefined where there are no files, or, with `solvable`, where they do not say that there is a way. */
  #texts({ id }: Entry, solvable: boolean): GameTexts | undefined {
    const folder = join(this.#root, id);
    const whole = readIfThere(join(folder, "game.tw-pddl"));
    const own = whole === undefined ? undefined : readJson(whole, gameFile, `${id}/game.tw-pddl`);
    if (own !== undefined && solvable && own.solvable !== true) return undefined;
    const problem = own?.pddl_problem ?? readIfThere(join(folder, "initial_state.pddl"));
    if (problem === undefined) return undefined;
    const domain = this.#logic("domain", "alfred.pddl", own?.pddl_domain);
    const grammar = this.#logic("grammar", "alfred.twl2", own?.grammar);
    if (domain === undefined || grammar === undefined) {
      throw new Error(
        `${folder} has no game.tw-pddl, which would hold the domain and the grammar, and ${this.#options.data} has no logic/alfred.pddl and logic/alfred.twl2, where ALFWorld's download puts them: give both files with the options "domain" and "grammar"`,
      );
    }
    return { domain, problem, grammar: this.#withGoal(grammar, id), source: id };
  }

  /** A file the user names, else the game's own text, else what ALFWorld's download puts beside the games. */
  #logic(option: "domain" | "grammar", name: string, own: string | undefined): string | undefined {
    const { data, [option]: file } = this.#options;
    if (file !== undefined) return Deno.readTextFileSync(file);
    return own ?? readIfThere(join(data, "logic", name));
  }

  #withGoal(grammar: string, id: string): string {
    if (!grammar.includes(OPEN_GOAL)) return grammar;
    const file = join(this.#root, id, "traj_data.json");
    const text = readIfThere(file);
    if (text === undefined) {
      throw new Error(`the grammar leaves the goal open, and ${file}, which names it, is missing`);
    }
    return grammar.replaceAll(OPEN_GOAL, taskSentence(readJson(text, taskData, file), id));
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function readJson<T>(text: string, schema: z.ZodType<T>, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${where} is no JSON: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(`${where} is no file of ALFWorld: ${z.prettifyError(parsed.error)}`);
}

function rootOf(data: string): string {
  const newest = foldersIn(data).filter((name) => name.startsWith("json_")).at(-1);
  return newest === undefined ? data : join(data, newest);
}

function entriesOf(root: string, split: string): Entry[] {
  return foldersIn(join(root, split)).flatMap((name) => {
    const task = TASK_TYPES.find((task) => name.startsWith(`${task}-`));
    if (task === undefined || name.includes("Sliced")) return [];
    return foldersIn(join(root, split, name)).map((trial) => ({
      id: `${split}/${name}/${trial}`,
      split,
      task,
    }));
  });
}

/** Names of the folders in a folder, sorted; none where it is not there. */
function foldersIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].filter(({ isFile }) => !isFile).map(({ name }) => name)
      .sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return [];
    }
    throw error;
  }
}
