/**
 * Successful episodes kept for another look (Reflect-RL, section 4.3: a buffer of 50).
 * @module
 */
import { z } from "zod";
import type { Random } from "../std/random.ts";
import type { Episode } from "./rollout.ts";

const stepSchema = z.looseObject({
  observation: z.looseObject({
    history: z.string(),
    state: z.string(),
    actions: z.array(z.looseObject({ label: z.string(), text: z.string() })),
  }),
  reflection: z.string(),
  input: z.looseObject({
    tokens: z.array(z.int().nonnegative()),
    choices: z.int().positive(),
  }),
  label: z.string(),
  target: z.int().nonnegative(),
  reward: z.number(),
});

/** Schema of episodes as JSON has them. */
export const episodesSchema: z.ZodType<Episode[]> = z.array(z.looseObject({
  seed: z.number(),
  task: z.string().exactOptional(),
  success: z.boolean(),
  terminated: z.boolean(),
  truncated: z.boolean(),
  steps: z.array(stepSchema),
  return: z.number(),
}));

/** Keeps the newest successes, up to a capacity. */
export class ReplayBuffer {
  readonly #episodes: Episode[] = [];

  /** `capacity` 0 keeps nothing. */
  constructor(readonly capacity: number) {}

  /** Episodes held. */
  get size(): number {
    return this.#episodes.length;
  }

  /** What it holds, the oldest first. */
  get episodes(): readonly Episode[] {
    return this.#episodes;
  }

  /** Adds those that succeeded; the oldest make room. */
  add(episodes: readonly Episode[]): void {
    this.#episodes.push(...episodes.filter(({ success }) => success));
    this.#episodes.splice(
      0,
      Math.max(0, this.#episodes.length - this.capacity),
    );
  }

  /** Up to `count` different episodes, each equally likely. */
  sample(count: number, random: Random): Episode[] {
    return random.shuffle(this.#episodes).slice(0, count);
  }

  /** Forgets all: a curriculum's new task makes old successes misleading. */
  clear(): void {
    this.#episodes.length = 0;
  }
}
