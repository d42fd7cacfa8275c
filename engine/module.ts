/**
 * What a workflow can name with `uses`: the shape every swappable module shares, and the stage.
 * @module
 */
import type { z } from "zod";
import type { Permissions } from "../std/modules.ts";
import type { Artifact } from "./artifact.ts";
import type { RunSummary } from "./summary.ts";

export type { ModulePermissions, Permissions } from "../std/modules.ts";

/** What every swappable module (stage, environment, agent, algorithm, model) tells the engine. */
export interface Module<With = unknown> {
  /** The word after `uses:`. Lower case, words joined by hyphens. */
  readonly name: string;
  /** Raised whenever the same inputs would give another result. Part of every cache key. */
  readonly version: string;
  /** One sentence for the reference pages. */
  readonly description: string;
  /** Schema of `with`: types, defaults, validation, editor help and documentation come from it. */
  readonly with: z.ZodType<With>;
  /** What the module needs of a stage's process beside reading inputs and writing outputs. */
  readonly permissions?: Permissions<With>;
}

/** One output of a stage. */
export interface OutputDeclaration {
  /** What it is, matched against the input it feeds: "dataset", "model", "onnx", "results", "metrics"… */
  readonly kind: string;
  /** One sentence for the reference pages. */
  readonly description: string;
}

/**
 * What a stage saves while it works, to go on from after an interruption, a crash or a failed attempt.
 * The same work finds it again: the next attempt, and the next run that wants the same result. What a
 * stage leaves must not depend on whether it was interrupted.
 */
export interface Checkpoints {
  /**
   * Folder of the newest whole checkpoint, read-only; undefined where there is none. The stage's metrics
   * are set back to those it had reported when that was saved. To be asked before anything is saved.
   */
  latest(): Promise<string | undefined>;
  /**
   * `write` fills the folder it is given with files. The checkpoint is there as a whole, or not at all;
   * once it is, older ones go, all but one. `step`, a whole number, says how far the work has come.
   */
  save(step: number, write: (folder: string) => Promise<void>): Promise<void>;
  /** The work begins again: no checkpoints, and no metrics. For a stage that can't use what it finds. */
  clear(): Promise<void>;
}

/** What a stage gets to work with while it runs. */
export interface StageContext {
  /** Name of the stage instance, as in the plan. */
  readonly instance: string;
  /** The stage's own seed, or the workflow's. Everything random must come from it. */
  readonly seed: number;
  /** Aborted on Ctrl-C, timeout or cancel. Long work must look at it often. */
  readonly signal: AbortSignal;
  /** What `--device` said. */
  readonly device: DeviceChoice;
  /** A folder of this attempt's own, for whatever the stage wants to keep while it runs. */
  readonly folder: string;
  /** What was saved of this same work, and where to save more. */
  readonly checkpoints: Checkpoints;
  /** Path at which the stage must leave that output, as a file or a folder. Its parent exists. */
  output(name: string): string;
  /** A line in the stage's log. */
  log(message: string): void;
  /** Work done so far, of how much. Cheap: the engine decides how often to show it. */
  progress(done: number, total: number, unit: string): void;
  /**
   * Values of one training or evaluation step. Kept as the stage's `metrics` output, so they must be
   * the same for the same seed: timings go to `gauge`.
   */
  metric(step: number, values: Readonly<Record<string, number>>): void;
  /** Readings that differ from run to run (tokens/s, memory). Events only, never an artifact. */
  gauge(values: Readonly<Record<string, number>>): void;
}

/** Which adapter to ask for: `auto` takes what there is, `gpu` refuses a software adapter, `software` a real one. */
export type DeviceChoice = "auto" | "gpu" | "software";

/** What a stage gets when it publishes. */
export interface PublishContext {
  /** The run's own folder, `runs/<run-id>`. */
  readonly runFolder: string;
  /** This stage instance's committed outputs. */
  readonly outputs: Readonly<Record<string, Artifact>>;
  /** The run so far: stages, states, reasons, seconds of computing. */
  readonly run: RunSummary;
}

/** A node a workflow can declare. */
export interface StageModule<With = unknown> extends Module<With> {
  /** `import.meta.url` of the file that defines it; its source and local imports enter the cache key. */
  readonly url: string;
  /** What it leaves behind. Every stage also has `metrics` (kind "metrics"), written by the engine. */
  readonly outputs: Readonly<Record<string, OutputDeclaration>>;
  /** True where it computes on the WebGPU device; the device class then enters the cache key. */
  readonly usesDevice: boolean;
  /**
   * False where it is so quick and so trusted that it runs in the engine's process; left out, it has a
   * process of its own, which may be killed.
   */
  readonly isolated?: boolean;
  /** Does the work. Must have written every declared output when it returns. */
  run(input: With, context: StageContext): Promise<void>;
  /**
   * Writes pages for people into the run's folder. Called at the end of every run whose instance is
   * done or cached, and never cached itself, so it must be quick.
   */
  publish?(input: With, context: PublishContext): Promise<void>;
}
