/**
 * Text games behind the Environment interface: commands enumerated, horizon, teacher, snapshots. Which games there
 * are is for a {@linkcode GameSource} to say.
 *
 * A step gives 1 where it wins the game, which terminates the episode as a success, and 0 otherwise. `info.state`
 * is the game's id with the commands so far: `reset({ state })` plays them and begins a new episode there, with all
 * its steps ahead.
 * @module
 */
import { z } from "zod";
import type {
  Environment,
  Info,
  Observation,
  ResetOptions,
  ResetResult,
  Split,
  StepResult,
} from "../environment.ts";
import { splitNamed } from "../splits.ts";
import type { TextGame } from "./game.ts";
import { Guide } from "./guide.ts";
import { labelled } from "./labels.ts";
import type { Operator } from "./ground.ts";
import { Planner } from "./planner.ts";
import { remarkOn } from "./remark.ts";
import type { State } from "./state.ts";

/** A game of a source. */
export interface SourcedGame {
  /** Finds it again. */
  readonly id: string;
  /** Which kind of task it sets. */
  readonly task: string;
  /** The game. */
  readonly game: TextGame;
}

/** Where games come from. */
export interface GameSource {
  /** For messages. */
  readonly name: string;
  /** Tasks that can be asked for. */
  readonly tasks: readonly string[];
  /** Splits beside the common ones. */
  readonly splits: readonly string[];
  /** Those there are games of, where that depends on data; left out: all. */
  readonly startable?: readonly string[];
  /** Actions that only lead to others, for the teacher's comments. */
  readonly ways: ReadonlySet<string>;
  /** A game for a seed; `split` is a common one or one of its own. Throws a RangeError where task and split have none. */
  draw(seed: number, task: string, split: Split): SourcedGame;
  /** The game with this id. Throws a RangeError where there is none. */
  find(id: string): SourcedGame;
}

/** Options every text environment has. */
export interface TextOptions {
  /** Steps after which an episode is truncated; default 30. */
  readonly horizon: number;
  /** How many of the latest commands the player is shown; default 3. */
  readonly historyLength: number;
  /** True where what was answered to them is shown too; default true. */
  readonly historyFeedback: boolean;
}

/** The schema of {@linkcode TextOptions}, to be part of another. */
export const textOptions = {
  horizon: z.int().min(1).default(30).describe("Steps after which an episode is truncated."),
  historyLength: z.int().min(0).default(3).describe(
    "How many of the latest commands the player is shown.",
  ),
  historyFeedback: z.boolean().default(true).describe(
    "Whether the answers to those commands are shown too.",
  ),
};

interface Turn {
  readonly command: string;
  readonly feedback: string;
}

interface Episode {
  readonly sourced: SourcedGame;
  readonly guide: Guide;
  /** The task in words. */
  readonly goal: string;
  readonly turns: Turn[];
  /** The game's last words. */
  feedback: string;
  state: State;
  possible: Map<string, Operator>;
  steps: number;
  over: boolean;
}

/** Plays the games of one source; see the module's comment for what a step gives. */
export class TextEnvironment implements Environment {
  readonly #source: GameSource;
  readonly #options: TextOptions & { readonly task: string };
  #episode: Episode | undefined;

  /** Creates an environment with all its options given; `task` is for resets that name none. */
  constructor(source: GameSource, options: TextOptions & { readonly task: string }) {
    this.#source = source;
    this.#options = options;
  }

  /** Tasks that the source has games of; undefined where it has games of all. */
  get startableTasks(): readonly string[] | undefined {
    return this.#source.startable;
  }

  /** Starts an episode. Throws a RangeError for an unknown task or split, and for a state that is none or that is over. */
  reset(options: ResetOptions): ResetResult {
    const task = options.task ?? this.#options.task;
    if (!this.#source.tasks.includes(task)) {
      throw new RangeError(
        `expected a task of ${this.#source.name} (${this.#source.tasks.join(", ")}), got ${
          JSON.stringify(task)
        }`,
      );
    }
    const split = splitNamed(this.#source.name, options.split, this.#source.splits);
    const episode = options.state === undefined
      ? this.#begin(this.#source.draw(options.seed, task, split))
      : this.#restore(options.state);
    this.#episode = episode;
    return { observation: this.#observe(episode), info: info(episode) };
  }

  /** Gives a command by its label. Throws a RangeError for a label that is not offered, and an Error before `reset` or after the end. */
  step(label: string): StepResult {
    const episode = this.#episode;
    if (episode === undefined || episode.over) {
      throw new Error(
        `cannot step: ${
          episode === undefined ? "no episode has been started" : "the episode is over"
        }; call reset first`,
      );
    }
    const offered = labelled([...episode.possible.keys()]);
    const command = offered.find((action) => action.label === label)?.text;
    if (command === undefined) {
      throw new RangeError(
        `expected a label from "0" to "${offered.at(-1)?.label}", got ${JSON.stringify(label)}`,
      );
    }
    obey(episode, command);
    episode.steps++;
    const terminated = episode.sourced.game.won(episode.state);
    const truncated = !terminated && episode.steps >= this.#options.horizon;
    episode.over = terminated || truncated;
    return {
      observation: this.#observe(episode),
      reward: terminated ? 1 : 0,
      terminated,
      truncated,
      info: info(episode),
    };
  }

  /** The next command of the teacher's plan. Undefined after the end and where the goal cannot be reached. */
  expert(): string | undefined {
    const episode = this.#episode;
    if (episode === undefined || episode.over) return undefined;
    const next = episode.guide.advise().plan?.[0];
    if (next === undefined) return undefined;
    const command = episode.sourced.game.command(next, episode.state);
    return labelled([...episode.possible.keys()]).find(({ text }) => text === command)?.label;
  }

  /** What the teacher thinks. Undefined after the end and where the goal cannot be reached. */
  remark(): string | undefined {
    const episode = this.#episode;
    if (episode === undefined || episode.over) return undefined;
    const { history, state, actions } = this.#observe(episode);
    return remarkOn({
      game: episode.sourced.game,
      state: episode.state,
      advice: episode.guide.advise(),
      // The task names things, too, but to be told of a thing is not to have seen it.
      shown: [history, state.replaceAll(episode.goal, ""), ...actions.map(({ text }) => text)]
        .join("\n"),
      ways: this.#source.ways,
      remembers: this.#options.historyLength > 0 && episode.turns.length > 0,
    });
  }

  #begin(sourced: SourcedGame): Episode {
    const { game } = sourced;
    return {
      sourced,
      guide: new Guide(() => plannerOf(game), game.start.facts),
      goal: game.task(),
      turns: [],
      feedback: game.intro(),
      state: game.start,
      possible: game.commands(game.start),
      steps: 0,
      over: false,
    };
  }

  #restore(state: unknown): Episode {
    const { game, commands } = snapshot.safeParse(state).data ?? {};
    if (game === undefined || commands === undefined) {
      throw new RangeError(
        `expected a state of ${this.#source.name}, { game: id, commands: [ … ] }, got ${
          JSON.stringify(state)
        }`,
      );
    }
    const episode = this.#begin(this.#source.find(game));
    for (const command of commands) {
      if (!episode.possible.has(command)) {
        throw new RangeError(
          `command ${JSON.stringify(command)} is not possible in game ${game} after ${
            JSON.stringify(episode.turns.map((turn) => turn.command))
          }`,
        );
      }
      obey(episode, command);
    }
    if (episode.sourced.game.won(episode.state)) {
      throw new RangeError(`expected a state in which the task is still to be done; it is won`);
    }
    return episode;
  }

  #observe({ turns, feedback, goal, possible }: Episode): Observation {
    const { historyLength, historyFeedback } = this.#options;
    const shown = historyLength === 0 ? [] : turns.slice(-historyLength);
    const history = shown.map((turn, i) => {
      const last = i === shown.length - 1;
      return `> ${turn.command}\n` + (historyFeedback && !last ? `${turn.feedback}\n` : "");
    }).join("");
    const state = feedback.includes(goal) ? feedback : `${feedback}\n${goal}`;
    return { history, state, actions: labelled([...possible.keys()]) };
  }
}

const planners = new WeakMap<TextGame, Planner>();

/** A game's planner; environments that play the same game share it. */
function plannerOf(game: TextGame): Planner {
  let planner = planners.get(game);
  if (planner === undefined) {
    planner = new Planner(game.ground);
    planners.set(game, planner);
  }
  return planner;
}

const snapshot = z.object({ game: z.string(), commands: z.array(z.string()) });

function obey(episode: Episode, command: string): void {
  const { game } = episode.sourced;
  const { state, feedback, operator } = game.obey(command, episode.state, episode.possible);
  if (operator !== undefined) episode.guide.saw(operator, state.facts);
  episode.turns.push({ command, feedback });
  episode.feedback = feedback;
  episode.state = state;
  episode.possible = game.commands(state);
}

function info({ sourced, turns, feedback, state }: Episode): Info {
  const won = sourced.game.won(state);
  return {
    success: won,
    state: { game: sourced.id, commands: turns.map(({ command }) => command) },
    task: sourced.task,
    feedback,
    score: won ? 1 : 0,
    won,
  };
}
