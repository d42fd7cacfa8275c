/**
 * Collecting data: trajectories with a teacher's comment on every situation, as rows to learn from.
 *
 * The policy learns the action that was taken, the reflection model the comment of a teacher who knows the best
 * next action and judges the last one. A planted mistake is no policy row, but the situation it was made in
 * and the one it led to, where the comment notices the error, both are reflection rows.
 * @module
 */
import type { ReflectionAgent } from "../agents/agent.ts";
import { commentsOn } from "../agents/comments.ts";
import type { Environment, ResetOptions, Split } from "../envs/environment.ts";
import { deriveSeed, Random } from "../std/random.ts";
import type { Behaviour } from "./behaviour.ts";
import type { CheckpointOptions } from "./checkpoints.ts";
import { CollectionCheckpoints, type Gathered } from "./collection_checkpoints.ts";
import type { PolicyRow, ReflectionRow } from "./dataset.ts";
import { playNegative, playTrajectory, type Trajectory, type Visit } from "./trajectory.ts";

/** Episodes between two calls of the reflection agent, two looks at the signal and two reports of progress. */
const EPISODES_A_ROUND = 32;
/** Starts to try for a negative example: from some, no mistake is possible or none can be told from bad luck. */
const NEGATIVE_STARTS = 10;
/** Sets the reflection agent's seeds apart from those of episodes. */
const AGENT_SEEDS = 2 ** 32;

/** What to collect. */
export interface CollectOptions {
  /** Played one episode at a time. */
  readonly env: Environment;
  /** Comments on every situation; gets the teacher's spoilers. */
  readonly agent: ReflectionAgent;
  /** Acts in the episodes that are not negative examples. */
  readonly behaviour: Behaviour;
  /** Number of episodes, 1 or more. */
  readonly episodes: number;
  /** Fraction of the episodes that are negative examples, 0 to 1, spread evenly. */
  readonly negatives: number;
  /** Starts to draw from. */
  readonly split: Split;
  /** Everything random comes from it; each episode has its own. */
  readonly seed: number;
  /** Stops the collection. */
  readonly signal: AbortSignal;
  /** Saves the rows now and then, and goes on from what was saved. Left out: neither. */
  readonly checkpoints?: CheckpointOptions;
  /** Told the number of episodes done, every few. */
  readonly progress?: (episodes: number) => void;
}

/** What came out. */
export interface Collection {
  /** One row an action, planted mistakes left out. */
  readonly policy: readonly PolicyRow[];
  /** One row a situation. */
  readonly reflection: readonly ReflectionRow[];
  /** Episodes that achieved the task. */
  readonly successes: number;
  /** Episodes with a planted mistake. Fewer than asked for where the environment leaves no room for one; the behaviour plays those. */
  readonly negatives: number;
  /** Steps of all episodes. */
  readonly steps: number;
  /** Of these, steps of episodes that a checkpoint gave. */
  readonly resumedSteps: number;
}

interface Episode extends Trajectory {
  readonly number: number;
  readonly negative: boolean;
}

/**
 * Plays the episodes and has every situation commented on. Throws the signal's reason when it is aborted, and
 * an Error where the environment cannot plan but must, or the agent answers with the wrong number of comments.
 */
export async function collect(options: CollectOptions): Promise<Collection> {
  const checkpoints = new CollectionCheckpoints(options.checkpoints, options.agent);
  const gathered = await checkpoints.resume() ??
    { episodes: 0, successes: 0, negatives: 0, steps: 0, policy: [], reflection: [] };
  const resumedSteps = gathered.steps;
  try {
    while (gathered.episodes < options.episodes) {
      await breathe(options.signal);
      await gatherRound(options, gathered);
      options.progress?.(gathered.episodes);
      await checkpoints.offer(gathered);
    }
  } catch (error) {
    await checkpoints.keep(gathered);
    throw error;
  }
  const { episodes: _, ...collection } = gathered;
  return { ...collection, resumedSteps };
}

/** Adds the episodes of one round, all of them or, where something is thrown, none. */
async function gatherRound(options: CollectOptions, gathered: Gathered): Promise<void> {
  const first = gathered.episodes;
  const end = Math.min(first + EPISODES_A_ROUND, options.episodes);
  const round: Episode[] = [];
  for (let number = first; number < end; number++) {
    round.push(await playEpisode(options, number));
  }
  const comments = await comment(options, round, first);
  let next = 0;
  for (const { number, negative, success, visits } of round) {
    if (success) gathered.successes++;
    if (negative) gathered.negatives++;
    gathered.steps += visits.length;
    visits.forEach((visit, step) => {
      const comment = comments[next++] as string;
      gathered.reflection.push(reflectionRow(visit, comment, number, step));
      if (visit.planted) return;
      gathered.policy.push(policyRow(visit, comment, number, step));
    });
  }
  gathered.episodes = end;
}

/** Lets timers and signal handlers run: an environment that answers at once would keep them waiting. */
async function breathe(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  signal.throwIfAborted();
}

async function playEpisode(
  { env, behaviour, split, negatives, seed }: CollectOptions,
  number: number,
): Promise<Episode> {
  const start = (attempt: number): ResetOptions => ({
    seed: deriveSeed(seed, number, attempt),
    split,
  });
  const random = new Random(deriveSeed(seed, number));
  const attempts = isNegative(number, negatives) ? NEGATIVE_STARTS : 0;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const trajectory = await playNegative(env, start(attempt), random);
    if (trajectory !== undefined) {
      return { ...trajectory, number, negative: true };
    }
  }
  const trajectory = await playTrajectory(env, start(0), behaviour, random);
  return { ...trajectory, number, negative: false };
}

/** True for this fraction of the episode numbers, as evenly spread as can be. */
function isNegative(number: number, fraction: number): boolean {
  const slack = 1e-9;
  return Math.floor((number + 1) * fraction + slack) >
    Math.floor(number * fraction + slack);
}

async function comment(
  { agent, seed, signal }: CollectOptions,
  round: readonly Episode[],
  first: number,
): Promise<string[]> {
  const visits = round.flatMap((episode) => episode.visits);
  return await commentsOn(agent, visits.map((visit) => visit.observation), {
    seed: deriveSeed(seed, AGENT_SEEDS, first),
    signal,
    spoilers: visits.map((visit) => visit.spoiler),
  });
}

function reflectionRow(
  { observation }: Visit,
  reflection: string,
  episode: number,
  step: number,
): ReflectionRow {
  return { observation, reflection, episode, step };
}

function policyRow(
  { observation, label, spoiler: { best } }: Visit,
  reflection: string,
  episode: number,
  step: number,
): PolicyRow {
  return {
    observation,
    reflection,
    label,
    ...(best === undefined ? {} : { best }),
    episode,
    step,
  };
}
