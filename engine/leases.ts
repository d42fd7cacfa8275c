/**
 * Leases: of several runs on one folder that want the same result, one computes it and the others wait.
 *
 * A lease is a row in the store, held by a run. A run holds a lock on a file for as long as its process
 * lives, so a dead owner is known at once. An owner that lives but does nothing any more (a suspended
 * machine, a disk shared with another host whose locks are not seen here) is known by its heartbeat
 * standing still, measured on the waiter's own steady clock: a clock that is set changes nothing.
 * Should two owners nevertheless compute the same, both leave the same content: nothing is corrupted.
 *
 * A lease that was given up unfinished remembers the stage's folder, where checkpoints may lie.
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { runFiles, storeFiles } from "./layout.ts";
import { Lock } from "./lock.ts";
import { isStorageFailure, storageError } from "./storage_error.ts";

/** An owner says that it lives this often. */
const BEAT_MILLISECONDS = 5000;
/** One that has not for this long has its lease taken. */
const STILL_MILLISECONDS = 60_000;
/** A waiter looks this often. */
const LOOK_MILLISECONDS = 200;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS leases (
  key TEXT PRIMARY KEY,
  run TEXT NOT NULL,
  folder TEXT NOT NULL,
  held INTEGER NOT NULL,
  beat INTEGER NOT NULL
)`;

/** The right to compute a result. Its owner looks again whether the result is there by now. */
export interface Lease {
  /** The stage's folder in an earlier run that began the same work and did not finish it. */
  readonly unfinished: { readonly run: string; readonly folder: string } | undefined;
  /** Gives it back. `finished` says that nothing of the stage's folder is wanted any more. */
  release(finished: boolean): void;
}

/** How to wait for a lease. */
export interface WaitOptions {
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Told once of each run that is waited for. */
  readonly onWait: (run: string) => void;
}

/** Thresholds in milliseconds, for tests. */
export interface LeaseTimes {
  /** Between two heartbeats. */
  readonly beat: number;
  /** Without a heartbeat until a lease is taken. */
  readonly still: number;
  /** Between two looks of a waiter. */
  readonly look: number;
}

const TIMES: LeaseTimes = {
  beat: BEAT_MILLISECONDS,
  still: STILL_MILLISECONDS,
  look: LOOK_MILLISECONDS,
};

interface Row {
  readonly run: string;
  readonly folder: string;
  readonly held: number;
  readonly beat: number;
}

/** The leases of one run. */
export class Leases implements Disposable {
  readonly #database: DatabaseSync;
  readonly #heartbeat: ReturnType<typeof setInterval>;
  readonly #find;
  readonly #insert;
  readonly #take;
  readonly #beat;
  readonly #release;
  readonly #finish;
  /** What the disk refused so far. */
  readonly #unreleased: (() => unknown)[] = [];

  private constructor(
    readonly runsFolder: string,
    readonly run: string,
    readonly times: LeaseTimes,
  ) {
    this.#database = new DatabaseSync(storeFiles(runsFolder).index);
    // A lease that a power cut takes away costs nothing: its owner is gone too.
    this.#database.exec("PRAGMA busy_timeout = 10000; PRAGMA synchronous = NORMAL");
    this.#database.exec(SCHEMA);
    const prepare = (text: string) => this.#database.prepare(text);
    this.#find = prepare("SELECT * FROM leases WHERE key = ?");
    this.#insert = prepare(
      "INSERT OR IGNORE INTO leases (key, run, folder, held, beat) VALUES (?, ?, ?, 1, 0)",
    );
    // Only where it is still as it was seen: another waiter may have been faster, or its owner woken up.
    this.#take = prepare(
      "UPDATE leases SET run = ?, folder = ?, held = 1, beat = 0 WHERE key = ? AND run = ? AND held = ? AND beat = ?",
    );
    this.#beat = prepare("UPDATE leases SET beat = beat + 1 WHERE run = ? AND held = 1");
    this.#release = prepare("UPDATE leases SET held = 0 WHERE key = ? AND run = ?");
    this.#finish = prepare("DELETE FROM leases WHERE key = ? AND run = ?");
    this.#heartbeat = setInterval(() => {
      // The next beat may come through; an error here, in a timer, would end the process.
      this.#ifPossible(() => this.#beat.run(run));
      for (const release of this.#unreleased.splice(0)) this.#giveBack(release);
    }, times.beat);
  }

  /**
   * Those of a run whose record has begun, in a folder whose store exists.
   * @throws StorageError where it cannot be read and written
   */
  static open(runsFolder: string, run: string, times: LeaseTimes = TIMES): Leases {
    try {
      return new Leases(runsFolder, run, times);
    } catch (error) {
      throw storageError(error, "keep the leases of the run in", storeFiles(runsFolder).index);
    }
  }

  /**
   * Takes the lease on a key, for work in `folder`. Waits while a run that lives holds it.
   * @throws the signal's reason where the wait is ended
   */
  async acquire(key: string, folder: string, options: WaitOptions): Promise<Lease> {
    const { signal, onWait } = options;
    let seen: { row: Row; since: number } | undefined;
    let told: string | undefined;
    for (;;) {
      signal.throwIfAborted();
      const row = this.#row(key);
      if (row === undefined) {
        const { changes } = this.#insert.run(key, this.run, folder);
        if (changes === 1) return this.#lease(key, undefined);
        continue;
      }
      if (seen?.row.run !== row.run || seen.row.beat !== row.beat) {
        seen = { row, since: performance.now() };
      }
      if (row.held === 0 || await this.#isDead(row, seen.since)) {
        const { run, held, beat } = row;
        const { changes } = this.#take.run(this.run, folder, key, run, held, beat);
        if (changes === 1) return this.#lease(key, row);
        continue;
      }
      if (told !== row.run) onWait(row.run);
      told = row.run;
      await sleep(this.times.look, signal);
    }
  }

  /** Stops the heartbeat and closes the store. */
  [Symbol.dispose](): void {
    clearInterval(this.#heartbeat);
    this.#database.close();
  }

  async #isDead(row: Row, since: number): Promise<boolean> {
    if (row.run === this.run) return false;
    if (performance.now() - since > this.times.still) return true;
    return !await Lock.isHeld(runFiles(this.runsFolder, row.run).lock);
  }

  #lease(key: string, before: Row | undefined): Lease {
    return {
      unfinished: before && { run: before.run, folder: before.folder },
      release: (finished) => {
        this.#giveBack(() => (finished ? this.#finish : this.#release).run(key, this.run));
      },
    };
  }

  /** Now, or with a later heartbeat: whoever wants the lease waits that long. */
  #giveBack(release: () => unknown): void {
    if (!this.#ifPossible(release)) this.#unreleased.push(release);
  }

  #ifPossible(work: () => unknown): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!isStorageFailure(error)) throw error;
      return false;
    }
  }

  #row(key: string): Row | undefined {
    const row = this.#find.get(key);
    return row && {
      run: String(row["run"]),
      folder: String(row["folder"]),
      held: Number(row["held"]),
      beat: Number(row["beat"]),
    };
  }
}

/** Resolves after that time, or once the signal is aborted. */
async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const wake = () => resolve();
  signal.addEventListener("abort", wake, { once: true });
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", wake);
}
