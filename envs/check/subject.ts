/**
 * What is checked, and playing it: episodes recorded whole, with copies of what was shown when it was shown.
 * @module
 */
import type { Environment, Info, Observation, ResetResult, StepResult } from "../environment.ts";
import { type Check as Clause, require, tellWhere } from "../../std/checks.ts";
import { deriveSeed, Random } from "../../std/random.ts";

export {
  CheckFailure,
  difference,
  errorOf,
  NotApplicable,
  require,
  tellWhere,
} from "../../std/checks.ts";

/** An environment under check. */
export interface Subject {
  /** A fresh instance. */
  make(): Promise<Environment>;
  /** Tasks to play; undefined stands for the default. */
  readonly tasks: readonly (string | undefined)[];
  /** Splits kept from training: `test`, and what else the module names. */
  readonly heldOut: readonly string[];
  /** Whether the instance says which tasks it has: a split may have no start then. */
  readonly needsData: boolean;
  /** Seeds of the episodes to play of each task. */
  readonly seeds: readonly number[];
  /** Steps after which an episode should have ended. */
  readonly stepLimit: number;
}

/** One clause of the contract. */
export type Check = Clause<Subject>;

/** What came out of one `reset` or `step`, with a copy made at once. */
export interface Moment {
  /** As the environment returned it. */
  readonly observation: Observation;
  /** As the environment returned it. */
  readonly info: Info;
  /** JSON of the observation at that time. */
  readonly shown: string;
  /** The step; absent for the reset. */
  readonly step?: {
    /** The label that was taken. */
    readonly label: string;
    /** As the environment returned it. */
    readonly result: StepResult;
  };
}

/** Which episode. */
export interface EpisodeId {
  /** Seed of the reset. */
  readonly seed: number;
  /** Task of the reset; undefined for the default. */
  readonly task: string | undefined;
}

/** One episode as it went. */
export interface Trace extends EpisodeId {
  /** The reset, then every step. Never empty. */
  readonly moments: readonly Moment[];
  /** True where the episode ended within the limit. */
  readonly ended: boolean;
}

/** Chooses the next label. */
export type Player = (
  env: Environment,
  observation: Observation,
  random: Random,
) => string | Promise<string>;

/** Any of the offered labels. */
export function anyLabel(
  _env: Environment,
  observation: Observation,
  random: Random,
): string {
  require(
    Array.isArray(observation.actions) && observation.actions.length > 0,
    "no actions are offered, though the episode goes on",
  );
  return random.pick(observation.actions).label;
}

/** The expert's label where there is one, else any. */
export async function expertLabel(
  env: Environment,
  observation: Observation,
  random: Random,
): Promise<string> {
  return (await env.expert?.()) ?? anyLabel(env, observation, random);
}

/** Mostly the expert's label: gets far, and makes mistakes. */
export function mixedLabel(
  env: Environment,
  observation: Observation,
  random: Random,
): string | Promise<string> {
  return random.next() < 0.75
    ? expertLabel(env, observation, random)
    : anyLabel(env, observation, random);
}

/** Looks at a moment as soon as it is there; `where` says which, for messages. */
export type Look = (moment: Moment, where: string) => void;

/** Starts an episode and plays it to its end or the limit. */
export async function play(
  subject: Subject,
  env: Environment,
  episode: EpisodeId,
  player: Player,
  look?: Look,
): Promise<Trace> {
  const { seed, task } = episode;
  const random = new Random(deriveSeed(seed, 1));
  let last = record(await tellWhere(at(episode, 0), () => start(env, episode)));
  const moments = [last];
  look?.(last, at(episode, 0));
  for (let count = 1; count <= subject.stepLimit; count++) {
    const where = at(episode, count);
    const label = await tellWhere(where, () => player(env, last.observation, random));
    const result = await tellWhere(where, () => env.step(label));
    last = record(result, { label, result });
    moments.push(last);
    look?.(last, where);
    if (result.terminated || result.truncated) {
      return { seed, task, moments, ended: true };
    }
  }
  return { seed, task, moments, ended: false };
}

/** Calls `reset`, leaving `task` out where the default is meant. */
export async function start(
  env: Environment,
  { seed, task }: EpisodeId,
): Promise<ResetResult> {
  return await env.reset(task === undefined ? { seed } : { seed, task });
}

function record(result: ResetResult, step?: Moment["step"]): Moment {
  const { observation, info } = result;
  const shown = JSON.stringify(observation);
  return { observation, info, shown, ...(step === undefined ? {} : { step }) };
}

/** The episodes to play: every seed of every task. */
export function episodesOf(subject: Subject): EpisodeId[] {
  return subject.tasks.flatMap((task) => subject.seeds.map((seed) => ({ seed, task })));
}

/** All episodes, recorded, one after the other on one instance. */
export async function playAll(
  subject: Subject,
  player: Player,
  look?: Look,
): Promise<Trace[]> {
  const env = await subject.make();
  const traces: Trace[] = [];
  for (const episode of episodesOf(subject)) {
    traces.push(await play(subject, env, episode, player, look));
  }
  return traces;
}

/** Where in which episode, for messages. */
export function at({ seed, task }: EpisodeId, index: number): string {
  const place = index === 0 ? "reset" : `step ${index}`;
  return `${task === undefined ? "" : `task "${task}", `}seed ${seed}, ${place}`;
}

/** How much was played, for a report. */
export function extent(traces: readonly Trace[]): string {
  const steps = traces.reduce(
    (sum, { moments }) => sum + moments.length - 1,
    0,
  );
  return `${traces.length} episodes, ${steps} steps`;
}
