import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { hashText } from "../../engine/hash.ts";
import { storeFiles } from "../../engine/layout.ts";
import { Lock } from "../../engine/lock.ts";
import { type CommittedResult, ResultIndex } from "../../engine/result_index.ts";
import { StorageError } from "../../engine/storage_error.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "../../std/assert.ts";
import { Workspace } from "./workspace.ts";

async function withFolder(check: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "index-" });
  try {
    await check(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A result as a run commits it: its key is the hash of its components. */
function result(size: number): CommittedResult {
  const components = {
    format: 1,
    module: "make",
    version: "1",
    source: "s".repeat(64),
    lock: null,
    seed: 1,
    device: null,
    with: { size },
  };
  return {
    key: hashText(JSON.stringify(components)),
    workflow: "index",
    instance: `make (size=${size})`,
    components,
    outputs: { data: { kind: "dataset", hash: hashText(String(size)) } },
    seconds: 1,
    run: "a-run",
  };
}

async function fill(folder: string, count: number): Promise<CommittedResult[]> {
  const results = Array.from({ length: count }, (_, size) => result(size));
  using index = await ResultIndex.open(folder);
  for (const one of results) index.commit(one);
  return results;
}

/** How many of the results an index still has, as they were. */
function found(index: ResultIndex, results: readonly CommittedResult[]): number {
  const back = results.map(({ key }) => index.byKey(key ?? ""));
  const kept = back.flatMap((one, at) => one === undefined ? [] : [[one, results[at]]]);
  for (const [one, before] of kept) assertEquals(one, before);
  return kept.length;
}

Deno.test("the newest result of a key and of an instance are found, also in one look", () =>
  withFolder(async (folder) => {
    const [first, second] = await fill(folder, 2);
    assert(first && second);
    using index = await ResultIndex.open(folder);
    const again = { ...first, run: "a-later-run" };
    index.commit(again);
    const look = () => [index.byKey(first.key ?? ""), index.newest("index", second.instance)];
    assertEquals(look(), [again, second]);
    assertEquals(await index.reading(() => Promise.resolve(look())), [again, second]);
    await assertRejects(() => index.reading(() => Promise.reject(new Error("no"))), Error, "no");
    assertEquals(look(), [again, second]);
  }));

Deno.test("results are taken away all at once", () =>
  withFolder(async (folder) => {
    const results = await fill(folder, 3);
    using index = await ResultIndex.open(folder);
    const ids = index.all().map(({ id }) => id);
    index.remove(ids.slice(0, 2));
    assertEquals(index.all().map(({ result }) => result), results.slice(2));
  }));

Deno.test("a file that is no index is set aside, with a warning, and the index is empty", () =>
  withFolder(async (folder) => {
    const { index: path, quarantine } = storeFiles(folder);
    await Deno.writeTextFile(path, "this is no index\n".repeat(100));
    const warnings: string[] = [];
    using index = await ResultIndex.open(folder, (message) => warnings.push(message));
    assertEquals(index.all(), []);
    assertEquals(warnings.length, 1);
    assertMatch(warnings[0] ?? "", /^the index .*store\.sqlite was damaged: moved to .*quarantine/);
    const [aside] = [...Deno.readDirSync(quarantine)];
    assertMatch(await Deno.readTextFile(join(quarantine, aside?.name ?? "")), /^this is no index/);
    index.commit(result(1));
    assertEquals(found(index, [result(1)]), 1);
  }));

Deno.test("of an index damaged in its midst, what can be read is kept, and nothing that is wrong", () =>
  withFolder(async (folder) => {
    const count = 400;
    const results = await fill(folder, count);
    const { index: path } = storeFiles(folder);
    const { size } = await Deno.stat(path);
    using file = await Deno.open(path, { read: true, write: true });
    await file.seek(4096 * Math.floor(size / 4096 / 2), Deno.SeekMode.Start);
    await file.write(new Uint8Array(3 * 4096).fill(0xa5));
    const warnings: string[] = [];
    using index = await ResultIndex.open(folder, (message) => warnings.push(message));
    const kept = found(index, results);
    assertEquals(index.all().length, kept);
    assert(kept > count / 4 && kept <= count, String(kept));
    assertMatch(warnings.join(), new RegExp(`\\b${kept} results could be read`));
  }));

Deno.test("any flipped bit costs at most results, never a wrong one or a crash", () =>
  withFolder(async (folder) => {
    const results = await fill(folder, 12);
    const { index: path, quarantine } = storeFiles(folder);
    const whole = await Deno.readFile(path);
    for (let step = 0; step < 150; step++) {
      const bytes = whole.slice();
      const at = (step * 7919) % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (step % 8));
      await Deno.writeFile(path, bytes);
      for (const suffix of ["-wal", "-shm"]) await Deno.remove(path + suffix).catch(() => {});
      try {
        using index = await ResultIndex.open(folder, () => {});
        for (const { key, components } of results) {
          const back = index.byKey(key ?? "");
          if (back === undefined) continue;
          assertEquals(back.key, key);
          assertEquals(typeof back.components, typeof components);
        }
        index.commit(result(99));
      } catch (error) {
        // A flip in the format's own field may look like a newer one.
        assert(error instanceof StorageError && /newer version/.test(error.message), String(error));
      }
      await Deno.remove(quarantine, { recursive: true }).catch(() => {});
    }
  }));

Deno.test("in place of a newest result that is damaged, the one before it is taken", () =>
  withFolder(async (folder) => {
    const [first] = await fill(folder, 1);
    assert(first);
    using index = await ResultIndex.open(folder);
    index.commit(first);
    const outside = new DatabaseSync(storeFiles(folder).index);
    outside.exec("UPDATE results SET outputs = '{' WHERE id = 2");
    outside.close();
    assertEquals(index.byKey(first.key ?? ""), first);
    assertEquals(index.all().map(({ result }) => result === undefined), [false, true]);
  }));

Deno.test("a damaged index in use by another run is an error that says so", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(storeFiles(folder).index, "this is no index\n".repeat(100));
    using _ = await Lock.share(storeFiles(folder).lock);
    await assertRejects(
      () => ResultIndex.open(folder, () => {}),
      StorageError,
      "is damaged, and a run that is going on uses it",
    );
  }));

Deno.test("several processes that find the index damaged repair it once", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(storeFiles(folder).index, "this is no index\n".repeat(100));
    const warnings: string[] = [];
    const opened = await Promise.all(
      [1, 2, 3].map(() => ResultIndex.open(folder, (message) => warnings.push(message))),
    );
    for (const [at, index] of opened.entries()) index.commit(result(at));
    assertEquals(opened[0]?.all().length, 3);
    for (const index of opened) index[Symbol.dispose]();
    assertEquals(warnings.length, 1);
  }));

Deno.test("an index of a newer format is left alone", () =>
  withFolder(async (folder) => {
    await fill(folder, 1);
    const database = new DatabaseSync(storeFiles(folder).index);
    database.exec("PRAGMA user_version = 2");
    database.close();
    for (const open of [() => ResultIndex.open(folder), () => planned(folder)]) {
      await assertRejects(open, StorageError, "was written by a newer version");
    }
    assertEquals([...Deno.readDirSync(folder)].some(({ name }) => name === "quarantine"), false);
  }));

function planned(folder: string): Promise<ResultIndex> {
  return Promise.try(() => ResultIndex.openForPlan(folder));
}

Deno.test("planning changes no file: neither a damaged index nor one that is missing", () =>
  withFolder(async (folder) => {
    using empty = ResultIndex.openForPlan(join(folder, "nowhere"));
    assertEquals(empty.all(), []);
    await Deno.writeTextFile(storeFiles(folder).index, "this is no index\n".repeat(100));
    const warnings: string[] = [];
    using index = ResultIndex.openForPlan(folder, (message) => warnings.push(message));
    assertEquals(index.all(), []);
    assertMatch(warnings.join(), /is damaged: the next run sets it aside/);
    await Deno.remove(storeFiles(folder).index);
    await fill(folder, 1);
    const before = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    ResultIndex.openForPlan(folder)[Symbol.dispose]();
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), before);
  }));

Deno.test("a commit that SQLite refuses leaves nothing, and the next one succeeds", () =>
  withFolder(async (folder) => {
    await fill(folder, 2);
    const outside = new DatabaseSync(storeFiles(folder).index);
    outside.exec(
      "CREATE TRIGGER refuse BEFORE INSERT ON results BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
    );
    using index = await ResultIndex.open(folder);
    const full = assertThrows(() => index.commit(result(2)), StorageError);
    assertMatch(
      full.message,
      /could not write to the index .*store\.sqlite: the disk is full\. Free/,
    );
    assertEquals(index.all().length, 2);
    outside.exec("DROP TRIGGER refuse");
    outside.close();
    index.commit(result(2));
    assertEquals(index.all().length, 3);
  }));

const FLOW = `
name: commits
stages:
  data: { uses: make, with: { size: 3 } }
  model: { uses: train, with: { dataset: "\${{ stages.data.outputs.data }}" } }
  other: { uses: make, needs: model, with: { size: 4 } }
`;

Deno.test("a run whose Nth commit is refused leaves that stage absent; the same run then ends it", async () => {
  const names = ["data", "model", "other"];
  for (const [nth, name] of names.entries()) {
    await using work = await Workspace.with(FLOW);
    (await ResultIndex.open(work.runsFolder))[Symbol.dispose]();
    using outside = new DatabaseSync(storeFiles(work.runsFolder).index);
    outside.exec(
      `CREATE TRIGGER refuse BEFORE INSERT ON results WHEN (SELECT count(*) FROM results) = ${nth}
       BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`,
    );
    const failed = await work.run();
    assertEquals(failed.stages.map(({ state }) => state), [
      ...names.slice(0, nth).map(() => "done"),
      "failed",
      ...names.slice(nth + 1).map(() => "skipped"),
    ]);
    assertMatch(
      failed.stages[nth]?.reason ?? "",
      /could not write to the index .*: the disk is full/,
    );
    assertEquals(failed.stages[nth]?.outputs, {}, name);
    outside.exec("DROP TRIGGER refuse");
    assertEquals((await work.run()).stages.map(({ state }) => state), [
      ...names.slice(0, nth).map(() => "cached"),
      ...names.slice(nth).map(() => "done"),
    ]);
  }
});
