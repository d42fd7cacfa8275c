/**
 * The one interface of every environment. Semantics follow Gymnasium: `terminated` is the task's
 * own end, `truncated` is a limit.
 * @module
 */
import type { z } from "zod";
import type { Permissions } from "../std/modules.ts";

/** What the player is shown. Nothing hidden from the player may leak into it. */
export interface Observation {
  /** What happened so far in this episode, as text; may be empty. */
  readonly history: string;
  /** The situation now, as text. */
  readonly state: string;
  /**
   * The valid actions; `label` is what the policy answers, one token. Actions that are on offer carry the
   * first labels of `labels.ts`, "0", "1" and so on, each once, in any order.
   */
  readonly actions: readonly {
    readonly label: string;
    readonly text: string;
  }[];
}

/** What metrics and checks need, beside the observation. */
export interface Info {
  /** True once the task is achieved. */
  readonly success: boolean;
  /**
   * Environment-specific state, JSON-serialisable; `reset({ state })` starts there. What the player is to
   * find out belongs under the key `secret`: check-env then sees to it that no observation tells it.
   */
  readonly state: unknown;
  /** Whatever else metrics and checks of this environment want, JSON-serialisable. */
  readonly [key: string]: unknown;
}

/**
 * Which starts an episode may have. Every environment has `train`, `test` and `all`, and whatever else its module
 * names: `train` shares no start with any of them but `all`, unless there is but one start.
 */
export type Split = string;

/** How an episode starts. */
export interface ResetOptions {
  /** Seeds everything random in the episode. */
  readonly seed: number;
  /** Task of a curriculum; the environment's own default where left out. */
  readonly task?: string;
  /** Start exactly here: an `info.state` of the same environment. */
  readonly state?: unknown;
  /** Which starts to draw from; default "all". */
  readonly split?: Split;
}

/** What one step gives. */
export interface StepResult {
  /** What the player sees next; after the end too. */
  readonly observation: Observation;
  /** Reward of this step alone. */
  readonly reward: number;
  /** True where the task itself ended the episode, well or badly. */
  readonly terminated: boolean;
  /** True where a limit ended the episode. */
  readonly truncated: boolean;
  /** For metrics and checks; the player does not see it. */
  readonly info: Info;
}

/** What `reset` gives. */
export interface ResetResult {
  /** What the player sees first. */
  readonly observation: Observation;
  /** For metrics and checks; the player does not see it. */
  readonly info: Info;
}

/** A value now or later: an environment may be synchronous or not. */
export type Awaitable<T> = T | Promise<T>;

/** One multi-turn text environment; an instance plays one episode at a time. */
export interface Environment {
  /**
   * Starts an episode, also while another goes on. Throws a RangeError where there is no start of a task and split
   * together. Workflows ask for no others than the module names.
   */
  reset(options: ResetOptions): Awaitable<ResetResult>;
  /** Takes the action with this label. Throws a RangeError for a label that is not offered. */
  step(label: string): Awaitable<StepResult>;
  /** The teacher's best next label, where the environment can plan; undefined where it cannot. */
  expert?(): Awaitable<string | undefined>;
  /** The teacher's comment on the situation and the last action, as a player would think it. */
  remark?(): Awaitable<string | undefined>;
  /**
   * Offered labels that make telling mistakes here, for negative examples: plausible, wrong, and to be noticed
   * afterwards. An empty list says that this is no place for one. Where the environment has no such method,
   * or gives undefined, any label but the expert's may be planted.
   */
  mistakes?(): Awaitable<readonly string[] | undefined>;
  /**
   * Those of the module's tasks that can be started with these options and data, where that differs; left
   * out: all.
   */
  readonly startableTasks?: readonly string[] | undefined;
}

/** An environment a workflow can name with `uses`. */
export interface EnvironmentModule<Options = unknown> {
  /** The word after `uses:`. */
  readonly name: string;
  /** Raised whenever the same seed and actions would give another episode. */
  readonly version: string;
  /** One sentence for the reference pages. */
  readonly description: string;
  /** Schema of the options. */
  readonly with: z.ZodType<Options>;
  /** Tasks in the order of a curriculum; the last one is the default. */
  readonly tasks: readonly string[];
  /** Splits beside `train`, `test` and `all`, all of them kept from training; left out: none. */
  readonly splits?: readonly string[];
  /** What it needs of a stage's process beside reading this program and the files beside it. */
  readonly permissions?: Permissions<Options>;
  /** Makes one; a trainer that plays several episodes at once makes several. */
  make(options: Options): Awaitable<Environment>;
}
