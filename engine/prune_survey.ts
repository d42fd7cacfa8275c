/**
 * What a runs folder holds, as {@link prune.ts} sees it. Only reads.
 * @module
 */
import { join } from "node:path";
import { readRunRecord, runIds, RunNotFoundError, type RunRecord } from "./history.ts";
import { runFiles } from "./layout.ts";
import { Lock } from "./lock.ts";

/** A run's folder without a record is nobody's after that. */
const STALE_MILLISECONDS = 24 * 3600 * 1000;

/** What there is. */
export interface Survey {
  /** Over, the newest first. */
  readonly ended: readonly RunRecord[];
  /** Going on. */
  readonly live: readonly string[];
  /** Cannot be read, so nobody knows what they refer to. */
  readonly unreadable: readonly string[];
  /** Folders that never became a run. */
  readonly abandoned: readonly string[];
}

/** Looks at every folder that may be a run's. */
export async function surveyRuns(runsFolder: string): Promise<Survey> {
  const ended: RunRecord[] = [];
  const live: string[] = [];
  const unreadable: string[] = [];
  const abandoned: string[] = [];
  for (const id of await runIds(runsFolder)) {
    const files = runFiles(runsFolder, id);
    if (await Lock.isHeld(files.lock)) live.push(id);
    else if (await isThere(files.record)) {
      const record = await readRecord(runsFolder, id);
      if (record === "unreadable") unreadable.push(id);
      else if (record !== "gone") ended.push(record);
    } else if (await isStale(files.lock)) abandoned.push(id);
  }
  ended.sort((a, b) => b.startedAt.localeCompare(a.startedAt) || b.id.localeCompare(a.id));
  return { ended, live, unreadable, abandoned };
}

async function readRecord(
  runsFolder: string,
  id: string,
): Promise<RunRecord | "unreadable" | "gone"> {
  try {
    return await readRunRecord(runsFolder, id);
  } catch (error) {
    if (error instanceof SyntaxError) return "unreadable";
    // Removed by hand, or by a pruning while this one only looks.
    if (error instanceof RunNotFoundError) return "gone";
    throw error;
  }
}

/** Paths of what is in a folder under a name that is wanted; none where it does not exist. */
export async function named(
  folder: string,
  isWanted: (name: string) => boolean,
): Promise<string[]> {
  if (!await isThere(folder)) return [];
  return [...Deno.readDirSync(folder)].map(({ name }) => name).filter(isWanted)
    .map((name) => join(folder, name));
}

/** Whether there is something, links followed. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Whether a run was begun there, long ago. */
async function isStale(lock: string): Promise<boolean> {
  if (!await isThere(lock)) return false;
  const { mtime } = await Deno.stat(lock);
  return Date.now() - (mtime?.getTime() ?? Infinity) > STALE_MILLISECONDS;
}
