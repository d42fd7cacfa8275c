/**
 * From rewards to advantages: by how much a decision turned out better than the fresh decisions of its
 * task did on average, or than those at the same step of other episodes from its start.
 * @module
 */
import type { Episode, RolloutStep } from "./rollout.ts";

/** A decision and what it was worth. */
export interface WeightedStep {
  /** The decision. */
  readonly step: RolloutStep;
  /** How much better than usual it turned out. */
  readonly advantage: number;
}

/** Mean and deviation that turn a return-to-go into an advantage. */
export interface Baseline {
  /** Mean return-to-go of the fresh decisions. */
  readonly mean: number;
  /** Its standard deviation; at least a small number. */
  readonly deviation: number;
}

/** Baselines by task: what is usual in one task is not in another. */
export type Baselines = ReadonlyMap<string | undefined, Baseline>;

/** Where all returns are alike there is nothing to tell apart, and their rounding must not be blown up. */
const LEAST_DEVIATION = 1e-3;

/** Undiscounted return-to-go of each step of an episode. */
export function returnsToGo(
  steps: readonly { readonly reward: number }[],
): number[] {
  let total = 0;
  return steps.map(({ reward }) => reward).reverse().map((reward) => total += reward).reverse();
}

/** Standardises over all decisions of a task's episodes; without `normalize` a return is the advantage. */
export function baselinesOf(
  episodes: readonly Pick<Episode, "task" | "steps">[],
  normalize: boolean,
): Baselines {
  const byTask = Map.groupBy(episodes, ({ task }) => task);
  return new Map([...byTask].map(([task, own]) => [task, baselineOf(own, normalize)]));
}

function baselineOf(
  episodes: readonly Pick<Episode, "steps">[],
  normalize: boolean,
): Baseline {
  if (!normalize) return { mean: 0, deviation: 1 };
  const values = episodes.flatMap(({ steps }) => returnsToGo(steps));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.max(Math.sqrt(variance), LEAST_DEVIATION) };
}

/** Every decision of the episodes with its advantage; those of a task without a baseline are left out. */
export function weigh(
  episodes: readonly Pick<Episode, "task" | "steps">[],
  baselines: Baselines,
): WeightedStep[] {
  return episodes.flatMap(({ task, steps }) => {
    const baseline = baselines.get(task);
    if (baseline === undefined) return [];
    const { mean, deviation } = baseline;
    const returns = returnsToGo(steps);
    return steps.map((step, i) => ({ step, advantage: (returns[i]! - mean) / deviation }));
  });
}

/**
 * Every decision of the episodes with its advantage over those at the same step of its group: `size` episodes
 * in a row from one start. An episode that is over has nothing to come.
 */
export function weighGroups(
  episodes: readonly Pick<Episode, "task" | "steps">[],
  baselines: Baselines,
  size: number,
): WeightedStep[] {
  const starts = Math.ceil(episodes.length / size);
  return Array.from({ length: starts }, (_, i) => episodes.slice(i * size, (i + 1) * size))
    .flatMap((group) => {
      const returns = group.map(({ steps }) => returnsToGo(steps));
      const meanAt = (i: number) => returns.reduce((sum, own) => sum + (own[i] ?? 0), 0) / size;
      return group.flatMap(({ task, steps }, number) => {
        const { deviation } = baselines.get(task)!;
        return steps.map((step, i) => ({
          step,
          advantage: (returns[number]![i]! - meanAt(i)) / deviation,
        }));
      });
    });
}
