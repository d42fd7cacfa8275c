import { join } from "node:path";
import { connect } from "../../engine/index_file.ts";
import { assert, assertEquals, assertGreater } from "../../std/assert.ts";

const HELD = 300;

/** Begins to write into a new file on a thread of its own, and ends that after a while. */
function writer(path: string): Worker {
  const code = `import { DatabaseSync } from "node:sqlite";
    const database = new DatabaseSync(${JSON.stringify(path)});
    database.exec("BEGIN IMMEDIATE");
    self.postMessage("begun");
    setTimeout(() => { database.exec("COMMIT"); database.close(); }, ${HELD});`;
  const url = `data:text/javascript,${encodeURIComponent(code)}`;
  return new Worker(url, { type: "module" });
}

Deno.test("an index that another process is making is waited for", async () => {
  const folder = await Deno.makeTempDir({ prefix: "index-" });
  const path = join(folder, "store.sqlite");
  const worker = writer(path);
  try {
    await new Promise((resolve) => worker.onmessage = resolve);
    const begun = performance.now();
    const database = connect(path);
    assertGreater(performance.now() - begun, HELD / 2);
    assertEquals(database.prepare("PRAGMA journal_mode").get()?.["journal_mode"], "wal");
    assert(database.prepare("SELECT count(*) AS rows FROM results").get()?.["rows"] === 0);
    database.close();
  } finally {
    worker.terminate();
    await Deno.remove(folder, { recursive: true });
  }
});
