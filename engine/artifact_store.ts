/**
 * Committed outputs, one folder for each content: `artifacts/<sha256>/payload`.
 *
 * Publishing writes beside and renames, so a content is there as a whole or not at all, whatever
 * kills the process. Reading rehashes; what does not match its name is set aside.
 * @module
 */
import { dirname, join } from "node:path";
import { hashPath, listFiles } from "./hash.ts";
import { artifactPayload } from "./layout.ts";

/** Unfinished publications older than this are nobody's any more. */
const STALE_MILLISECONDS = 24 * 3600 * 1000;

/** The artifacts below a runs folder. */
export class ArtifactStore {
  readonly #folder: string;

  /** Touches nothing; the folder is made when something is published. */
  constructor(readonly runsFolder: string) {
    this.#folder = join(runsFolder, "artifacts");
  }

  /** File or folder of a content. */
  path(hash: string): string {
    return artifactPayload(this.runsFolder, hash);
  }

  /** Whether the content is there; whether it is whole, only {@linkcode verify} knows. */
  async has(hash: string): Promise<boolean> {
    return await Deno.lstat(this.path(hash)).then(() => true, () => false);
  }

  /** Moves a file or folder (on the same file system) into the store. Returns its hash. */
  async publish(path: string): Promise<string> {
    await Deno.mkdir(this.#folder, { recursive: true });
    const parcel = await Deno.makeTempDir({
      dir: this.#folder,
      prefix: ".tmp-",
    });
    await Deno.chmod(parcel, 0o755);
    const payload = join(parcel, "payload");
    await Deno.rename(path, payload);
    const hash = await hashPath(payload);
    await flush(payload);
    await flushFile(parcel);
    await this.#settle(parcel, hash);
    return hash;
  }

  /** Rehashes a content; false where it is missing or damaged. */
  async verify(hash: string): Promise<boolean> {
    try {
      return await hashPath(this.path(hash)) === hash;
    } catch {
      return false;
    }
  }

  /** Sets a damaged content aside. Returns where it lies now; undefined where there was nothing. */
  async quarantine(hash: string): Promise<string | undefined> {
    if (!await this.has(hash)) return undefined;
    const folder = join(this.runsFolder, "quarantine");
    await Deno.mkdir(folder, { recursive: true });
    const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-");
    const place = join(folder, `${hash}-${stamp}`);
    await Deno.rename(join(this.#folder, hash), place);
    return place;
  }

  /** Removes what killed processes left half published. */
  async sweep(): Promise<void> {
    try {
      for await (const { name } of Deno.readDir(this.#folder)) {
        if (!name.startsWith(".tmp-")) continue;
        const path = join(this.#folder, name);
        const { mtime } = await Deno.stat(path);
        const age = Date.now() - (mtime?.getTime() ?? 0);
        if (age > STALE_MILLISECONDS) {
          await Deno.remove(path, { recursive: true });
        }
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  async #settle(parcel: string, hash: string): Promise<void> {
    const place = join(this.#folder, hash);
    if (await this.has(hash)) {
      if (await this.verify(hash)) {
        await Deno.remove(parcel, { recursive: true });
        return;
      }
      await this.quarantine(hash);
    }
    try {
      await Deno.rename(parcel, place);
      await flushFile(this.#folder);
    } catch (error) {
      // Another process may have published the same content between the look and the rename.
      if (!await this.verify(hash)) throw error;
      await Deno.remove(parcel, { recursive: true });
    }
  }
}

/** Forces a file, or a folder and all below it, onto the disk. */
async function flush(path: string): Promise<void> {
  const { isDirectory } = await Deno.lstat(path);
  if (isDirectory) {
    const folders = new Set<string>();
    for (const file of await listFiles(path)) {
      await flushFile(join(path, file));
      folders.add(dirname(join(path, file)));
    }
    for (const folder of folders) await flushFile(folder);
  }
  await flushFile(path);
}

async function flushFile(path: string): Promise<void> {
  using file = await Deno.open(path);
  await file.sync();
}
