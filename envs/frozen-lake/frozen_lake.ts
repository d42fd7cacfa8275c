/**
 * FrozenLake: Gymnasium's FrozenLake-v1 as text. Cross the ice to the goal; a hole ends the episode.
 *
 * - `dynamics.ts` Gymnasium's transition table as pure functions over a map
 * - `maps.ts` Gymnasium's maps, a user's own, and random ones that can be solved
 * - `plan.ts` what is best, for the teacher
 * - `splits.ts` the tasks' starts, and which maps and starts are for training and which for tests
 * - `prompt.ts` what the player reads
 * - `remark.ts` the teacher's comment
 * - this file: options, chance and the episode behind the Environment interface
 *
 * Rewards are Gymnasium's: 1 for the step onto the goal, else 0. Goal (a success) and hole (a failure) are
 * terminated; the horizon is truncated, where its last step does not end the episode anyway.
 *
 * `info.state` is Gymnasium's integer, row × width + column; with random maps `{ map, cell }`, the rows and
 * that integer. It does not hold the steps taken nor the chance to come: `reset({ seed, state })` begins a
 * new episode there, with all its steps, and the seed decides how the ice slips. `info.map` are the rows.
 * @module
 */
import { z } from "zod";
import type {
  Environment,
  EnvironmentModule,
  Info,
  Observation,
  ResetOptions,
  ResetResult,
  StepResult,
} from "../environment.ts";
import { type CommonSplit, splitNamed } from "../splits.ts";
import { deriveSeed, Random } from "../../std/random.ts";
import { ACTIONS, isEnd, type Lake, letterAt, neighbour, outcomesOf } from "./dynamics.ts";
import { LARGEST, type MapName, mapProblem, namedLake, readLake } from "./maps.ts";
import { makePlan, type Plan } from "./plan.ts";
import { type Move, observe, type PromptStyle } from "./prompt.ts";
import { remarkOn } from "./remark.ts";
import { drawLake, type LakeTask, startsIn, startsOf, TASKS } from "./splits.ts";

/** Options of FrozenLake, defaults filled in. */
export interface FrozenLakeOptions {
  /** Where to start where `reset` names no task; default `full`. */
  readonly task: LakeTask;
  /** A map of Gymnasium's, rows of one's own, or another random one each episode; default `4x4`. */
  readonly map: MapName | "random" | readonly string[];
  /** Rows and columns of random maps; default 4. */
  readonly size: number;
  /** Probability that a cell of a random map is frozen and no hole; default 0.8. */
  readonly frozen: number;
  /** Whether a step may go to either side of its direction, each with a third; default true. */
  readonly slippery: boolean;
  /** Steps after which an episode is truncated; Gymnasium's where undefined: 100 up to 16 cells, else 200. */
  readonly horizon?: number | undefined;
  /** How many of the latest moves the player is shown; default 3. */
  readonly historyLength: number;
  /** How the situation is put; default `words`. */
  readonly prompt: PromptStyle;
  /** Whether the rules stand before it; default false. */
  readonly instructions: boolean;
}

const ownMap = z.array(z.string()).superRefine((rows, context) => {
  const message = mapProblem(rows);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

const frozenLakeOptions = z.strictObject({
  task: z.enum(TASKS).default("full").describe(
    "Where to start: at most a third of the way from the goal, at most two thirds, or at the map's S; `reset({ task })` overrides it.",
  ),
  map: z.union([z.enum(["4x4", "8x8", "random"]), ownMap]).default("4x4").describe(
    "A map of Gymnasium's, another random one each episode, or rows of S (start), F (frozen), H (hole) and G (goal).",
  ),
  size: z.int().min(3).max(LARGEST).default(4).describe("Rows and columns of random maps."),
  frozen: z.number().min(0).max(1).default(0.8).describe(
    "Probability that a cell of a random map is frozen and no hole.",
  ),
  slippery: z.boolean().default(true).describe(
    "Whether a step may go to either side of its direction, each with a third.",
  ),
  horizon: z.int().min(1).max(1000).optional().describe(
    "Steps after which an episode is truncated; left out: 100 on maps of up to 16 cells, else 200.",
  ),
  historyLength: z.int().min(0).default(3).describe(
    "How many of the latest moves the player is shown.",
  ),
  prompt: z.enum(["words", "grid"]).default("words").describe(
    "Sentences, or the map drawn with letters.",
  ),
  instructions: z.boolean().default(false).describe("Whether the rules stand before it."),
});

interface Episode {
  readonly task: LakeTask;
  readonly lake: Lake;
  readonly horizon: number;
  /** How the ice slips. */
  readonly random: Random;
  cell: number;
  /** All moves so far, oldest first. */
  readonly path: Move[];
  /** Made when the teacher is first asked: players do without. */
  plan?: Plan;
  /** Cell and action of the last step. */
  last?: { readonly cell: number; readonly action: number };
  over: boolean;
}

/** One FrozenLake; see the module's comment for what a step gives. */
export class FrozenLakeEnvironment implements Environment {
  readonly #options: FrozenLakeOptions;
  /** The map of every episode; undefined with random maps. */
  readonly #fixed: Lake | undefined;
  #episode: Episode | undefined;

  /** Creates a lake with all its options given. Throws a RangeError for a map of one's own that is none. */
  constructor(options: FrozenLakeOptions) {
    const { map } = options;
    this.#options = options;
    if (map !== "random") {
      this.#fixed = typeof map === "string" ? namedLake(map) : readLake(map);
    }
  }

  /** Starts an episode. Throws a RangeError for a task or split it does not have, and for a state that is none or an end. */
  reset({ seed, task: named, state, split: wanted }: ResetOptions): ResetResult {
    const task = taskNamed(named ?? this.#options.task);
    const split = splitNamed("frozen-lake", wanted);
    const { lake, cell } = state === undefined
      ? this.#draw(seed, task, split)
      : startingState(state, this.#fixed);
    const episode: Episode = {
      task,
      lake,
      horizon: this.#options.horizon ?? (lake.height * lake.width > 16 ? 200 : 100),
      random: new Random(deriveSeed(seed, 1)),
      cell,
      path: [],
      over: false,
    };
    // The plan of a map that stays the same is worth keeping.
    if (this.#fixed !== undefined && this.#episode?.plan) episode.plan = this.#episode.plan;
    this.#episode = episode;
    return { observation: this.#observe(episode), info: this.#info(episode) };
  }

  /** Takes an action. Throws a RangeError for an unknown label and an Error before `reset` or after the end. */
  step(label: string): StepResult {
    const episode = this.#running();
    const action = ACTIONS.findIndex((_, index) => String(index) === label);
    if (action < 0) {
      throw new RangeError(
        `expected a label from "0" to "${ACTIONS.length - 1}", got ${JSON.stringify(label)}`,
      );
    }
    const { lake, cell, random } = episode;
    const outcome = random.pick(outcomesOf(lake, cell, action, this.#options.slippery));
    const went = ACTIONS.find((_, direction) => neighbour(lake, cell, direction) === outcome.cell);
    episode.cell = outcome.cell;
    episode.last = { cell, action };
    episode.path.push({
      action: ACTIONS[action]!,
      went: outcome.cell === cell ? undefined : went,
    });
    const { reward, terminated } = outcome;
    const truncated = !terminated && episode.path.length >= episode.horizon;
    episode.over = terminated || truncated;
    const observation = this.#observe(episode);
    return { observation, reward, terminated, truncated, info: this.#info(episode) };
  }

  /**
   * The action with which success within the steps left is most probable: a shortest way where the ice
   * does not slip. The lowest label where several are. Undefined after the end.
   */
  expert(): string | undefined {
    const best = this.#best();
    return best === undefined ? undefined : String(best);
  }

  /** What went wrong, where the goal lies, which holes are beside, what to do. Undefined after the end. */
  remark(): string | undefined {
    const episode = this.#episode;
    const best = this.#best();
    if (episode === undefined || best === undefined) return undefined;
    const { lake, cell, last } = episode;
    const move = this.#options.historyLength === 0 ? undefined : episode.path.at(-1);
    const shown = move === undefined || last === undefined ? undefined : {
      ...move,
      mistaken: this.#plan(episode).mistaken(last.cell, last.action, this.#left(episode) + 1),
    };
    return remarkOn(lake, cell, ACTIONS[best]!, shown);
  }

  #draw(seed: number, task: LakeTask, split: CommonSplit) {
    const { size, frozen } = this.#options;
    const lake = this.#fixed ?? drawLake(deriveSeed(seed, 2), size, frozen, split);
    const starts = startsOf(lake, task);
    const drawn = this.#fixed === undefined ? starts : startsIn(starts, split);
    return { lake, cell: new Random(seed).pick(drawn) };
  }

  #plan(episode: Episode): Plan {
    episode.plan ??= makePlan(episode.lake, this.#options.slippery, episode.horizon);
    return episode.plan;
  }

  #best(): number | undefined {
    const episode = this.#episode;
    if (episode === undefined || episode.over) return undefined;
    return this.#plan(episode).best(episode.cell, this.#left(episode));
  }

  #left({ horizon, path }: Episode): number {
    return horizon - path.length;
  }

  #observe(episode: Episode): Observation {
    const { slippery, historyLength, prompt, instructions } = this.#options;
    const { lake, cell, path } = episode;
    return observe({
      lake,
      cell,
      slippery,
      left: this.#left(episode),
      path: historyLength === 0 ? [] : path.slice(-historyLength),
      style: prompt,
      instructions,
    });
  }

  #info({ lake, cell, task }: Episode): Info {
    return {
      success: letterAt(lake, cell) === "G",
      state: this.#fixed === undefined ? { map: lake.rows, cell } : cell,
      task,
      map: lake.rows,
    };
  }

  #running(): Episode {
    const episode = this.#episode;
    if (episode === undefined || episode.over) {
      throw new Error(
        `cannot step: ${
          episode === undefined ? "no episode has been started" : "the episode is over"
        }; call reset first`,
      );
    }
    return episode;
  }
}

function taskNamed(name: string): LakeTask {
  const task = TASKS.find((task) => task === name);
  if (task === undefined) {
    throw new RangeError(
      `expected a task of frozen-lake (${TASKS.join(", ")}), got ${JSON.stringify(name)}`,
    );
  }
  return task;
}

const randomState = z.strictObject({ map: z.array(z.string()), cell: z.number() });

/** The map and the cell to start in. `fixed` is the map where it is always the same. */
function startingState(state: unknown, fixed: Lake | undefined): { lake: Lake; cell: number } {
  const parsed = fixed === undefined
    ? randomState.safeParse(state).data
    : { map: fixed.rows, cell: z.number().safeParse(state).data };
  if (parsed?.cell === undefined) {
    throw new RangeError(
      `expected a state of frozen-lake, ${
        fixed === undefined
          ? 'with random maps like {"map":["SF","FG"],"cell":0}'
          : "the number of a cell, row × width + column"
      }, got ${JSON.stringify(state)}`,
    );
  }
  const lake = fixed ?? readLake(parsed.map);
  if (isEnd(lake, parsed.cell)) {
    throw new RangeError(
      `expected a cell to go on from, got ${parsed.cell}, which is ${
        letterAt(lake, parsed.cell) === "G" ? "the goal" : "a hole"
      }`,
    );
  }
  return { lake, cell: parsed.cell };
}

/** FrozenLake as a workflow names it. */
export const frozenLake: EnvironmentModule<FrozenLakeOptions> = {
  name: "frozen-lake",
  version: "1",
  description:
    "FrozenLake: cross the ice to the goal around the holes, on Gymnasium's maps, random ones or one's own.",
  with: frozenLakeOptions,
  tasks: TASKS,
  make: (options) => new FrozenLakeEnvironment(options),
};
