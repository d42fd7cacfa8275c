/**
 * Rollouts: many environments side by side, one batch of reflections and one forward pass a step.
 * @module
 */
import type { ReflectionAgent } from "../agents/agent.ts";
import { commentsOn } from "../agents/comments.ts";
import { labelPosition } from "../agents/labels.ts";
import type { Player, PolicyInput } from "../agents/policy.ts";
import type { Environment, Observation, ResetOptions } from "../envs/environment.ts";
import { deriveSeed } from "../std/random.ts";

/** One decision of an episode. */
export interface RolloutStep {
  /** What the player was shown. */
  readonly observation: Observation;
  /** The comment the policy read; empty where there was none. */
  readonly reflection: string;
  /** The prompt the policy read. */
  readonly input: PolicyInput;
  /** What the policy answered. */
  readonly label: string;
  /** Position of the label, as the loss wants it. */
  readonly target: number;
  /** What the environment gave. */
  readonly reward: number;
}

/** One finished episode. */
export interface Episode {
  /** Seed the environment was reset with. */
  readonly seed: number;
  /** The task that was asked for; absent where it was the environment's own. */
  readonly task?: string;
  /** Whether the task was achieved. */
  readonly success: boolean;
  /** True where the task's own end was reached. */
  readonly terminated: boolean;
  /** True where a limit ended it. */
  readonly truncated: boolean;
  /** Its decisions, in order. */
  readonly steps: readonly RolloutStep[];
  /** Undiscounted sum of rewards. */
  readonly return: number;
}

/** Who plays, and how. */
export interface RolloutOptions {
  /** Who acts. */
  readonly policy: Player;
  /** Who comments on each situation. */
  readonly reflection: ReflectionAgent;
  /** 0 is greedy. Default 1, as in the paper's evaluation. */
  readonly temperature?: number;
  /** Stops the work. */
  readonly signal: AbortSignal;
}

/** One episode to play. */
export interface EpisodeStart extends ResetOptions {
  /** Where to play; no other episode may use it meanwhile. */
  readonly environment: Environment;
  /** Number of the episode among those with this seed, from 0: each makes choices of its own. Default 0. */
  readonly attempt?: number;
}

interface Running {
  readonly start: EpisodeStart;
  readonly steps: RolloutStep[];
  observation: Observation;
  ended:
    | { success: boolean; terminated: boolean; truncated: boolean }
    | undefined;
}

/**
 * Plays each start to its end; the result is in the order of the starts. Every start needs an
 * environment of its own. What an episode does depends on its seed, not on its neighbours.
 */
export async function rollout(
  starts: readonly EpisodeStart[],
  options: RolloutOptions,
): Promise<Episode[]> {
  const episodes = await Promise.all(starts.map(begin));
  for (let turn = 0;; turn++) {
    options.signal.throwIfAborted();
    const active = episodes.filter(({ ended }) => ended === undefined);
    if (active.length === 0) break;
    await playTurn(active, turn, options);
  }
  return episodes.map(({ start, steps, ended }) => ({
    seed: start.seed,
    ...(start.task === undefined ? {} : { task: start.task }),
    steps,
    ...ended!,
    return: steps.reduce((sum, { reward }) => sum + reward, 0),
  }));
}

async function begin(start: EpisodeStart): Promise<Running> {
  const { environment, attempt: _attempt, ...reset } = start;
  const { observation } = await environment.reset(reset);
  return { start, steps: [], observation, ended: undefined };
}

async function playTurn(
  active: readonly Running[],
  turn: number,
  { policy, reflection, temperature, signal }: RolloutOptions,
): Promise<void> {
  const seeds = active.map(({ start: { seed, attempt = 0 } }) =>
    attempt === 0 ? deriveSeed(seed, turn) : deriveSeed(seed, turn, attempt)
  );
  const observations = active.map(({ observation }) => observation);
  const reflections = await commentsOn(reflection, observations, { seed: seeds[0]!, signal });
  const inputs = observations.map((observation, i) => policy.input(observation, reflections[i]!));
  const labels = await policy.choose(inputs, {
    seeds,
    ...(temperature === undefined ? {} : { temperature }),
  });
  for (const [i, episode] of active.entries()) {
    const label = labels[i]!;
    const result = await episode.start.environment.step(label);
    episode.steps.push({
      observation: observations[i]!,
      reflection: reflections[i]!,
      input: inputs[i]!,
      label,
      target: labelPosition(label),
      reward: result.reward,
    });
    episode.observation = result.observation;
    if (result.terminated || result.truncated) {
      const { terminated, truncated, info } = result;
      episode.ended = { success: info.success, terminated, truncated };
    }
  }
}
