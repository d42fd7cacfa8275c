/** Runs on disk as the engine leaves them, for tests of what reads them. */
import type { RunRecord } from "../../../engine/history.ts";
import { artifactPayload, runFiles } from "../../../engine/layout.ts";
import type { StageSummary } from "../../../engine/summary.ts";

/** A stage that is done; give what differs. */
export function stage(
  instance: string,
  more: Partial<StageSummary> = {},
): StageSummary {
  return {
    instance,
    stage: instance.replace(/ \(.*/, ""),
    uses: "sft",
    state: "done",
    reason: "no earlier result",
    computeSeconds: 1.5,
    startedAt: "2026-08-01T10:00:00.000Z",
    endedAt: "2026-08-01T10:00:01.500Z",
    progress: null,
    outputs: {},
    ...more,
  };
}

/** A run that is done; give what differs. */
export function record(id: string, more: Partial<RunRecord> = {}): RunRecord {
  return {
    id,
    workflow: "quickstart",
    file: "workflows/quickstart.yaml",
    status: "done",
    seed: 1,
    startedAt: "2026-08-01T10:00:00.000Z",
    endedAt: "2026-08-01T10:05:00.000Z",
    device: { description: "llvmpipe" },
    stages: [stage("demos"), stage("rl (seed=1)"), stage("rl (seed=2)")],
    text: "name: quickstart\n",
    overrides: {},
    versions: { deno: "2.9.6" },
    pid: 1,
    heartbeat: "2026-08-01T10:05:00.000Z",
    ...more,
  };
}

/** Writes a run, with these lines as its events. */
export async function writeRun(
  runsFolder: string,
  run: RunRecord,
  events: readonly unknown[] = [],
): Promise<void> {
  const files = runFiles(runsFolder, run.id);
  await Deno.mkdir(files.stages, { recursive: true });
  await Deno.writeTextFile(files.record, JSON.stringify(run));
  await Deno.writeTextFile(
    files.events,
    events.map((event) => JSON.stringify(event) + "\n").join(""),
  );
}

/** Commits a metrics artifact: one value a step. */
export async function writeMetrics(
  runsFolder: string,
  hash: string,
  values: readonly number[],
): Promise<void> {
  const path = artifactPayload(runsFolder, hash);
  await Deno.mkdir(path.replace(/\/payload$/, ""), { recursive: true });
  await Deno.writeTextFile(
    path,
    values.map((loss, step) => JSON.stringify({ step, values: { loss } }) + "\n").join(""),
  );
}
