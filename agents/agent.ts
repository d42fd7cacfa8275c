/**
 * Reflection agents: they comment on a situation before the policy acts (Reflect-RL, section 3).
 * @module
 */
import type { z } from "zod";
import type { Permissions } from "../std/modules.ts";
import type { Awaitable, Observation } from "../envs/environment.ts";

/** What a teacher may know that the player must not: given only while data is collected. */
export interface Spoiler {
  /** The best next label. */
  readonly best?: string;
  /** The environment's own comment on the situation. */
  readonly remark?: string;
}

/** How to reflect on a batch. */
export interface ReflectOptions {
  /** Everything random must come from it. */
  readonly seed: number;
  /** Aborted when the answer is no longer wanted. */
  readonly signal: AbortSignal;
  /** One per observation, from the environment's planner; only while collecting data. */
  readonly spoilers?: readonly Spoiler[];
}

/** Comments on a batch of observations. Frozen while the policy trains. */
export interface ReflectionAgent {
  /** One reflection per observation, in order; an empty string is no reflection. */
  reflect(
    batch: readonly Observation[],
    options: ReflectOptions,
  ): Promise<string[]>;
  /**
   * What it remembers of earlier batches, where later comments may depend on that; JSON-serialisable. A
   * training that is interrupted saves it.
   */
  state?(): unknown;
  /** Remembers what another one did, whose `state()` that was. Throws where it is none. */
  restore?(state: unknown): void;
  /** Frees sessions and buffers. */
  dispose?(): Promise<void>;
}

/** A reflection agent a workflow can name with `uses`. */
export interface ReflectionAgentModule<Options = unknown> {
  /** The word after `uses:`. */
  readonly name: string;
  /** Raised whenever the same batch would give another comment. */
  readonly version: string;
  /** One sentence for the reference pages. */
  readonly description: string;
  /** Schema of the options. */
  readonly with: z.ZodType<Options>;
  /** What it needs of a stage's process beside reading this program and the files beside it. */
  readonly permissions?: Permissions<Options>;
  /** True where another machine comments, so that the same batch may get other comments another time. */
  readonly remote?: boolean;
  /** Whether comments are drawn by the seed; left out, they do not depend on it. */
  isDrawn?(options: Options): boolean;
  /** Makes one. */
  make(options: Options): Awaitable<ReflectionAgent>;
}
