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
  readonly state: StageState;
  /** Why it ran, was cached, was skipped or failed, in a few words. */
  readonly reason: string;
  /** Seconds of computing, also when they were spent in an earlier run whose result was taken. */
  readonly computeSeconds: number | null;
  /** ISO 8601 times within this run. */
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Newest progress while it runs. */
  readonly progress: { done: number; total: number; unit: string } | null;
  /** Output name → SHA-256. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** One run. */
export interface RunSummary {
  readonly id: string;
  readonly workflow: string;
  readonly file: string;
  readonly status: RunStatus;
  readonly seed: number;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Adapter the run computed on; empty when nothing needed one. */
  readonly device: Readonly<Record<string, string>>;
  readonly stages: readonly StageSummary[];
}
