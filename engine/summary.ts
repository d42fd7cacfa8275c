/**
 * A run in a few words: what the status API answers, `deno task runs` prints and reports show.
 * @module
 */

/** Where a stage instance stands. */
export type StageState =
  | "waiting"
  | "running"
  | "done"
  | "cached"
  | "skipped"
  | "failed"
  | "interrupted";

/** Where a run stands. */
export type RunStatus = "running" | "done" | "failed" | "interrupted";

/** One stage instance of a run. */
export interface StageSummary {
  /** Instance name: the stage's, with its matrix values where it has any: `rl (seed=2)`. */
  readonly instance: string;
  /** Name of the stage in the workflow. */
  readonly stage: string;
  /** The module: `sft`. */
  readonly uses: string;
  /** Where it stands. */
  readonly state: StageState;
  /** Why it ran, was cached, was skipped or failed, in a few words. */
  readonly reason: string;
  /** Seconds of computing, also when they were spent in an earlier run whose result was taken. */
  readonly computeSeconds: number | null;
  /** ISO 8601 time within this run; null before it began. */
  readonly startedAt: string | null;
  /** ISO 8601 time within this run; null before it ended. */
  readonly endedAt: string | null;
  /** Newest progress while it runs. */
  readonly progress: { done: number; total: number; unit: string } | null;
  /** Output name → SHA-256. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** One run. */
export interface RunSummary {
  /** Sorts by time: `20261123-084500-taxi-ab12`. */
  readonly id: string;
  /** Name of the workflow. */
  readonly workflow: string;
  /** Path of the workflow file as it was given. */
  readonly file: string;
  /** Where it stands. */
  readonly status: RunStatus;
  /** The workflow's seed. */
  readonly seed: number;
  /** ISO 8601. */
  readonly startedAt: string;
  /** ISO 8601; null before it ended. */
  readonly endedAt: string | null;
  /** Adapter the run computed on; empty when nothing needed one. */
  readonly device: Readonly<Record<string, string>>;
  /** Every stage instance, in the order they run. */
  readonly stages: readonly StageSummary[];
}
