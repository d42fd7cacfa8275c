/**
 * A damaged cache index: it is set aside and a new one made of what can still be read of it.
 *
 * Losing a result costs computing it again; taking a wrong one would cost trust in all of them. So
 * only rows whose key is the hash of their components are taken over.
 * @module
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { hashText } from "./hash.ts";
import { connect, connectToRead, isDamage } from "./index_file.ts";
import { quarantineName, storeFiles } from "./layout.ts";
import { Lock } from "./lock.ts";
import type { Warn } from "./result_index.ts";
import { StorageError } from "./storage_error.ts";

/** How often, and how many milliseconds apart, another process's repair is waited for. */
const LOOKS = 10;
const LOOK_MILLISECONDS = 100;

/**
 * Repairs the index, unless another process did so meanwhile.
 * @throws StorageError while a run is going on that uses the index
 */
export async function repairIndex(runsFolder: string, warn: Warn): Promise<void> {
  const { index, lock } = storeFiles(runsFolder);
  for (let look = 0; look < LOOKS; look++) {
    using held = Lock.tryHold(lock);
    // Another process may have repaired it meanwhile, and use it already.
    if (!isDamaged(index)) return;
    if (held === undefined) {
      await new Promise((done) => setTimeout(done, LOOK_MILLISECONDS));
      continue;
    }
    const place = await setAside(runsFolder);
    const kept = salvage(place, index);
    warn(
      `the index ${index} was damaged: moved to ${place}. ${kept} results could be read and are kept; stages whose results are lost run again`,
    );
    return;
  }
  throw new StorageError(
    `the index ${index} is damaged, and a run that is going on uses it: wait for it to end, or end it, then run the same command again`,
  );
}

/** False also where it is missing or cannot be opened: that is for who opens it next. */
function isDamaged(index: string): boolean {
  try {
    connectToRead(index).close();
    return false;
  } catch (error) {
    return isDamage(error);
  }
}

/** Moves the index into quarantine, with what SQLite keeps beside it. */
async function setAside(runsFolder: string): Promise<string> {
  const { index, quarantine } = storeFiles(runsFolder);
  await Deno.mkdir(quarantine, { recursive: true });
  const place = join(quarantine, quarantineName("store.sqlite"));
  for (const suffix of ["-wal", "-shm", ""]) {
    await Deno.rename(index + suffix, place + suffix).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  return place;
}

const COLUMNS = ["key", "workflow", "instance", "components", "outputs", "seconds", "run", "time"];

/** Makes a new index of the rows that can be read. Returns how many. */
function salvage(from: string, to: string): number {
  const rows = readableRows(from).filter(isTrustworthy);
  const database = connect(to);
  try {
    const places = COLUMNS.map(() => "?").join(", ");
    const insert = database.prepare(
      `INSERT INTO results (${COLUMNS.join(", ")}) VALUES (${places})`,
    );
    database.exec("BEGIN IMMEDIATE");
    for (const row of rows) insert.run(...COLUMNS.map((column) => row[column] ?? null));
    database.exec("COMMIT");
    return rows.length;
  } finally {
    database.close();
  }
}

type Row = Record<string, string | number | bigint | Uint8Array | null>;

/** Rows from the front up to the damage, then from the back up to it, the oldest first. */
function readableRows(path: string): Row[] {
  const rows = new Map<number, Row>();
  const take = (database: DatabaseSync, order: "ASC" | "DESC") => {
    const query = database.prepare(`SELECT * FROM results NOT INDEXED ORDER BY id ${order}`);
    for (const row of query.iterate() as Iterable<Row>) {
      const id = Number(row["id"]);
      if (rows.has(id)) return;
      rows.set(id, row);
    }
  };
  for (const order of ["ASC", "DESC"] as const) {
    try {
      using stack = new DisposableStack();
      const database = stack.adopt(new DatabaseSync(path), (open) => open.close());
      take(database, order);
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
    }
  }
  return [...rows.values()].sort((a, b) => Number(a["id"]) - Number(b["id"]));
}

function isTrustworthy({ key, components, outputs }: Row): boolean {
  try {
    JSON.parse(String(outputs));
    return typeof key === "string" &&
      hashText(JSON.stringify(JSON.parse(String(components)))) === key;
  } catch {
    return false;
  }
}
