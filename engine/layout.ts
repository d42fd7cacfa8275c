/**
 * Where things lie below the runs folder: the one place that knows the names.
 * @module
 */
import { join } from "node:path";
import { createHash } from "node:crypto";

/** Paths of one run's files. */
export interface RunFiles {
  /** The run's own folder, `runs/<run-id>`. */
  readonly folder: string;
  /** `run.json` */
  readonly record: string;
  /** `events.jsonl` */
  readonly events: string;
  /** Locked by the owner for as long as its process lives. */
  readonly lock: string;
  /** Holds one folder for each stage instance. */
  readonly stages: string;
}

/** The paths of a run. */
export function runFiles(runsFolder: string, id: string): RunFiles {
  const folder = join(runsFolder, id);
  return {
    folder,
    record: join(folder, "run.json"),
    events: join(folder, "events.jsonl"),
    lock: join(folder, "lock"),
    stages: join(folder, "stages"),
  };
}

/** Paths of what runs share. */
export interface StoreFiles {
  /** Holds one folder for each committed content, `artifacts/<sha256>`. */
  readonly artifacts: string;
  /** What was damaged, set aside. */
  readonly quarantine: string;
  /** The cache index, `store.sqlite`. */
  readonly index: string;
  /** Shared by who uses the index, held alone by who takes something away. */
  readonly lock: string;
  /** Held by who prunes, so that one at a time does. */
  readonly pruneLock: string;
}

/** The paths of what runs share. */
export function storeFiles(runsFolder: string): StoreFiles {
  return {
    artifacts: join(runsFolder, "artifacts"),
    quarantine: join(runsFolder, "quarantine"),
    index: join(runsFolder, "store.sqlite"),
    lock: join(runsFolder, "store.lock"),
    pruneLock: join(runsFolder, "prune.lock"),
  };
}

/** What a damaged thing is called in quarantine: its name and the time. */
export function quarantineName(name: string): string {
  return `${name}-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
}

/** File or folder of a committed artifact. */
export function artifactPayload(runsFolder: string, hash: string): string {
  return join(runsFolder, "artifacts", hash, "payload");
}

/** What a stage saved to go on from, in its folder of the run. */
export function checkpointsFolder(stageFolder: string): string {
  return join(stageFolder, "checkpoints");
}

/** The metrics of an instance while it runs, in its folder of the run. */
export function metricsFile(stageFolder: string): string {
  return join(stageFolder, "metrics.jsonl");
}

/**
 * Folder name of an instance: `rl (seed=2, lr=0.1)` → `rl-seed=2+lr=0.1`. A name with anything unusual
 * in it also gets some of its hash, so that two instances never share a folder. There is no comma in it:
 * no permission of a process could name the folder.
 */
export function stageFolderName(instance: string): string {
  const parts = instance.replace(" (", "-").replace(/\)$/, "").split(", ");
  const safe = parts.map((part) => part.replaceAll(/[^A-Za-z0-9._=-]/g, "_")).join("+").slice(
    0,
    80,
  );
  if (safe === parts.join("+") && !safe.startsWith(".")) return safe;
  const hash = createHash("sha256").update(instance).digest("hex").slice(0, 8);
  return `${safe.replace(/^\.+/, "_")}-${hash}`;
}
