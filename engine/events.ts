/**
 * What happens in a run, one JSON object a line in `events.jsonl` and on stdout with `--json`.
 * @module
 */
import type { RunStatus, StageState } from "./summary.ts";

/** What every event carries. */
export interface EventBase {
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  /** Id of the run. */
  readonly run: string;
}

/** What every event about one stage instance carries. */
export interface StageEventBase extends EventBase {
  /** Instance name: `rl (seed=2)`. */
  readonly stage: string;
}

/** The run's folder exists and its plan is made. */
export interface RunStarted extends EventBase {
  /** Which event it is. */
  readonly type: "run-started";
  /** Name of the workflow. */
  readonly workflow: string;
  /** Path of the workflow file as it was given. */
  readonly file: string;
  /** The workflow's seed. */
  readonly seed: number;
  /** Adapter the run computes on; empty when nothing needs one. */
  readonly device: Readonly<Record<string, string>>;
}

/** What the plan says of an instance, before anything runs. */
export interface StagePlanned extends StageEventBase {
  /** Which event it is. */
  readonly type: "stage-planned";
  /** The module: `sft`. */
  readonly uses: string;
  /** `run` may still turn into cached where the reason is "will check after …". */
  readonly state: "run" | "cached" | "skipped";
  /** Why, in a few words. */
  readonly reason: string;
}

/** An instance begins to compute. */
export interface StageStarted extends StageEventBase {
  /** Which event it is. */
  readonly type: "stage-started";
  /** The module: `sft`. */
  readonly uses: string;
  /** Why, in a few words. */
  readonly reason: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
}

/** Work done so far. At most one every 500 ms for each instance, and the last one. */
export interface StageProgress extends StageEventBase {
  /** Which event it is. */
  readonly type: "progress";
  /** Units done. */
  readonly done: number;
  /** Units in all. */
  readonly total: number;
  /** What is counted: "steps". */
  readonly unit: string;
}

/** Values of one training or evaluation step, every one. */
export interface StageMetric extends StageEventBase {
  /** Which event it is. */
  readonly type: "metric";
  /** Step, as the stage counts. */
  readonly step: number;
  /** Name → value; null for what is not a finite number. */
  readonly values: Readonly<Record<string, number | null>>;
}

/** Readings that differ from run to run. At most one every 500 ms for each instance. */
export interface StageGauge extends StageEventBase {
  /** Which event it is. */
  readonly type: "gauge";
  /** Name → value; null for what is not a finite number. */
  readonly values: Readonly<Record<string, number | null>>;
}

/** A line of an instance's log. */
export interface StageLog extends StageEventBase {
  /** Which event it is. */
  readonly type: "log";
  /** How serious it is. */
  readonly level: "info" | "warning";
  /** The text. */
  readonly message: string;
}

/** An attempt failed and another one follows. */
export interface StageRetried extends StageEventBase {
  /** Which event it is. */
  readonly type: "stage-retried";
  /** The attempt that failed. */
  readonly attempt: number;
  /** Attempts there are, or were made. */
  readonly attempts: number;
  /** The text. */
  readonly message: string;
  /** Seconds until the next attempt begins. */
  readonly waitSeconds: number;
}

/** An instance computed its outputs and they are committed. */
export interface StageFinished extends StageEventBase {
  /** Which event it is. */
  readonly type: "stage-finished";
  /** Seconds of wall time. */
  readonly seconds: number;
  /** Output name → SHA-256. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** An earlier result is taken; its hashes were verified. */
export interface StageCached extends StageEventBase {
  /** Which event it is. */
  readonly type: "stage-cached";
  /** Why, in a few words. */
  readonly reason: string;
  /** Seconds the earlier run computed. */
  readonly seconds: number;
  /** Output name → SHA-256. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** An instance is not wanted, or what it needs failed. */
export interface StageSkipped extends StageEventBase {
  /** Which event it is. */
  readonly type: "stage-skipped";
  /** Why, in a few words. */
  readonly reason: string;
}

/** An instance failed for good, or was interrupted. */
export interface StageFailed extends StageEventBase {
  /** Which event it is. */
  readonly type: "stage-failed";
  /** The state it is in now. */
  readonly state: Extract<StageState, "failed" | "interrupted">;
  /** The text. */
  readonly message: string;
  /** Attempts there are, or were made. */
  readonly attempts: number;
}

/** The run is over. */
export interface RunFinished extends EventBase {
  /** Which event it is. */
  readonly type: "run-finished";
  /** How the run ended. */
  readonly status: Exclude<RunStatus, "running">;
  /** Seconds of wall time. */
  readonly seconds: number;
}

/** Every event. */
export type EngineEvent =
  | RunStarted
  | StagePlanned
  | StageStarted
  | StageProgress
  | StageMetric
  | StageGauge
  | StageLog
  | StageRetried
  | StageFinished
  | StageCached
  | StageSkipped
  | StageFailed
  | RunFinished;

/** Drops from each member of a union, not from what they have in common. */
export type WithoutEach<Union, Keys extends PropertyKey> = Union extends unknown ? Omit<Union, Keys>
  : never;

/** An event as its source reports it; the record adds the time and the run. */
export type EventBody = WithoutEach<EngineEvent, "time" | "run">;
