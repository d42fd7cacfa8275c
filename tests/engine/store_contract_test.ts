import { join } from "node:path";
import { ArtifactStore } from "../../engine/artifact_store.ts";
import { hashPath } from "../../engine/hash.ts";
import { storeFiles } from "../../engine/layout.ts";
import { StorageError } from "../../engine/storage_error.ts";
import { assert, assertEquals, assertLess, assertRejects } from "../../std/assert.ts";
import { FaultyFiles, flipBit } from "./faulty_files.ts";
import { checkScenario, DAMAGED, type Scenario } from "./store_contract.ts";

/** SHA-256 of "abc", from FIPS 180-2. */
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

const FOLDER = { "config.json": "{}", "weights/one": "1", "weights/two": "2" };

async function writeFolder(folder: string): Promise<string> {
  for (const [name, text] of Object.entries(FOLDER)) {
    const path = join(folder, name);
    await Deno.mkdir(join(path, ".."), { recursive: true });
    await Deno.writeTextFile(path, text);
  }
  return folder;
}

/** Publishes "abc"; also again, as a stage that is tried again writes its output again. */
const publishFile: Scenario = {
  name: "publish a file",
  before: (folder) => Deno.writeTextFile(join(folder, "new"), "abc"),
  act: async (store, folder) => {
    // Where the first try succeeded, there is nothing more to do.
    if (!await exists(join(folder, "new")) && await store.verify(ABC)) return;
    assertEquals(await store.publish(join(folder, "new")), ABC);
  },
  done: (store) => store.verify(ABC),
};

const scenarios: readonly Scenario[] = [
  publishFile,
  {
    name: "publish a folder",
    before: async (folder) => void await writeFolder(join(folder, "new")),
    act: async (store, folder) => {
      if (await exists(join(folder, "new"))) await store.publish(join(folder, "new"));
    },
    done: async (store) => {
      const other = await writeFolder(await Deno.makeTempDir());
      const hash = await hashPath(other);
      await Deno.remove(other, { recursive: true });
      return await store.verify(hash);
    },
  },
  {
    ...publishFile,
    name: "publish what is there already",
    before: async (folder) => {
      await put(folder, "abc");
      await publishFile.before(folder);
    },
  },
  {
    ...publishFile,
    name: "publish over a damaged content",
    before: async (folder) => {
      await put(folder, DAMAGED);
      await publishFile.before(folder);
    },
  },
  {
    name: "set a damaged content aside",
    before: (folder) => put(folder, DAMAGED),
    act: async (store) => {
      await store.quarantine(ABC);
    },
    done: async (store) => !await store.has(ABC),
  },
  {
    name: "remove a content",
    before: (folder) => put(folder, "abc"),
    act: (store) => store.remove(ABC),
    done: async (store) => !await store.has(ABC),
  },
];

async function put(folder: string, text: string): Promise<void> {
  await Deno.mkdir(join(storeFiles(folder).artifacts, ABC));
  await Deno.writeTextFile(new ArtifactStore(folder).path(ABC), text);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

for (const scenario of scenarios) {
  Deno.test(`store on a failing disk: ${scenario.name}`, async () => {
    assertLess(3, await checkScenario(scenario));
  });
}

Deno.test("store on a failing disk that has no links: publish a folder", async () => {
  const [, folder] = scenarios;
  assert(folder);
  await checkScenario(folder, (faulty) => {
    faulty.link = () => Promise.reject(new Deno.errors.NotSupported("link"));
    return faulty;
  });
});

Deno.test("every flipped bit of a content is noticed", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(storeFiles(folder).artifacts);
  await put(folder, "abc");
  const store = new ArtifactStore(folder);
  for (let bit = 0; bit < 24; bit++) {
    await flipBit(store.path(ABC), bit);
    assert(!await store.verify(ABC), `bit ${bit}`);
    await flipBit(store.path(ABC), bit);
  }
  assert(await store.verify(ABC));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a disk that cannot be asked is an error, not a missing or damaged content", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(storeFiles(folder).artifacts);
  await put(folder, "abc");
  const ask = (code: "EMFILE" | "EACCES") =>
    new ArtifactStore(folder, new FaultyFiles({ at: 1, forever: true, code }));
  await assertRejects(() => ask("EMFILE").verify(ABC), StorageError, "too many files are open");
  await assertRejects(() => ask("EACCES").has(ABC), StorageError, "permission denied");
  await Deno.remove(folder, { recursive: true });
});
