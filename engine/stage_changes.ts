/**
 * What an event changes in a run's summary: the recorder follows it, and readers catch up with it.
 * @module
 */
import type { EngineEvent } from "./events.ts";
import type { RunStatus, StageSummary } from "./summary.ts";

/** The part of a run that events change. */
export interface Followed {
  /** Where the run stands. */
  readonly status: RunStatus;
  /** ISO 8601; null before it ended. */
  readonly endedAt: string | null;
  /** Every stage instance, in order. */
  readonly stages: readonly StageSummary[];
}

/** The run after these events, in their order. */
export function follow<T extends Followed>(run: T, events: readonly EngineEvent[]): T {
  if (events.length === 0) return run;
  const stages = new Map(run.stages.map((stage) => [stage.instance, stage]));
  let { status, endedAt } = run;
  for (const event of events) {
    if (event.type === "run-finished") [status, endedAt] = [event.status, event.time];
    if (!("stage" in event)) continue;
    const stage = stages.get(event.stage);
    const change = changeOf(event);
    if (stage && change) stages.set(event.stage, { ...stage, ...change });
  }
  return { ...run, status, endedAt, stages: [...stages.values()] };
}

/** What an event changes in its stage's summary; undefined where it changes nothing. */
export function changeOf(event: EngineEvent): Partial<StageSummary> | undefined {
  const { time } = event;
  switch (event.type) {
    case "stage-started":
      return event.attempt > 1 ? { progress: null } : {
        state: "running",
        reason: event.reason,
        startedAt: time,
      };
    case "progress": {
      const { done, total, unit } = event;
      return { progress: { done, total, unit } };
    }
    case "stage-finished":
      return {
        state: "done",
        computeSeconds: event.seconds,
        endedAt: time,
        outputs: event.outputs,
      };
    case "stage-cached":
      return {
        state: "cached",
        reason: event.reason,
        computeSeconds: event.seconds,
        startedAt: time,
        endedAt: time,
        outputs: event.outputs,
      };
    case "stage-skipped":
      return { state: "skipped", reason: event.reason, endedAt: time };
    case "stage-failed":
      return { state: event.state, reason: event.message, endedAt: time };
    default:
      return undefined;
  }
}
