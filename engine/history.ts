/**
 * Reads what runs left behind: for `deno task runs`, the status API and reports. Only reads.
 * @module
 */
import { join } from "node:path";
import type { EngineEvent } from "./events.ts";
import { artifactPayload, runFiles, stageFolderName } from "./layout.ts";
import type { RunSummary } from "./summary.ts";

/** `run.json`: the summary, and what it takes to tell how the run came about. */
export interface RunRecord extends RunSummary {
  /** The workflow file's text as it was read, before `--set`. */
  readonly text: string;
  /** Texts of the files that the workflow includes, by path; undefined in records of earlier versions. */
  readonly included?: Readonly<Record<string, string>>;
  /** What `--set` changed: path → value. */
  readonly overrides: Readonly<Record<string, unknown>>;
  /** Versions of the engine's format, Deno, V8 and TypeScript. */
  readonly versions: Readonly<Record<string, string>>;
  /** Process that owns the run. */
  readonly pid: number;
  /** ISO 8601 time at which the owner last wrote this file; while running at least every 5 s. */
  readonly heartbeat: string;
}

/** There is no run of that id. */
export class RunNotFoundError extends Error {
  /** The class's name, for messages. */
  override readonly name = "RunNotFoundError";
}

/** One step's values. A value that was not a finite number is null. */
export interface MetricPoint {
  /** Step, as the stage counts. */
  readonly step: number;
  /** Name → value. */
  readonly values: Readonly<Record<string, number | null>>;
}

/** The metrics of one stage instance, in the order they were reported. */
export interface StageMetrics {
  /** Instance name: `rl (seed=2)`. */
  readonly stage: string;
  /** In the order they were reported. */
  readonly points: readonly MetricPoint[];
}

/** An event and where the next one begins. */
export interface RecordedEvent {
  /** The event. */
  readonly event: EngineEvent;
  /** Byte offset behind the event's line in `events.jsonl`; read from here to get what comes after it. */
  readonly end: number;
}

/** All runs, newest first; none where the folder does not exist. Folders without a readable record are left out. */
export async function listRuns(runsFolder: string): Promise<RunSummary[]> {
  const runs: RunSummary[] = [];
  for (const id of await folderNames(runsFolder)) {
    const record = await readRecord(runsFolder, id);
    if (record !== undefined) runs.push(summaryOf(record));
  }
  return runs.sort((a, b) => b.startedAt.localeCompare(a.startedAt) || b.id.localeCompare(a.id));
}

/**
 * One run; `latest` is the newest. A run whose process died without ending it is `interrupted`.
 * @throws RunNotFoundError
 */
export async function readRun(
  runsFolder: string,
  id: string,
): Promise<RunSummary> {
  return summaryOf(await readRunRecord(runsFolder, id));
}

/**
 * One run with the workflow's text, overrides and versions; `latest` is the newest.
 * @throws RunNotFoundError
 */
export async function readRunRecord(
  runsFolder: string,
  id: string,
): Promise<RunRecord> {
  const record = await readRecord(runsFolder, id);
  if (record !== undefined) return record;
  throw new RunNotFoundError(
    `no run "${id}" in ${runsFolder}: deno task runs lists what there is`,
  );
}

/**
 * Complete lines of a run's events from a byte offset on (0, or an earlier event's `end`).
 * @throws RunNotFoundError
 */
export async function readEvents(
  runsFolder: string,
  id: string,
  from = 0,
): Promise<RecordedEvent[]> {
  await readRunRecord(runsFolder, id);
  const bytes = await readFrom(runFiles(runsFolder, id).events, from);
  const events: RecordedEvent[] = [];
  let start = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, start)) {
    const line = new TextDecoder().decode(bytes.subarray(start, at));
    start = at + 1;
    events.push({ event: JSON.parse(line), end: from + start });
  }
  return events;
}

/**
 * Metrics of every stage instance that has any, cached ones included, in the order of the plan.
 * @throws RunNotFoundError
 */
export async function readMetrics(
  runsFolder: string,
  id: string,
): Promise<StageMetrics[]> {
  const run = await readRun(runsFolder, id);
  const metrics: StageMetrics[] = [];
  for (const { instance, outputs } of run.stages) {
    const committed = outputs["metrics"];
    const path = committed === undefined
      ? join(
        runFiles(runsFolder, id).stages,
        stageFolderName(instance),
        "metrics.jsonl",
      )
      : artifactPayload(runsFolder, committed);
    const points = parseLines<MetricPoint>(await readTextIfAny(path));
    if (points.length > 0) metrics.push({ stage: instance, points });
  }
  return metrics;
}

async function readRecord(
  runsFolder: string,
  id: string,
): Promise<RunRecord | undefined> {
  if (!/^[\w][\w.-]*$/.test(id)) return undefined;
  const files = runFiles(runsFolder, id);
  const text = await readTextIfAny(files.record);
  if (text === "") return undefined;
  const record: RunRecord = JSON.parse(text);
  if (record.status !== "running" || await isHeld(files.lock)) return record;
  // The owner may have ended the run between the two looks.
  const again: RunRecord = JSON.parse(await Deno.readTextFile(files.record));
  return again.status === "running" ? interrupted(again) : again;
}

/** The owner holds the lock as long as its process lives, whatever ends it. */
async function isHeld(lock: string): Promise<boolean> {
  try {
    using file = await Deno.open(lock);
    return !(await file.tryLock(false));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function interrupted(record: RunRecord): RunRecord {
  return {
    ...record,
    status: "interrupted",
    endedAt: record.heartbeat,
    stages: record.stages.map((stage) =>
      stage.state === "running"
        ? { ...stage, state: "interrupted", endedAt: record.heartbeat }
        : stage
    ),
  };
}

function summaryOf(record: RunRecord): RunSummary {
  const {
    text: _,
    included: _i,
    overrides: _o,
    versions: _v,
    pid: _p,
    heartbeat: _h,
    ...summary
  } = record;
  return summary;
}

async function folderNames(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (entry.isDirectory) names.push(entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}

async function readTextIfAny(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory
    ) return "";
    throw error;
  }
}

async function readFrom(path: string, from: number): Promise<Uint8Array> {
  const bytes = await Deno.readFile(path);
  return bytes.subarray(Math.min(from, bytes.length));
}

/** Complete lines only: the last one may be half written. */
function parseLines<T>(text: string): T[] {
  return text.split("\n").slice(0, -1).map((line): T => JSON.parse(line));
}
