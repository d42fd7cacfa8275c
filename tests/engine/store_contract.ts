/**
 * What an artifact store promises, whatever its disk does: each scenario is done with every one of
 * its operations failing, once and for ever. Afterwards the store is as before or as after, a second
 * try succeeds once the fault is over, and nothing is left but what a sweep removes.
 * @module
 */
import { join } from "node:path";
import { ArtifactStore } from "../../engine/artifact_store.ts";
import type { Files } from "../../engine/files.ts";
import { hashPath } from "../../engine/hash.ts";
import { storeFiles } from "../../engine/layout.ts";
import { StorageError } from "../../engine/storage_error.ts";
import { assert, assertEquals, assertLess, assertStringIncludes } from "../../std/assert.ts";
import { FAULT_CODES, FaultyFiles } from "./faulty_files.ts";

/** Something a store is asked to do. */
export interface Scenario {
  /** In a few words. */
  readonly name: string;
  /** Makes what the store begins with. */
  readonly before: (folder: string) => Promise<void>;
  /** Asks; again, after a failure. */
  readonly act: (store: ArtifactStore, folder: string) => Promise<void>;
  /** Looks, with a sound disk, whether it is done. */
  readonly done: (store: ArtifactStore, folder: string) => Promise<boolean>;
}

/** Checks one scenario with a fault at each of its operations. Returns how many faults that were. */
export async function checkScenario(
  scenario: Scenario,
  through: (faulty: FaultyFiles) => Files = (faulty) => faulty,
): Promise<number> {
  const sound = new FaultyFiles();
  await inFolder(async (folder) => {
    await scenario.before(folder);
    const store = new ArtifactStore(folder, through(sound));
    await scenario.act(store, folder);
    assert(await scenario.done(store, folder), scenario.name);
    await checkWhole(folder, []);
  });
  assertLess(0, sound.count);
  const codes = Object.keys(FAULT_CODES) as (keyof typeof FAULT_CODES)[];
  for (let at = 1; at <= sound.count; at++) {
    for (const forever of [false, true]) {
      const code = codes[(at + Number(forever)) % codes.length] ?? "ENOSPC";
      const faulty = new FaultyFiles({ at, forever, code, tear: at % 2 === 0 });
      await checkFault(scenario, faulty, through(faulty));
    }
  }
  return 2 * sound.count;
}

async function checkFault(scenario: Scenario, faulty: FaultyFiles, files: Files): Promise<void> {
  const { at, forever, code } = faulty.fault ?? {};
  await inFolder(async (folder) => {
    const where = () => `${scenario.name}: ${code} at ${at} (${faulty.failed}), ${forever}`;
    await scenario.before(folder);
    const store = new ArtifactStore(folder, files);
    const error = await scenario.act(store, folder).then(() => undefined, (thrown) => thrown);
    faulty.heal();
    if (error === undefined) assert(await scenario.done(store, folder), where());
    else {
      assert(error instanceof StorageError, `${where()}: ${error}`);
      assertStringIncludes(error.message, FAULT_CODES[code ?? "ENOSPC"]);
    }
    // A parcel may stay only where it could not be removed.
    await checkWhole(folder, faulty.failed);
    await scenario.act(store, folder);
    assert(await scenario.done(store, folder), `second try: ${where()}`);
    await checkWhole(folder, faulty.failed);
    await age(folder);
    await store.sweep();
    await checkWhole(folder, []);
  });
}

/** Everything that bears a content's name is that content, or was damaged before and is as it was. */
async function checkWhole(folder: string, failed: readonly string[]): Promise<void> {
  const { artifacts } = storeFiles(folder);
  for (const { name } of Deno.readDirSync(artifacts)) {
    if (name.startsWith(".tmp-")) {
      assert(failed.includes("remove"), `${name} stays after failures of ${failed}`);
      continue;
    }
    const payload = join(artifacts, name, "payload");
    const damaged = Deno.statSync(payload).isFile &&
      await Deno.readTextFile(payload) === DAMAGED;
    assertEquals(damaged || await hashPath(payload) === name, true, `${name} is not whole`);
  }
}

/** What a damaged content has in scenarios that begin with one. */
export const DAMAGED = "not what its name says";

async function age(folder: string): Promise<void> {
  const { artifacts } = storeFiles(folder);
  const longAgo = Date.now() / 1000 - 48 * 3600;
  for (const { name } of Deno.readDirSync(artifacts)) {
    await Deno.utime(join(artifacts, name), longAgo, longAgo);
  }
}

async function inFolder(check: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "contract-" });
  try {
    Deno.mkdirSync(storeFiles(folder).artifacts);
    await check(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
