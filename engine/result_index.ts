/**
 * The cache index: which key gave which outputs, in `store.sqlite` beside the runs.
 *
 * Whoever has it open shares `store.lock`; who takes results or artifacts away holds it alone.
 * A damaged index is set aside and rebuilt from what can still be read of it
 * ({@link index_repair.ts}).
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Components } from "./cache_key.ts";
import { connect, connectToRead, emptyIndex, isDamage } from "./index_file.ts";
import { repairIndex } from "./index_repair.ts";
import { storeFiles } from "./layout.ts";
import { Lock } from "./lock.ts";
import { storageError } from "./storage_error.ts";

/** One committed result. */
export interface CommittedResult {
  /** Cache key; null where the result must never be taken again. */
  readonly key: string | null;
  /** Name of the workflow that computed or used it. */
  readonly workflow: string;
  /** Name of the stage instance. */
  readonly instance: string;
  /** What the key is made of, for telling what changed. */
  readonly components: Components;
  /** Output name → kind and content. */
  readonly outputs: Readonly<Record<string, { kind: string; hash: string }>>;
  /** Seconds of computing. */
  readonly seconds: number;
  /** Run that computed it. */
  readonly run: string;
}

/** A result and its number in the index. */
export interface NumberedResult {
  /** Grows with time. */
  readonly id: number;
  /** The result; undefined where its row is damaged. */
  readonly result: CommittedResult | undefined;
}

/** Told in words what was found and done about it. */
export type Warn = (message: string) => void;

const toStandardError: Warn = (message) => console.error(`warning: ${message}`);

/** The index of one runs folder. Several processes may use it at once. */
export class ResultIndex implements Disposable {
  readonly #database: DatabaseSync;
  readonly #lock: Lock | undefined;
  readonly #path: string;
  readonly #byKey;
  readonly #newest;
  readonly #insert;

  private constructor(database: DatabaseSync, path: string, lock: Lock | undefined) {
    this.#database = database;
    this.#path = path;
    this.#lock = lock;
    this.#byKey = database.prepare("SELECT * FROM results WHERE key = ? ORDER BY id DESC");
    this.#newest = database.prepare(
      "SELECT * FROM results WHERE workflow = ? AND instance = ? ORDER BY id DESC",
    );
    this.#insert = database.prepare(
      "INSERT INTO results (key, workflow, instance, components, outputs, seconds, run, time) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
  }

  /**
   * Opens the index, making it where it is missing and repairing it where it is damaged.
   * @throws StorageError where it cannot be read and written, or is of a newer format
   */
  static async open(runsFolder: string, warn: Warn = toStandardError): Promise<ResultIndex> {
    const { index, lock } = storeFiles(runsFolder);
    try {
      await Deno.mkdir(runsFolder, { recursive: true });
      // A second look, where another process repaired it before this one could.
      for (const mayRepair of [true, true, false]) {
        using stack = new DisposableStack();
        const shared = stack.use(await Lock.share(lock));
        try {
          const opened = new ResultIndex(connect(index), index, shared);
          stack.move();
          return opened;
        } catch (error) {
          if (!isDamage(error) || !mayRepair) throw error;
        }
        stack.dispose();
        await repairIndex(runsFolder, warn);
      }
      throw new Error("it is damaged again as soon as it is rebuilt");
    } catch (error) {
      throw storageError(error, "use the index", index);
    }
  }

  /** Opens an index for someone who holds `store.lock` alone. */
  static openAlone(runsFolder: string): ResultIndex {
    const { index } = storeFiles(runsFolder);
    try {
      return new ResultIndex(connect(index), index, undefined);
    } catch (error) {
      throw storageError(error, "use the index", index);
    }
  }

  /** The run that took the lease on a key last and has not given it back as finished, and the stage's folder there. */
  begun(key: string): { readonly run: string; readonly folder: string } | undefined {
    // Runs make the table once they compute something (leases.ts).
    const isThere = this.#database.prepare(
      "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'leases'",
    ).get();
    if (isThere === undefined) return undefined;
    const row = this.#database.prepare("SELECT run, folder FROM leases WHERE key = ?").get(key);
    return row && { run: String(row["run"]), folder: String(row["folder"]) };
  }

  /**
   * Opens the index for planning, which changes nothing: where there is none, or a damaged one, it
   * stays so, and the index is empty.
   * @throws StorageError where there is one that cannot be read, or is of a newer format
   */
  static openForPlan(runsFolder: string, warn: Warn = toStandardError): ResultIndex {
    const { index } = storeFiles(runsFolder);
    try {
      return new ResultIndex(connectToRead(index), index, undefined);
    } catch (error) {
      if (isDamage(error)) {
        warn(`the index ${index} is damaged: the next run sets it aside and rebuilds it`);
      } else if (!(error instanceof Deno.errors.NotFound)) {
        throw storageError(error, "read the index", index);
      }
      return new ResultIndex(emptyIndex(), index, undefined);
    }
  }

  /** The newest result of a key. */
  byKey(key: string): CommittedResult | undefined {
    return this.#guard("read", () => newestWhole(this.#byKey, key));
  }

  /** The newest result of a workflow's instance, whatever its key. */
  newest(workflow: string, instance: string): CommittedResult | undefined {
    return this.#guard("read", () => newestWhole(this.#newest, workflow, instance));
  }

  /** Every result, the oldest first. */
  all(): NumberedResult[] {
    return this.#guard(
      "read",
      () =>
        this.#database.prepare("SELECT * FROM results ORDER BY id").all()
          .map((row) => ({ id: Number(row["id"]), result: toResult(row) })),
    );
  }

  /** Does what reads many results: as one look at the index, which is several times faster. */
  async reading<T>(work: () => Promise<T>): Promise<T> {
    this.#guard("read", () => this.#database.exec("BEGIN"));
    try {
      return await work();
    } finally {
      this.#guard("read", () => this.#database.exec("COMMIT"));
    }
  }

  /**
   * Adds a result, all at once. Its artifacts must be published already.
   * @throws StorageError where it is not added
   */
  commit(result: CommittedResult): void {
    this.#guard("write to", () => {
      this.#insert.run(
        result.key,
        result.workflow,
        result.instance,
        JSON.stringify(result.components),
        JSON.stringify(result.outputs),
        result.seconds,
        result.run,
        new Date().toISOString(),
      );
    });
  }

  /** Takes results away, all or none. Later ones take their room. */
  remove(ids: readonly number[]): void {
    this.#guard("write to", () => {
      const remove = this.#database.prepare("DELETE FROM results WHERE id = ?");
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        for (const id of ids) remove.run(id);
        this.#database.exec("COMMIT");
      } catch (error) {
        this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  /** Closes the database. */
  [Symbol.dispose](): void {
    this.#database.close();
    this.#lock?.[Symbol.dispose]();
  }

  #guard<T>(action: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storageError(error, `${action} the index`, this.#path);
    }
  }
}

type Row = Readonly<Record<string, unknown>>;

/** The first row of a query that is not damaged. */
function newestWhole(query: StatementSync, ...values: string[]): CommittedResult | undefined {
  const row = query.get(...values);
  if (row === undefined) return undefined;
  return toResult(row) ?? query.all(...values).map(toResult).find((result) => result);
}

/** A row as a result; undefined where its texts are damaged. */
function toResult(row: Row): CommittedResult | undefined {
  try {
    return {
      key: row["key"] === null ? null : String(row["key"]),
      workflow: String(row["workflow"]),
      instance: String(row["instance"]),
      components: JSON.parse(String(row["components"])),
      outputs: JSON.parse(String(row["outputs"])),
      seconds: Number(row["seconds"]),
      run: String(row["run"]),
    };
  } catch {
    return undefined;
  }
}
