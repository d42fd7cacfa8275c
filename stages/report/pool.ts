/**
 * The results table: seeds of one method on one task become one row.
 * @module
 */
import type { Results } from "../../training/results.ts";
import { wilson95 } from "./interval.ts";
import { place } from "./words.ts";

/** One method on one task, over all its seeds. */
export interface MethodSummary {
  /** Method, as its results name it. */
  readonly name: string;
  /** Environment. */
  readonly env: string;
  /** Task of the environment. */
  readonly task: string;
  /** Which starts the episodes were drawn from. */
  readonly split: string;
  /** How many results were pooled. */
  readonly seeds: number;
  /** Episodes of all seeds together. */
  readonly episodes: number;
  /** How many of them achieved the task. */
  readonly successes: number;
  /** 0 to 1. */
  readonly successRate: number;
  /** 95% Wilson score interval of the pooled success rate. */
  readonly ci95: readonly [number, number];
  /** Mean undiscounted return of an episode. */
  readonly meanReturn: number;
  /** Mean steps of an episode. */
  readonly meanSteps: number;
}

/** A {@linkcode MethodSummary} with what a table row does not show. */
export interface PooledMethod extends MethodSummary {
  /** Steps after which an episode was truncated. */
  readonly horizon: number | undefined;
  /** Success rate of each pooled result, in the order they were listed. */
  readonly rateBySeed: readonly number[];
}

/**
 * Pools results of the same method, environment, task and split, in the order methods are first listed.
 *
 * @throws Error where results to be pooled were cut at different horizons: their episodes are not comparable.
 */
export function poolResults(results: readonly Results[]): PooledMethod[] {
  return [...Map.groupBy(results, keyOf).values()].map(pool);
}

/** What to say of results with one name and one seed, which may not be meant as seeds of one method. */
export function repeatedSeeds(results: readonly Results[]): string[] {
  const groups = Map.groupBy(results, keyOf);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    const seeds = new Set(group.map(({ seed }) => seed));
    if (first === undefined || seeds.size === group.length) return [];
    return [
      `${group.length} results named "${first.name}" (${
        place(first)
      }) are pooled as ${group.length} seeds, though ` +
      `they were evaluated with ${
        seeds.size === 1 ? "one seed" : `${seeds.size} seeds`
      }; where they ` +
      "differ in more than that, give them names of their own",
    ];
  });
}

function keyOf({ name, env, task, split }: Results): string {
  return JSON.stringify([name, env, task, split]);
}

function pool(group: readonly Results[]): PooledMethod {
  const [first] = group;
  if (first === undefined) throw new RangeError("pool: no results");
  for (const other of group) {
    if (other.horizon === first.horizon) continue;
    throw new Error(
      `results of "${first.name}" on ${first.env} ${first.task} cannot be pooled: one has horizon ${first.horizon}, another ${other.horizon}. Give them different names, or evaluate them alike.`,
    );
  }
  const episodes = group.flatMap((result) => result.episodes);
  const successes = countSuccesses(episodes);
  return {
    name: first.name,
    env: first.env,
    task: first.task,
    split: first.split,
    seeds: group.length,
    episodes: episodes.length,
    successes,
    successRate: successes / episodes.length,
    ci95: wilson95(successes, episodes.length),
    meanReturn: mean(episodes.map((episode) => episode.return)),
    meanSteps: mean(episodes.map((episode) => episode.steps)),
    horizon: first.horizon,
    rateBySeed: group.map((result) => countSuccesses(result.episodes) / result.episodes.length),
  };
}

function countSuccesses(episodes: Results["episodes"]): number {
  return episodes.filter((episode) => episode.success).length;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
