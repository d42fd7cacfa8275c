/**
 * Removes runs, and then what no remaining run has computed or used: results of the cache, artifacts,
 * what was set aside, and what killed processes left half done.
 *
 * A run that is going on is never touched. It shares `store.lock` as long as it lives, and what it
 * may still take from the cache or go on from nobody knows; so while there is one, results, artifacts
 * and runs with checkpoints stay.
 * Otherwise `store.lock` is held alone, and a run that begins meanwhile waits. Whatever ends the
 * pruning, nothing is left that refers to what is gone: results go before their artifacts, and a
 * folder gets another name before its files are removed.
 * @module
 */
import { join } from "node:path";
import { ArtifactStore } from "./artifact_store.ts";
import { disk, type Files } from "./files.ts";
import type { RunRecord } from "./history.ts";
import { checkpointsFolder, runFiles, storeFiles } from "./layout.ts";
import { Lock } from "./lock.ts";
import { Measure } from "./measure.ts";
import { isThere, named, type Survey, surveyRuns } from "./prune_survey.ts";
import { ResultIndex } from "./result_index.ts";
import { storageError } from "./storage_error.ts";

/** Which runs go, and whether they do. With neither of the first two, no run goes. */
export interface PruneOptions {
  /** So many of the newest runs that are over stay. */
  readonly keep?: number | undefined;
  /** Only runs that ended longer ago than that many milliseconds go. */
  readonly olderThan?: number | undefined;
  /** Only says what would go. */
  readonly dryRun: boolean;
  /** The disk, unless a test says otherwise. */
  readonly files?: Files;
}

/** Something that goes, or is gone. */
export interface Pruned {
  /** Id of a run, hash of an artifact, or path of a leftover. */
  readonly name: string;
  /** Bytes of its files; a file that has two names among all that goes counts once. */
  readonly bytes: number;
}

/** What goes, or is gone. */
export interface PruneReport {
  /** Runs, the newest first. */
  readonly runs: readonly Pruned[];
  /** Artifacts that no remaining run has made or used. */
  readonly artifacts: readonly Pruned[];
  /** How many results of the cache: those of such artifacts, and those whose artifacts are gone. */
  readonly results: number;
  /** What was set aside or left half done, in any order. */
  readonly leftovers: readonly Pruned[];
  /** Of all of it. */
  readonly bytes: number;
  /** Why artifacts and results stay whatever they are; null where they do not. */
  readonly obstacle: string | null;
}

/** What a removal that did not end is called, in the runs folder. */
const UNFINISHED = ".tmp-";

/**
 * Prunes a runs folder, or says what that would do.
 * @throws StorageError where something cannot be read or removed; what is left is sound
 */
export async function pruneRuns(runsFolder: string, options: PruneOptions): Promise<PruneReport> {
  const { lock, pruneLock } = storeFiles(runsFolder);
  using stack = new DisposableStack();
  try {
    if (!await isThere(runsFolder)) return NOTHING;
    let alone = true;
    if (options.dryRun) alone = !await Lock.isUsed(lock);
    else {
      stack.use(await Lock.holdLater(pruneLock));
      alone = stack.use(Lock.tryHold(lock)) !== undefined;
    }
    return await new Pruning(runsFolder, options, alone).prune();
  } catch (error) {
    throw storageError(error, "prune the runs in", runsFolder);
  }
}

const NOTHING: PruneReport = {
  runs: [],
  artifacts: [],
  results: 0,
  leftovers: [],
  bytes: 0,
  obstacle: null,
};

class Pruning {
  readonly #runsFolder: string;
  readonly #options: PruneOptions;
  readonly #alone: boolean;
  readonly #files: Files;
  readonly #store: ArtifactStore;
  readonly #measure = new Measure();

  constructor(runsFolder: string, options: PruneOptions, alone: boolean) {
    this.#runsFolder = runsFolder;
    this.#options = options;
    this.#alone = alone;
    this.#files = options.files ?? disk;
    this.#store = new ArtifactStore(runsFolder, this.#files);
  }

  async prune(): Promise<PruneReport> {
    const survey = await surveyRuns(this.#runsFolder);
    const obstacle = this.#obstacle(survey);
    const runs: Pruned[] = [];
    for (const { id } of this.#chosen(survey.ended)) {
      // A run that is going on may go on from there.
      if (obstacle !== null && await this.#hasCheckpoints(id)) continue;
      const removed = await this.#removeRun(id);
      if (removed !== undefined) runs.push(removed);
    }
    if (!this.#options.dryRun && runs.length > 0) await this.#relink();

    const gone = new Set(runs.map(({ name }) => name));
    const remaining = survey.ended.filter(({ id }) => !gone.has(id));
    const { results, artifacts } = obstacle === null
      ? await this.#removeUnreferenced(referencedBy(remaining))
      : { results: 0, artifacts: [] };
    const leftovers = await this.#removeLeftovers(survey, obstacle === null);
    const all = [...runs, ...artifacts, ...leftovers];
    const bytes = all.reduce((sum, one) => sum + one.bytes, 0);
    return { runs, artifacts, results, leftovers, bytes, obstacle };
  }

  #chosen(ended: readonly RunRecord[]): readonly RunRecord[] {
    const { keep, olderThan } = this.#options;
    if (keep === undefined && olderThan === undefined) return [];
    const before = Date.now() - (olderThan ?? 0);
    return ended.slice(keep ?? 0).filter((run) =>
      olderThan === undefined || Date.parse(run.endedAt ?? run.startedAt) < before
    );
  }

  #obstacle({ live, unreadable }: Survey): string | null {
    if (live.length > 0) {
      return `${live.join(", ")} ${live.length === 1 ? "is" : "are"} going on and may use them`;
    }
    if (!this.#alone) return "a run is beginning or ending and may use them";
    if (unreadable.length === 0) return null;
    return `the record of ${
      unreadable.join(", ")
    } cannot be read, so what it refers to is not known: mend or remove the folder`;
  }

  async #hasCheckpoints(id: string): Promise<boolean> {
    for (const folder of await named(runFiles(this.#runsFolder, id).stages, () => true)) {
      if (await isThere(checkpointsFolder(folder))) return true;
    }
    return false;
  }

  /** Undefined where somebody has hold of the run. */
  async #removeRun(id: string): Promise<Pruned | undefined> {
    const { folder, lock } = runFiles(this.#runsFolder, id);
    const bytes = await this.#measure.bytes(folder);
    if (this.#options.dryRun) return { name: id, bytes };
    using held = Lock.tryHold(lock);
    if (held === undefined) return undefined;
    // Under a name that is no run's, so that what cannot be removed wholly is not half a run.
    const gone = join(this.#runsFolder, `${UNFINISHED}${crypto.randomUUID()}`);
    await this.#files.rename(folder, gone);
    await this.#files.remove(gone);
    return { name: id, bytes };
  }

  /** Points `latest` to the newest run there is, once the one it pointed to is gone. */
  async #relink(): Promise<void> {
    const link = join(this.#runsFolder, "latest");
    if (await isThere(link)) return;
    const { ended, live } = await surveyRuns(this.#runsFolder);
    const newest = [...live, ...ended.map(({ id }) => id)].sort().at(-1);
    this.#files.removeSync(link);
    if (newest !== undefined) this.#files.symlinkSync(newest, link);
  }

  async #removeUnreferenced(referenced: ReadonlySet<string>) {
    const { dryRun } = this.#options;
    const there = await this.#store.list();
    const whole = new Set(there.filter((hash) => referenced.has(hash)));
    const results = await this.#removeResults(whole);
    const artifacts: Pruned[] = [];
    for (const hash of there.filter((hash) => !referenced.has(hash))) {
      const folder = join(storeFiles(this.#runsFolder).artifacts, hash);
      artifacts.push({ name: hash, bytes: await this.#measure.bytes(folder) });
      if (!dryRun) await this.#store.remove(hash);
    }
    return { results, artifacts };
  }

  /** Removes the results that have an output which is not among these. Returns how many. */
  async #removeResults(kept: ReadonlySet<string>): Promise<number> {
    if (!await isThere(storeFiles(this.#runsFolder).index)) return 0;
    const { dryRun } = this.#options;
    using index = dryRun
      ? ResultIndex.openForPlan(this.#runsFolder)
      : ResultIndex.openAlone(this.#runsFolder);
    const gone = index.all().filter(({ result }) =>
      result === undefined || Object.values(result.outputs).some(({ hash }) => !kept.has(hash))
    );
    if (!dryRun && gone.length > 0) index.remove(gone.map(({ id }) => id));
    return gone.length;
  }

  async #removeLeftovers({ abandoned }: Survey, alone: boolean): Promise<Pruned[]> {
    const { quarantine, artifacts } = storeFiles(this.#runsFolder);
    const paths = [
      ...abandoned.map((id) => join(this.#runsFolder, id)),
      ...await named(this.#runsFolder, (name) => name.startsWith(UNFINISHED)),
      // With nobody else about, what is unfinished stays so.
      ...alone
        ? await named(artifacts, (name) => name.startsWith(UNFINISHED))
        : await this.#store.stale(),
      ...await named(quarantine, () => true),
    ];
    const removed: Pruned[] = [];
    for (const path of paths) {
      removed.push({ name: path, bytes: await this.#measure.bytes(path) });
      if (!this.#options.dryRun) await this.#files.remove(path);
    }
    return removed;
  }
}

/** Hashes of everything that these runs have made or taken from the cache. */
function referencedBy(runs: readonly RunRecord[]): Set<string> {
  const stages = runs.flatMap((run) => run.stages);
  return new Set(stages.flatMap(({ outputs }) => Object.values(outputs)));
}
