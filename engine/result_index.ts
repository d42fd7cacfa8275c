/**
 * The cache index: which key gave which outputs, in `store.sqlite` beside the runs.
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import type { Components } from "./cache_key.ts";

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

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS results (
    id INTEGER PRIMARY KEY,
    key TEXT,
    workflow TEXT NOT NULL,
    instance TEXT NOT NULL,
    components TEXT NOT NULL,
    outputs TEXT NOT NULL,
    seconds REAL NOT NULL,
    run TEXT NOT NULL,
    time TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS results_by_key ON results (key, id);
  CREATE INDEX IF NOT EXISTS results_by_instance ON results (workflow, instance, id);
`;

/** The index of one runs folder. Several processes may use it at once. */
export class ResultIndex implements Disposable {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Opens the index, making it where it is missing. */
  static async open(runsFolder: string): Promise<ResultIndex> {
    await Deno.mkdir(runsFolder, { recursive: true });
    const database = new DatabaseSync(join(runsFolder, "store.sqlite"));
    database.exec("PRAGMA busy_timeout = 10000");
    database.exec("PRAGMA journal_mode = WAL");
    database.exec(SCHEMA);
    return new ResultIndex(database);
  }

  /** Opens the index for planning: where there is none it stays so, and the index is empty. */
  static async openForPlan(runsFolder: string): Promise<ResultIndex> {
    const exists = await Deno.stat(join(runsFolder, "store.sqlite"))
      .then(() => true, () => false);
    if (exists) return await ResultIndex.open(runsFolder);
    const database = new DatabaseSync(":memory:");
    database.exec(SCHEMA);
    return new ResultIndex(database);
  }

  /** The newest result of a key. */
  byKey(key: string): CommittedResult | undefined {
    const row = this.#database
      .prepare("SELECT * FROM results WHERE key = ? ORDER BY id DESC LIMIT 1")
      .get(key);
    return row && toResult(row);
  }

  /** The newest result of a workflow's instance, whatever its key. */
  newest(workflow: string, instance: string): CommittedResult | undefined {
    const row = this.#database.prepare(
      "SELECT * FROM results WHERE workflow = ? AND instance = ? ORDER BY id DESC LIMIT 1",
    ).get(workflow, instance);
    return row && toResult(row);
  }

  /** Adds a result, all at once. Its artifacts must be published already. */
  commit(result: CommittedResult): void {
    this.#database.prepare(
      "INSERT INTO results (key, workflow, instance, components, outputs, seconds, run, time) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    ).run(
      result.key,
      result.workflow,
      result.instance,
      JSON.stringify(result.components),
      JSON.stringify(result.outputs),
      result.seconds,
      result.run,
      new Date().toISOString(),
    );
  }

  /** Closes the database. */
  [Symbol.dispose](): void {
    this.#database.close();
  }
}

function toResult(row: Readonly<Record<string, unknown>>): CommittedResult {
  return {
    key: row["key"] === null ? null : String(row["key"]),
    workflow: String(row["workflow"]),
    instance: String(row["instance"]),
    components: JSON.parse(String(row["components"])),
    outputs: JSON.parse(String(row["outputs"])),
    seconds: Number(row["seconds"]),
    run: String(row["run"]),
  };
}
