import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { storageError } from "../../engine/storage_error.ts";
import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "../../std/assert.ts";
import { Folder } from "./folder.ts";

const FULL = `import { z } from "zod";
export default {
  name: "full", version: "1", description: "Fills a disk.", url: import.meta.url, usesDevice: false,
  outputs: { text: { kind: "text", description: "A text." } },
  with: z.object({}),
  async run() {
    // As the runtime throws it; only root with all permissions may write to /dev/full.
    throw Object.assign(new Error("No space left on device (os error 28): writefile 'out'"), { code: "ENOSPC" });
  },
};`;

Deno.test("a runs folder that is a file, or cannot be made, ends with 2 and what to do", async () => {
  await using folder = await Folder.make();
  await Deno.writeTextFile(join(folder.path, "file"), "");
  const inTheWay = await folder.run("workflow", "flow.yaml", "--runs", "file");
  assertEquals([inTheWay.code, inTheWay.out], [2, ""]);
  assertMatch(
    inTheWay.error,
    /^error: could not use the index file\/store\.sqlite: there is a file where a folder is needed\. Move the file away, or choose another folder with --runs \(.*\)\n$/,
  );
  const below = await folder.run("workflow", "flow.yaml", "--runs", "file/runs");
  assertEquals(below.code, 2);
  assertStringIncludes(below.error, "is a file, not a folder");
  for (const command of [["runs"], ["runs", "show", "latest"], ["runs", "prune"]]) {
    const { code, out, error } = await folder.run(...command, "--runs", "file");
    assertEquals([code, out], [2, ""], error);
    assertMatch(error, /^error: .*file/);
  }
});

Deno.test("a damaged index is set aside with a warning, and everything runs again", async () => {
  await using folder = await Folder.make();
  await folder.run("workflow", "flow.yaml");
  const index = join(folder.path, "runs", "store.sqlite");
  await Deno.writeTextFile(index, "this is no index\n".repeat(1000));
  const plan = await folder.run("workflow", "flow.yaml", "--plan");
  assertEquals(plan.code, 0);
  assertStringIncludes(plan.error, "is damaged: the next run sets it aside and rebuilds it");
  assertStringIncludes(plan.out, "first   run      no earlier result");
  const { code, out, error } = await folder.run("workflow", "flow.yaml");
  assertEquals(code, 0, error);
  assertMatch(
    error,
    /^warning: the index runs\/store\.sqlite was damaged: moved to runs\/quarantine/,
  );
  assertStringIncludes(out, "2 done");
  assertStringIncludes((await folder.run("workflow", "flow.yaml")).out, "2 cached");
});

Deno.test("an index of a newer format ends with 2 and is left alone", async () => {
  await using folder = await Folder.make();
  await folder.run("workflow", "flow.yaml");
  const database = new DatabaseSync(join(folder.path, "runs", "store.sqlite"));
  database.exec("PRAGMA user_version = 7");
  database.close();
  for (const more of [[], ["--plan"]]) {
    const { code, out, error } = await folder.run("workflow", "flow.yaml", ...more);
    assertEquals([code, out], [2, ""]);
    assertMatch(error, /^error: the index runs\/store\.sqlite was written by a newer version/);
    assertStringIncludes(error, "its format is 7, this version knows 1");
  }
});

Deno.test("a locked index is told apart, with what to do", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "store.sqlite");
  using holder = new DatabaseSync(path);
  holder.exec("BEGIN EXCLUSIVE");
  using other = new DatabaseSync(path);
  const thrown = assertThrows(() => other.exec("CREATE TABLE t (x)"));
  assertMatch(
    storageError(thrown, "use the index", path).message,
    /another process has kept it locked for over 10 s\. Wait for that process or end it/,
  );
  holder.exec("ROLLBACK");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a store that cannot be written to fails the stage, and the run ends with 1", async () => {
  await using folder = await Folder.make();
  await Deno.mkdir(join(folder.path, "runs"));
  await Deno.writeTextFile(join(folder.path, "runs", "artifacts"), "");
  const { code, out, error } = await folder.run("workflow", "flow.yaml");
  assertEquals(code, 1, error);
  assertMatch(
    out,
    /first: failed: could not publish .* as an artifact in runs\/artifacts: there is a file where/,
  );
  await Deno.remove(join(folder.path, "runs", "artifacts"));
  assertEquals((await folder.run("workflow", "flow.yaml")).code, 0);
});

Deno.test("an index that refuses a result fails the stage; the same command then succeeds", async () => {
  await using folder = await Folder.make();
  await folder.run("workflow", "flow.yaml", "--only", "first");
  const database = new DatabaseSync(join(folder.path, "runs", "store.sqlite"));
  database.exec(
    "CREATE TRIGGER refuse BEFORE INSERT ON results BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
  );
  const { code, out } = await folder.run("workflow", "flow.yaml");
  assertEquals(code, 1);
  assertStringIncludes(out, "first: cached");
  assertMatch(out, /second: failed: could not write to the index .*: the disk is full\. Free some/);
  database.exec("DROP TRIGGER refuse");
  database.close();
  const again = await folder.run("workflow", "flow.yaml");
  assertEquals(again.code, 0, again.error);
  assertStringIncludes(again.out, "second: done");
});

Deno.test("a stage that meets a full disk fails with what to do", async () => {
  await using folder = await Folder.make("name: full\nstages: { fill: { uses: ./full.ts } }\n");
  await Deno.writeTextFile(join(folder.path, "full.ts"), FULL);
  const { code, out } = await folder.run("workflow", "flow.yaml");
  assertEquals(code, 1);
  assertMatch(
    out,
    /fill: failed: No space left .*: the disk is full\. Free some space \(`deno task/,
  );
});

Deno.test("each failure of a disk says what happened, where and what to do", () => {
  const cases = {
    ENOSPC: "the disk is full. Free some space",
    EDQUOT: "your disk quota is used up. Free some space",
    EROFS: "the file system is read-only. Make it writable, or choose another folder with --runs",
    EACCES: "permission denied. Get the right to write there",
    ENOTDIR: "a part of this path is a file, not a folder. Move the file away",
    EMFILE: "too many files are open. Raise the limit",
    EIO: "the disk reported an error. Look at the system's log",
  };
  for (const [code, words] of Object.entries(cases)) {
    const thrown = Object.assign(new Error(`as the system says it (${code})`), { code });
    const { message } = storageError(thrown, "write the record to", "runs/x/run.json");
    assertStringIncludes(message, `could not write the record to runs/x/run.json: ${words}`);
    assertStringIncludes(message, thrown.message);
  }
  const { message } = storageError(new Error("something else"), "read", "runs");
  assertEquals(message, "could not read runs: something else");
});
