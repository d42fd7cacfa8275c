import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ArtifactStore } from "../../engine/artifact_store.ts";
import { disk, type Files } from "../../engine/files.ts";
import { hashPath, hashText } from "../../engine/hash.ts";
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "../../std/assert.ts";
import { reasons, states, Workspace } from "./workspace.ts";

const FLOW = `
name: store
stages:
  data: { uses: make, with: { size: 3 } }
  model: { uses: train, with: { dataset: "\${{ stages.data.outputs.data }}" } }
`;

/** SHA-256 of "abc", from FIPS 180-2. */
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

async function withFolder<T>(check: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await check(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a file's hash is SHA-256, a folder's is over its sorted listing", () =>
  withFolder(async (folder) => {
    const make = async (name: string, files: Record<string, string>) => {
      for (const [path, text] of Object.entries(files)) {
        const file = join(folder, name, path);
        await Deno.mkdir(join(file, ".."), { recursive: true });
        await Deno.writeTextFile(file, text);
      }
      return join(folder, name);
    };
    const one = await make("one", { "a": "abc", "b/c": "x" });
    assertEquals(await hashPath(join(one, "a")), ABC);
    const hash = await hashPath(one);
    assertEquals(await hashPath(await make("two", { "b/c": "x", "a": "abc" })), hash);
    assertNotEquals(await hashPath(await make("three", { "a": "abc", "b/d": "x" })), hash);
    assertNotEquals(await hashPath(await make("four", { "a": "abc", "b/c": "y" })), hash);
    const names = ["d", "a", "e", "c", "b"];
    const five = await make("five", Object.fromEntries(names.map((name) => [name, "abc"])));
    const listing = names.sort().map((name) => `${name}\0${ABC}\n`).join("");
    assertEquals(await hashPath(five), hashText(`folder\n${listing}`));
    await Deno.symlink("/etc/hostname", join(one, "link"));
    await assertRejects(() => hashPath(one), Error, "got a link");
  }));

Deno.test("publishing moves a content under its hash, twice the same is once", () =>
  withFolder(async (folder) => {
    const store = new ArtifactStore(folder);
    for (let time = 0; time < 2; time++) {
      await Deno.writeTextFile(join(folder, "new"), "abc");
      assertEquals(await store.publish(join(folder, "new")), ABC);
    }
    assertEquals(await Deno.readTextFile(store.path(ABC)), "abc");
    assertEquals([...Deno.readDirSync(join(folder, "artifacts"))].map(({ name }) => name), [ABC]);
    assert(await store.verify(ABC));
  }));

/** The disk, with something that another process does after its Nth operation. */
function disturbed(at: number, act: () => Promise<unknown>): { files: Files; count: () => number } {
  let count = 0;
  const files = new Proxy(disk, {
    get: (target, name) => (...args: unknown[]) => {
      const result = Reflect.apply(Reflect.get(target, name), target, args);
      if (!(result instanceof Promise)) return result;
      return result.finally(() => ++count === at ? act() : undefined);
    },
  });
  return { files, count: () => count };
}

Deno.test("whenever another process publishes the same content, both do, and nothing is set aside", async () => {
  for (let at = 1;; at++) {
    const moment = await withFolder(async (folder) => {
      const other = new ArtifactStore(folder);
      await Deno.writeTextFile(join(folder, "new"), "abc");
      await Deno.writeTextFile(join(folder, "same"), "abc");
      const { files, count } = disturbed(at, () => other.publish(join(folder, "same")));
      await new ArtifactStore(folder, files).publish(join(folder, "new"));
      assert(await other.verify(ABC));
      const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
      assert(!names.includes("quarantine"), `set aside after operation ${at}`);
      return count();
    });
    if (moment < at) break;
  }
});

Deno.test("publishing over a damaged content replaces it", () =>
  withFolder(async (folder) => {
    const store = new ArtifactStore(folder);
    await Deno.writeTextFile(join(folder, "new"), "abc");
    await store.publish(join(folder, "new"));
    await Deno.writeTextFile(store.path(ABC), "abd");
    assert(!await store.verify(ABC));
    await Deno.writeTextFile(join(folder, "new"), "abc");
    await store.publish(join(folder, "new"));
    assert(await store.verify(ABC));
    assertEquals([...Deno.readDirSync(join(folder, "quarantine"))].length, 1);
  }));

Deno.test("what a killed process left half published is swept once it is old", () =>
  withFolder(async (folder) => {
    const store = new ArtifactStore(folder);
    await store.sweep();
    for (const name of [".tmp-old", ".tmp-new"]) {
      await Deno.mkdir(join(folder, "artifacts", name), { recursive: true });
    }
    const yesterday = Date.now() / 1000 - 25 * 3600;
    await Deno.utime(join(folder, "artifacts", ".tmp-old"), yesterday, yesterday);
    await store.sweep();
    const left = [...Deno.readDirSync(join(folder, "artifacts"))].map(({ name }) => name);
    assertEquals(left, [".tmp-new"]);
  }));

Deno.test("a damaged artifact is set aside, named in a warning, and computed again", async () => {
  await using work = await Workspace.with(FLOW);
  const first = await work.run();
  const hash = first.stages[0]?.outputs["data"] ?? "";
  const payload = join(work.runsFolder, "artifacts", hash, "payload");
  await Deno.writeTextFile(payload, "tampered with");

  const second = await work.run();
  assertEquals(reasons(second.stages), {
    data: "done: the output data of the earlier result is damaged",
    model: "cached: same inputs",
  });
  assertEquals(second.stages[0]?.outputs, first.stages[0]?.outputs);
  const warning = work.events.find((event) => event.type === "log" && event.level === "warning");
  assert(warning?.type === "log");
  assertStringIncludes(warning.message, hash);
  const [aside] = [...Deno.readDirSync(join(work.runsFolder, "quarantine"))];
  assert(aside?.name.startsWith(hash));
  assertEquals(await hashPath(payload), hash);
});

Deno.test("an artifact that is gone is computed again", async () => {
  await using work = await Workspace.with(FLOW);
  const first = await work.run();
  const hash = first.stages[1]?.outputs["model"] ?? "";
  await Deno.remove(join(work.runsFolder, "artifacts", hash), { recursive: true });
  assertEquals(reasons(await work.plan())["model"], "run: the earlier result is gone");
  assertEquals(states(await work.run()), { data: "cached", model: "done" });
});

Deno.test("a kill between artifact and index leaves a stage absent", async () => {
  await using work = await Workspace.with(FLOW);
  await work.run();
  const database = new DatabaseSync(join(work.runsFolder, "store.sqlite"));
  database.exec("DELETE FROM results WHERE instance = 'model'");
  database.close();
  assertEquals(reasons(await work.plan())["model"], "run: no earlier result");
  assertEquals(states(await work.run()), { data: "cached", model: "done" });
});

Deno.test("two runs at the same time both end well", async () => {
  await using work = await Workspace.with(FLOW);
  const both = await Promise.all([work.run(), work.run()]);
  assertEquals(both.map(({ status }) => status), ["done", "done"]);
  assertEquals(Object.values(states(await work.run())), ["cached", "cached"]);
});
