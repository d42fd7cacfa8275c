import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Lease, Leases, type LeaseTimes } from "../../engine/leases.ts";
import { runFiles } from "../../engine/layout.ts";
import { assert, assertEquals, assertRejects } from "../../std/assert.ts";

const FAST: LeaseTimes = { beat: 20, still: 60_000, look: 5 };
const never = new AbortController().signal;

/** A runs folder of a test's own, with runs whose processes live. */
class Folder implements AsyncDisposable {
  readonly #open: { [Symbol.dispose](): void }[] = [];
  constructor(readonly path: string) {}

  static async make(): Promise<Folder> {
    return new Folder(await Deno.makeTempDir({ prefix: "leases-" }));
  }

  /** A run that lives; disposing of the result is its death: no heartbeat, no lock. */
  run(id: string, times: LeaseTimes = FAST): Leases & { die(): void } {
    const { lock, folder } = runFiles(this.path, id);
    Deno.mkdirSync(folder, { recursive: true });
    const file = Deno.openSync(lock, { create: true, write: true });
    file.lockSync(true);
    const leases = Leases.open(this.path, id, times);
    let alive = true;
    const die = () => {
      if (!alive) return;
      alive = false;
      file.close();
      leases[Symbol.dispose]();
    };
    this.#open.push({ [Symbol.dispose]: die });
    return Object.assign(leases, { die });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const open of this.#open) open[Symbol.dispose]();
    await Deno.remove(this.path, { recursive: true });
  }
}

function acquire(leases: Leases, key: string, told: string[] = []): Promise<Lease> {
  return leases.acquire(key, join(leases.run, "stages", key), {
    signal: never,
    onWait: (run) => told.push(run),
  });
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const late = new Promise((resolve) => setTimeout(resolve, 60, "pending"));
  return await Promise.race([promise, late]) === "pending";
}

Deno.test("a second run waits until the first gives its lease back, and is told once whom for", async () => {
  await using folder = await Folder.make();
  const [a, b] = [folder.run("a"), folder.run("b")];
  const first = await acquire(a, "k");
  assertEquals(first.unfinished, undefined);
  const told: string[] = [];
  const waiting = acquire(b, "k", told);
  assert(await isPending(waiting));
  assertEquals(told, ["a"]);
  first.release(true);
  assertEquals((await waiting).unfinished, undefined);
  const other = await acquire(a, "another key");
  other.release(true);
});

Deno.test("a lease given back unfinished tells where the work lies", async () => {
  await using folder = await Folder.make();
  const [a, b] = [folder.run("a"), folder.run("b")];
  (await acquire(a, "k")).release(false);
  const lease = await acquire(b, "k");
  assertEquals(lease.unfinished, { run: "a", folder: join("a", "stages", "k") });
});

Deno.test("a dead run's lease is taken at once", async () => {
  await using folder = await Folder.make();
  const [a, b] = [folder.run("a"), folder.run("b")];
  await acquire(a, "k");
  const waiting = acquire(b, "k");
  assert(await isPending(waiting));
  a.die();
  assertEquals((await waiting).unfinished?.run, "a");
});

Deno.test("of many waiters for a dead run's lease one gets it", async () => {
  await using folder = await Folder.make();
  const dead = folder.run("dead");
  await acquire(dead, "k");
  dead.die();
  const runs = Array.from({ length: 5 }, (_, index) => folder.run(`w${index}`));
  let holding = 0;
  let turns = 0;
  await Promise.all(runs.map(async (run) => {
    const lease = await acquire(run, "k");
    assertEquals(++holding, 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    holding--;
    turns++;
    lease.release(true);
  }));
  assertEquals(turns, runs.length);
});

Deno.test("an owner that lives but whose heart stands still loses its lease, whatever the clock says", async () => {
  await using folder = await Folder.make();
  const hung = folder.run("hung", { ...FAST, beat: 1_000_000 });
  const beating = folder.run("beating");
  const waiter = folder.run("waiter", { ...FAST, still: 200 });
  await acquire(hung, "k");
  await acquire(beating, "l");
  const { now } = Date;
  // A clock that is set years ahead makes nobody dead.
  Date.now = () => now() + 10 * 365 * 24 * 3600 * 1000;
  try {
    const one = acquire(waiter, "k");
    const other = acquire(waiter, "l");
    other.catch(() => {});
    assert(await isPending(one));
    assertEquals((await one).unfinished?.run, "hung");
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert(await isPending(other));
    beating.die();
    assertEquals((await other).unfinished?.run, "beating");
  } finally {
    Date.now = now;
  }
});

Deno.test("a wait ends with its signal", async () => {
  await using folder = await Folder.make();
  const [a, b] = [folder.run("a"), folder.run("b")];
  await acquire(a, "k");
  const controller = new AbortController();
  const waiting = b.acquire("k", "b", { signal: controller.signal, onWait: () => {} });
  controller.abort(new Error("interrupted"));
  await assertRejects(() => waiting, Error, "interrupted");
});

Deno.test("a lease that the disk does not let go of is given back with a later heartbeat", async () => {
  await using folder = await Folder.make();
  const a = folder.run("a");
  for (const finished of [true, false]) {
    const lease = await acquire(a, "k");
    using disk = new DatabaseSync(join(folder.path, "store.sqlite"));
    for (const [verb, name] of [["DELETE", "gone"], ["UPDATE", "changed"]]) {
      disk.exec(`CREATE TRIGGER not_${name} BEFORE ${verb} ON leases
        BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`);
    }
    lease.release(finished);
    const again = acquire(a, "k");
    assert(await isPending(again));
    disk.exec("DROP TRIGGER not_gone; DROP TRIGGER not_changed");
    const { unfinished, release } = await again;
    assertEquals(unfinished?.run, finished ? undefined : "a");
    release(true);
  }
});
