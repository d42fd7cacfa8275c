/**
 * Reads what runs left behind: for `deno task runs`, the status API and reports. Only reads.
 * @module
 */
import { basename, join } from "node:path";
import { nearest } from "../std/nearest.ts";
import type { EngineEvent } from "./events.ts";
import { artifactPayload, runFiles, stageFolderName, storeFiles } from "./layout.ts";
import { Lock } from "./lock.ts";
import { follow } from "./stage_changes.ts";
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
  /** Bytes of `events.jsonl` that this file takes in; what is behind them is newer. */
  readonly eventsEnd?: number;
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
  for (const id of await runIds(runsFolder)) {
    const record = await readRecord(runsFolder, id).catch((error) => {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    });
    if (record !== undefined) runs.push(summaryOf(record));
  }
  return runs.sort((a, b) => b.startedAt.localeCompare(a.startedAt) || b.id.localeCompare(a.id));
}

/** Names of the folders that may be runs', in no order. */
export async function runIds(runsFolder: string): Promise<string[]> {
  const shared = Object.values(storeFiles(runsFolder)).map((path) => basename(path));
  return (await folderNames(runsFolder)).filter((name) => isRunId(name) && !shared.includes(name));
}

/**
 * The id of a run that someone asks for: the id itself, `latest`, or the beginning of one id.
 * @throws RunNotFoundError where there is none, or several
 */
export async function findRun(runsFolder: string, wanted: string): Promise<string> {
  const ids = await runIds(runsFolder);
  if (ids.includes(wanted)) return wanted;
  if (wanted === "latest") return (await readRun(runsFolder, wanted)).id;
  const found = wanted === "" ? [] : ids.filter((id) => id.startsWith(wanted)).sort();
  const [first, ...others] = found;
  if (first === undefined) {
    throw new RunNotFoundError(`no run "${wanted}" in ${runsFolder}${hint(wanted, ids)}`);
  }
  if (others.length === 0) return first;
  throw new RunNotFoundError(
    `${found.length} runs in ${runsFolder} begin with "${wanted}": ${found.join(", ")}`,
  );
}

function hint(wanted: string, ids: readonly string[]): string {
  const close = nearest(wanted, ids);
  const meant = close === undefined ? "" : `; did you mean "${close}"?`;
  return `${meant}: deno task runs lists what there is`;
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
  return parseEvents(await readFrom(runFiles(runsFolder, id).events, from), from);
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
  if (!isRunId(id)) return undefined;
  const files = runFiles(runsFolder, id);
  const text = await readTextIfAny(files.record);
  if (text === "") return undefined;
  const record: RunRecord = JSON.parse(text);
  if (record.status !== "running") return record;
  // The owner holds its lock as long as its process lives, whatever ends it.
  const lives = await Lock.isHeld(files.lock);
  // It may have written on between the two looks.
  const again: RunRecord = JSON.parse(await Deno.readTextFile(files.record));
  const newest = again.status === "running" ? await catchUp(again, files.events) : again;
  return newest.status === "running" && !lives ? interrupted(newest) : newest;
}

/** The record with what its owner has told since it wrote it. */
async function catchUp(record: RunRecord, events: string): Promise<RunRecord> {
  if (record.eventsEnd === undefined) return record;
  const newer = parseEvents(await readFrom(events, record.eventsEnd), 0).map(({ event }) => event);
  const told = newer.at(-1)?.time ?? record.heartbeat;
  const heartbeat = told > record.heartbeat ? told : record.heartbeat;
  return { ...follow(record, newer), heartbeat };
}

function isRunId(name: string): boolean {
  return /^[\w][\w.-]*$/.test(name);
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
    eventsEnd: _e,
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
  try {
    using file = await Deno.open(path);
    await file.seek(from, Deno.SeekMode.Start);
    return await new Response(file.readable).bytes();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Uint8Array();
    throw error;
  }
}

/** The events in complete lines: the last line may be half written. `from` is where the bytes begin. */
function parseEvents(bytes: Uint8Array, from: number): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  let start = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, start)) {
    const event = parseEvent(new TextDecoder().decode(bytes.subarray(start, at)));
    start = at + 1;
    if (event !== undefined) events.push({ event, end: from + start });
  }
  return events;
}

/** Undefined for a line that a power cut or a damaged disk has spoilt: the others still count. */
function parseEvent(line: string): EngineEvent | undefined {
  try {
    const value: EngineEvent | null = JSON.parse(line);
    return typeof value?.type === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Complete lines only: the last one may be half written. */
function parseLines<T>(text: string): T[] {
  return text.split("\n").slice(0, -1).map((line): T => JSON.parse(line));
}
