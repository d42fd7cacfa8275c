/**
 * The file behind the cache index: its tables, its format, and whether it is whole.
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { StorageError } from "./storage_error.ts";

/** Raised whenever an older engine could not use the tables any more. */
const INDEX_FORMAT = 1;

/** How long to wait for a file that another process has locked, in ms. */
const PATIENCE = 10_000;

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
  PRAGMA user_version = ${INDEX_FORMAT};
`;

/**
 * Opens an index file, making it where it is missing, and checks it.
 * @throws what SQLite throws, {@linkcode isDamage} tells of what kind; StorageError for a newer format
 */
export function connect(path: string): DatabaseSync {
  return checked(path, new DatabaseSync(path), (database, format) => {
    useWriteAheadLog(database);
    if (format < INDEX_FORMAT) database.exec(SCHEMA);
  });
}

/** Switches to a write-ahead log. SQLite itself does not wait here for a process that does the same. */
function useWriteAheadLog(database: DatabaseSync): void {
  const until = performance.now() + PATIENCE;
  while (true) {
    try {
      return database.exec("PRAGMA journal_mode = WAL");
    } catch (error) {
      const isLocked = error instanceof Error && error.message.includes("locked");
      if (!isLocked || performance.now() >= until) throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
}

/**
 * Opens an index file that is there to read it, and checks it. Leaves no other file behind.
 * @throws as {@linkcode connect}
 */
export function connectToRead(path: string): DatabaseSync {
  Deno.statSync(path);
  try {
    return checked(path, new DatabaseSync(path), () => {});
  } catch (error) {
    if (!isReadOnly(error)) throw error;
    // Where nobody can write, nobody does.
    const url = pathToFileURL(path);
    url.search = "?immutable=1";
    return checked(path, new DatabaseSync(url, { readOnly: true }), () => {});
  }
}

function checked(
  path: string,
  database: DatabaseSync,
  prepare: (database: DatabaseSync, format: number) => void,
): DatabaseSync {
  try {
    database.exec(`PRAGMA busy_timeout = ${PATIENCE}`);
    const format = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (format > INDEX_FORMAT) throw newer(path, format);
    const [first] = database.prepare("PRAGMA quick_check(1)").all();
    const said = String(first?.["quick_check"]);
    if (said !== "ok") throw new DamagedIndex(said);
    prepare(database, format);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function isReadOnly(error: unknown): boolean {
  return error instanceof Error && /readonly|unable to open/.test(error.message);
}

/** An index in memory, with nothing in it. */
export function emptyIndex(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  database.exec(SCHEMA);
  return database;
}

/** Whether an index file is not, or not wholly, what SQLite wrote. */
export function isDamage(error: unknown): boolean {
  return error instanceof DamagedIndex ||
    error instanceof Error && /not a database|malformed|no such (table|column)/.test(error.message);
}

class DamagedIndex extends Error {}

function newer(path: string, format: number): StorageError {
  return new StorageError(
    `the index ${path} was written by a newer version of this program (its format is ${format}, this version knows ${INDEX_FORMAT}). Use that version, or another folder with --runs`,
  );
}
