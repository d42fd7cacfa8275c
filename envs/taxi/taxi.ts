/**
 * DangerousTaxi: Gymnasium's Taxi in which every action without effect ends the episode.
 *
 * - `dynamics.ts` Gymnasium's transition table as a pure function
 * - `plan.ts` shortest ways, for the teacher
 * - `splits.ts` which starts are for training and which for tests
 * - `prompt.ts` what the player reads
 * - `remark.ts` the teacher's comment
 * - this file: the episode (tasks, the dangerous rule, rewards, horizon) behind the Environment interface
 *
 * What a step gives, in this order; rewards are divided by 20:
 *
 * 1. The state did not change (a wall, the map's edge, an illegal pickup or drop-off): −10, terminated, a failure.
 * 2. The passenger is delivered: +20, terminated, a success.
 * 3. The passenger boards. The first time in an episode that began with the passenger waiting: +20
 *    instead of −1; later times, after a drop-off at a wrong stand: −1. Task `pickup`: terminated, a success.
 * 4. Anything else, a drop-off at a wrong stand included: −1.
 *
 * Truncated is the horizon, where the step that reaches it does not terminate the episode: an end of the
 * task's own wins over the limit, so both are never true. Task `dropoff` starts with the passenger aboard,
 * and its first pickup is over by then: no +20. With horizon 15 one in five starts of task `full` (58 of 300)
 * is too far away to succeed.
 *
 * `info.state` is Gymnasium's integer. It holds neither the steps taken nor whether the first pickup was
 * rewarded: `reset({ state })` begins a new episode there, with all its steps and, where the passenger waits,
 * with the +20 ahead.
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
import { splitNamed } from "../splits.ts";
import { Random } from "../../std/random.ts";
import { ABOARD, type ActionName, ACTIONS, decode, transition } from "./dynamics.ts";
import { achieved, achieves, planFor, type TaxiTask } from "./plan.ts";
import { observe, type PromptStyle } from "./prompt.ts";
import { remarkOn } from "./remark.ts";
import { startsOf } from "./splits.ts";

const TASKS = ["pickup", "dropoff", "full"] as const;
const REWARD_UNIT = 20;

/** Options of DangerousTaxi, defaults filled in. */
export interface TaxiOptions {
  /** What to achieve where `reset` names no task; default `full`. */
  readonly task: TaxiTask;
  /** Steps after which an episode is truncated; default 15. */
  readonly horizon: number;
  /** How many of the latest actions the player is shown; default 3. */
  readonly historyLength: number;
  /** How the situation is put; default `words`. */
  readonly prompt: PromptStyle;
  /** Whether the rules stand before it; default false. */
  readonly instructions: boolean;
}

const taxiOptions = z.strictObject({
  task: z.enum(TASKS).default("full").describe(
    "What to achieve; `reset({ task })` overrides it.",
  ),
  horizon: z.int().min(1).default(15).describe(
    "Steps after which an episode is truncated.",
  ),
  historyLength: z.int().min(0).default(3).describe(
    "How many of the latest actions the player is shown.",
  ),
  prompt: z.enum(["words", "grid"]).default("words").describe(
    "Sentences, or the map drawn with characters.",
  ),
  instructions: z.boolean().default(false).describe("Whether the rules stand before it."),
});

interface Episode {
  readonly task: TaxiTask;
  state: number;
  /** All actions so far, oldest first. */
  readonly path: ActionName[];
  /** True where the last action led away from the goal. */
  mistaken: boolean;
  /** True while the first pickup is still to be rewarded. */
  pickupAhead: boolean;
  over: boolean;
}

/** One DangerousTaxi; see the module's comment for what a step gives. */
export class TaxiEnvironment implements Environment {
  readonly #options: TaxiOptions;
  #episode: Episode | undefined;

  /** Creates a taxi with all its options given. */
  constructor(options: TaxiOptions) {
    this.#options = options;
  }

  /**
   * Starts an episode. Throws a RangeError for a task or split it does not have, and for a state that is none or
   * in which the task has nothing left to do.
   */
  reset(options: ResetOptions): ResetResult {
    const task = taskNamed(options.task ?? this.#options.task);
    const split = splitNamed("taxi", options.split);
    const state = options.state === undefined
      ? new Random(options.seed).pick(startsOf(task, split))
      : startingState(task, options.state);
    const episode: Episode = {
      task,
      state,
      path: [],
      mistaken: false,
      pickupAhead: decode(state).passenger !== ABOARD,
      over: false,
    };
    this.#episode = episode;
    return { observation: this.#observe(episode), info: info(episode, false) };
  }

  /** Takes an action. Throws a RangeError for an unknown label and an Error before `reset` or after the end. */
  step(label: string): StepResult {
    const episode = this.#running("step");
    const action = ACTIONS.findIndex((_, index) => String(index) === label);
    const name = ACTIONS[action];
    if (name === undefined) {
      throw new RangeError(
        `expected a label from "0" to "${ACTIONS.length - 1}", got ${JSON.stringify(label)}`,
      );
    }
    const before = episode.state;
    const { state } = transition(before, action);
    const success = achieves(episode.task, before, state);
    const reward = this.#reward(episode, action) / REWARD_UNIT;
    const { distance } = planFor(episode.task);

    episode.state = state;
    episode.path.push(name);
    episode.mistaken = (distance[state] ?? Infinity) >=
      (distance[before] ?? Infinity);
    const terminated = success || state === before;
    const truncated = !terminated &&
      episode.path.length >= this.#options.horizon;
    episode.over = terminated || truncated;
    return {
      observation: this.#observe(episode),
      reward,
      terminated,
      truncated,
      info: info(episode, success),
    };
  }

  /** First action of a shortest way to the goal; the lowest label where several are. Undefined after the end. */
  expert(): string | undefined {
    const best = this.#best();
    return best === undefined ? undefined : String(best);
  }

  /** Where the goal lies, what is in the way, whether the last action was a mistake, what to do. Undefined after the end. */
  remark(): string | undefined {
    const episode = this.#episode;
    const best = this.#best();
    const name = best === undefined ? undefined : ACTIONS[best];
    if (episode === undefined || name === undefined) return undefined;
    const last = this.#options.historyLength === 0 ? undefined : episode.path.at(-1);
    return remarkOn(
      episode.state,
      name,
      last === undefined ? undefined : { name: last, mistaken: episode.mistaken },
    );
  }

  /** Reward of an action in the episode's present state, before scaling. */
  #reward(episode: Episode, action: number): number {
    const next = transition(episode.state, action);
    if (next.state === episode.state) return -10;
    const boards = ACTIONS[action] === "pickup";
    if (boards && episode.pickupAhead) {
      episode.pickupAhead = false;
      return 20;
    }
    return next.reward;
  }

  #best(): number | undefined {
    const episode = this.#episode;
    if (episode === undefined || episode.over) return undefined;
    return planFor(episode.task).best[episode.state];
  }

  #observe(episode: Episode): Observation {
    const { historyLength, prompt, instructions } = this.#options;
    const shown = historyLength === 0 ? [] : episode.path.slice(-historyLength);
    return observe(episode.state, shown, prompt, instructions ? episode.task : undefined);
  }

  #running(wanted: string): Episode {
    const episode = this.#episode;
    if (episode === undefined || episode.over) {
      throw new Error(
        `cannot ${wanted}: ${
          episode === undefined ? "no episode has been started" : "the episode is over"
        }; call reset first`,
      );
    }
    return episode;
  }
}

function info(episode: Episode, success: boolean): Info {
  return { success, state: episode.state, task: episode.task };
}

function taskNamed(name: string): TaxiTask {
  const task = TASKS.find((task) => task === name);
  if (task === undefined) {
    throw new RangeError(
      `expected a task of taxi (${TASKS.join(", ")}), got ${JSON.stringify(name)}`,
    );
  }
  return task;
}

function startingState(task: TaxiTask, state: unknown): number {
  if (typeof state !== "number") {
    throw new RangeError(
      `expected a Taxi state, a whole number from 0 to 499, got ${JSON.stringify(state)}`,
    );
  }
  decode(state);
  if (achieved(task, state)) {
    throw new RangeError(
      `expected a state in which task "${task}" is still to be done, got ${state}, in which it is over`,
    );
  }
  return state;
}

/** DangerousTaxi as a workflow names it. */
export const taxi: EnvironmentModule<TaxiOptions> = {
  name: "taxi",
  version: "1",
  description:
    "DangerousTaxi: fetch a passenger on a 5×5 map and deliver them; an action without effect ends the episode.",
  with: taxiOptions,
  tasks: TASKS,
  make: (options) => new TaxiEnvironment(options),
};
