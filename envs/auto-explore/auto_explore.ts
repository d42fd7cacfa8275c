/**
 * AutoExplore: find the file that answers a question, in a read-only view of a tree of files.
 *
 * - `view.ts` the view, from which no path leads out; `ignore.ts` what it leaves out by rule
 * - `tree.ts` a tree as it was read; `facts.ts` what its files say
 * - `questions.ts`, `phrasings.ts` questions about it; `places.ts` which of them an episode may ask
 * - `walk.ts` a walk through the tree: commands, pages, outputs; `plan.ts` the shortest way
 * - `episode.ts` a walk with a question: costs, ends, state
 * - `prompt.ts` what the player reads; `remark.ts` the teacher's comment
 * - `options.ts` the options
 * - this file: all that behind the Environment interface
 *
 * What a step gives; rewards are divided by 20:
 *
 * 1. Every step: −1, −1 for a warning it prints, −2 for an error. A file's own words do not count.
 * 2. `id` of a target: +20 besides, terminated, a success.
 * 3. `id` of another file (an error), or `exit`: terminated, a failure. It also costs the steps that were left
 *    (−1 each), so that giving up is no better than going on.
 *
 * Truncated is the horizon, where the step that reaches it does not terminate the episode.
 *
 * Training episodes (`split: "train"`) leave out unrelated files at random (`leaveOut`) and may shuffle the
 * commands (`shuffleLabels`); test episodes, and those of split `all`, show the whole tree in order.
 *
 * `info.state` says which question it is, how it is put, which files are left out, and the commands so far:
 * `reset({ state })` takes them again, so an episode goes on with the steps it had left.
 * @module
 */
import { z } from "zod";
import { deriveSeed, Random } from "../../std/random.ts";
import type {
  Environment,
  EnvironmentModule,
  ResetOptions,
  ResetResult,
  StepResult,
} from "../environment.ts";
import { splitNamed } from "../splits.ts";
import { Episode, type Start, stateSchema } from "./episode.ts";
import { type ExploreOptions, exploreOptions, type ExploreTask, TASKS } from "./options.ts";
import { putPlainly } from "./phrasings.ts";
import { findPlaces, type Place, Places } from "./places.ts";
import type { Question } from "./questions.ts";
import { readTree } from "./tree.ts";

/** Splits beside the common ones. */
const FURTHER_SPLITS = ["validation"] as const;
const REWARD_UNIT = 20;
const SUCCESS = 20;

/** One AutoExplore; see the module's comment for what a step gives. */
export class AutoExploreEnvironment implements Environment {
  readonly #places: Places;
  readonly #options: ExploreOptions;
  #episode: Episode | undefined;

  /** Creates one with all its options given; `places` are the questions there are. */
  constructor(places: readonly Place[], options: ExploreOptions) {
    this.#places = new Places(places);
    this.#options = options;
  }

  /**
   * Starts an episode. Throws a RangeError for a task or split it does not have or has no question for, and for a state
   * that is none of this environment or in which the episode is over.
   */
  reset(options: ResetOptions): ResetResult {
    const episode = options.state === undefined
      ? this.#start(this.#draw(options))
      : this.#restore(options.state);
    this.#episode = episode;
    return { observation: episode.observe(), info: episode.info() };
  }

  /** Takes a command. Throws a RangeError for a label that is not offered and an Error before `reset` or after the end. */
  step(label: string): StepResult {
    const episode = this.#episode;
    if (episode === undefined || episode.over) {
      const why = episode === undefined ? "no episode has been started" : "the episode is over";
      throw new Error(`cannot step: ${why}; call reset first`);
    }
    const offer = episode.offers.find((offer) => offer.label === label);
    if (offer === undefined) {
      throw new RangeError(
        `expected a label from "0" to "${episode.offers.length - 1}", got ${JSON.stringify(label)}`,
      );
    }
    const { cost, success, terminated } = episode.take(offer.command);
    return {
      observation: episode.observe(),
      reward: ((success ? SUCCESS : 0) - cost) / REWARD_UNIT,
      terminated,
      truncated: episode.over && !terminated,
      info: episode.info(),
    };
  }

  /** Tasks that the trees have a question for. */
  get startableTasks(): readonly string[] {
    return this.#places.tasks();
  }

  /** First command of the shortest way to a target. Undefined after the end, and where no target is known. */
  expert(): string | undefined {
    const best = this.#episode?.best();
    return this.#episode?.offers.find(({ command }) => command.text === best?.text)?.label;
  }

  /** Whether the last command was a mistake, what is known of the place, what to do. Undefined after the end. */
  remark(): string | undefined {
    return this.#episode?.remark();
  }

  /** Where the best step is to read a target: reading another file in its place. Elsewhere none. */
  mistakes(): string[] {
    return this.#episode?.mistakes() ?? [];
  }

  /** Draws a question, a way to put it, and what training changes. */
  #draw({ seed, task, split: wanted }: ResetOptions): Start {
    const split = splitNamed("auto-explore", wanted, FURTHER_SPLITS);
    const random = new Random(seed);
    const question = random.pick(this.#places.pool(taskNamed(task ?? this.#options.task), split));
    const text = random.below(this.#places.at(question).question.texts.length);
    const { leaveOut, shuffleLabels } = this.#options;
    const drawn = (wanted: boolean, number: number) =>
      wanted && split === "train" ? deriveSeed(seed, number) : null;
    return { question, text, hidden: drawn(leaveOut !== 0, 1), order: drawn(shuffleLabels, 2) };
  }

  #start(start: Start): Episode {
    return new Episode(this.#places.at(start.question), start, this.#options);
  }

  #restore(given: unknown): Episode {
    const parsed = stateSchema.safeParse(given);
    if (!parsed.success) {
      throw new RangeError(
        `expected an info.state of auto-explore, got ${JSON.stringify(given)}: ${
          z.prettifyError(parsed.error)
        }`,
      );
    }
    const { commands, ...start } = parsed.data;
    const episode = this.#start(start);
    for (const text of commands) {
      const offer = episode.offers.find(({ command }) => command.text === text);
      if (offer === undefined || episode.over) {
        throw new RangeError(
          `expected a state whose commands can be taken one after the other, got ${
            JSON.stringify(commands)
          }, of which ${JSON.stringify(text)} cannot`,
        );
      }
      episode.take(offer.command);
    }
    if (!episode.over) return episode;
    throw new RangeError(
      `expected a state in which the episode goes on, got one in which it is over: ${
        JSON.stringify(commands)
      }`,
    );
  }
}

function taskNamed(name: string): ExploreTask {
  const task = TASKS.find((task) => task === name);
  if (task !== undefined) return task;
  throw new RangeError(
    `expected a task of auto-explore (${TASKS.join(", ")}), got ${JSON.stringify(name)}`,
  );
}

/** An environment with one question of the user's own, whose answer nobody knows: no expert, no success. */
export function askAbout(
  root: string,
  text: string,
  options: ExploreOptions,
): AutoExploreEnvironment {
  const question: Question = {
    texts: [options.plain ? putPlainly(text) : text],
    targets: [],
    depth: 0,
    kind: "prepared",
    part: "train",
    path: [],
  };
  return new AutoExploreEnvironment([{ tree: readTree(root), question }], {
    ...options,
    task: "all",
  });
}

/** AutoExplore as a workflow names it. */
export const autoExplore: EnvironmentModule<ExploreOptions> = {
  name: "auto-explore",
  version: "1",
  description:
    "Find the file that answers a question, with shell commands in a read-only view of a folder.",
  with: exploreOptions,
  tasks: TASKS,
  splits: FURTHER_SPLITS,
  make: (options) => new AutoExploreEnvironment(findPlaces(options), options),
};
