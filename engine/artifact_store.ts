/**
 * Committed outputs, one folder for each content: `artifacts/<sha256>/payload`.
 *
 * Publishing builds a parcel beside, of links to the files it is given, and renames it: a content is
 * there as a whole or not at all, whatever kills the process, and what was to be published is still
 * where it was until then. Reading rehashes; what does not match its name is set aside.
 * @module
 */
import { join } from "node:path";
import { disk, type Files } from "./files.ts";
import { hashPath, NotContentError } from "./hash.ts";
import { artifactPayload, quarantineName, storeFiles } from "./layout.ts";
import { codeOf, isStorageFailure, storageError } from "./storage_error.ts";

/** Unfinished publications older than this are nobody's any more. */
const STALE_MILLISECONDS = 24 * 3600 * 1000;
/** Up to this size, a look whether a content is here already costs less than its publication. */
const SMALL_BYTES = 1 << 16;
/** What unfinished publications and removals are called. */
const UNFINISHED = ".tmp-";

/** The artifacts below a runs folder. */
export class ArtifactStore {
  readonly #folder: string;
  readonly #files: Files;

  /** Touches nothing; the folder is made when something is published. */
  constructor(readonly runsFolder: string, files: Files = disk) {
    this.#folder = storeFiles(runsFolder).artifacts;
    this.#files = files;
  }

  /** File or folder of a content. */
  path(hash: string): string {
    return artifactPayload(this.runsFolder, hash);
  }

  /**
   * Whether the content is there; whether it is whole, only {@linkcode verify} knows.
   * @throws StorageError where the disk does not tell
   */
  async has(hash: string): Promise<boolean> {
    try {
      await this.#files.info(this.path(hash));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw storageError(error, "look for the artifact", this.path(hash));
    }
  }

  /**
   * Moves a file or folder into the store. Returns its hash.
   * @throws StorageError where the disk refuses; what was to be published is still there then
   * @throws NotContentError for links and devices
   */
  async publish(path: string): Promise<string> {
    let hash: string;
    try {
      const known = await this.#knownSmall(path);
      if (known !== undefined) {
        await this.#discard(path);
        return known;
      }
      await this.#files.makeFolder(this.#folder);
      const parcel = await this.#files.makeTemporaryFolder(this.#folder, UNFINISHED);
      try {
        hash = await this.#fill(parcel, path);
        await this.#settle(parcel, hash);
      } catch (error) {
        await this.#discard(parcel);
        throw error;
      }
    } catch (error) {
      if (error instanceof NotContentError) throw error;
      throw storageError(error, `publish ${path} as an artifact in`, this.#folder);
    }
    await this.#discard(path);
    return hash;
  }

  /** Hash of a small file whose content is here already, whole: it needs no parcel. Most metrics are such. */
  async #knownSmall(path: string): Promise<string | undefined> {
    const info = await this.#files.info(path);
    if (!info.isFile || info.size > SMALL_BYTES) return undefined;
    const hash = await hashPath(path, this.#files);
    return await this.verify(hash) ? hash : undefined;
  }

  /**
   * Rehashes a content; false where it is missing or damaged.
   * @throws StorageError where that cannot be told, as where too many files are open
   */
  async verify(hash: string): Promise<boolean> {
    try {
      return await hashPath(this.path(hash), this.#files) === hash;
    } catch (error) {
      // A sector that cannot be read is damage, too.
      if (isMissing(error) || error instanceof NotContentError || codeOf(error) === "EIO") {
        return false;
      }
      throw storageError(error, "read the artifact", this.path(hash));
    }
  }

  /**
   * Sets a damaged content aside. Returns where it lies now; undefined where there was nothing.
   * @throws StorageError where it cannot be moved
   */
  async quarantine(hash: string): Promise<string | undefined> {
    if (!await this.has(hash)) return undefined;
    const { quarantine } = storeFiles(this.runsFolder);
    const place = join(quarantine, quarantineName(hash));
    try {
      await this.#files.makeFolder(quarantine);
      await this.#files.rename(join(this.#folder, hash), place);
      return place;
    } catch (error) {
      // Another process may have moved it between the look and the rename.
      if (isMissing(error) && !await this.has(hash)) return undefined;
      throw storageError(error, "move the damaged artifact to", place);
    }
  }

  /** Hashes of every content. */
  async list(): Promise<string[]> {
    return (await this.#names()).filter((name) => !name.startsWith(UNFINISHED));
  }

  /**
   * Takes a content away, at once as a whole.
   * @throws StorageError where it cannot be removed
   */
  async remove(hash: string): Promise<void> {
    const gone = join(this.#folder, `${UNFINISHED}${crypto.randomUUID()}`);
    try {
      await this.#files.rename(join(this.#folder, hash), gone);
      await this.#files.remove(gone);
    } catch (error) {
      if (!isMissing(error)) throw storageError(error, "remove the artifact", this.path(hash));
    }
  }

  /** Paths of what killed processes left half published or half removed, long enough ago. */
  async stale(): Promise<string[]> {
    const paths: string[] = [];
    for (const name of await this.#names()) {
      if (!name.startsWith(UNFINISHED)) continue;
      const path = join(this.#folder, name);
      const info = await this.#files.info(path).catch((error) => {
        if (isMissing(error)) return undefined;
        throw storageError(error, "look at", path);
      });
      const age = Date.now() - (info?.mtime?.getTime() ?? Infinity);
      if (age > STALE_MILLISECONDS) paths.push(path);
    }
    return paths;
  }

  /** Removes what is {@linkcode stale}, as far as the disk lets it. */
  async sweep(): Promise<void> {
    for (const path of await this.stale()) await this.#discard(path);
  }

  async #names(): Promise<string[]> {
    try {
      return (await this.#files.list(this.#folder)).map(({ name }) => name);
    } catch (error) {
      if (isMissing(error)) return [];
      throw storageError(error, "list the artifacts in", this.#folder);
    }
  }

  /** Makes a parcel's payload, on the disk for good. Returns its hash. */
  async #fill(parcel: string, path: string): Promise<string> {
    const payload = join(parcel, "payload");
    const copied = await this.#transfer(path, payload);
    const hash = await hashPath(payload, this.#files);
    if (copied && await hashPath(path, this.#files) !== hash) {
      throw new Error("the copy differs from what was copied; the disk may be failing");
    }
    await this.#flush(payload);
    await this.#files.flush(parcel);
    return hash;
  }

  /** Gives a file, or every file of a folder, a second name. Returns whether any had to be copied. */
  async #transfer(from: string, to: string): Promise<boolean> {
    const { isFile, isDirectory } = await this.#files.info(from);
    if (isFile) return await this.#linkOrCopy(from, to);
    if (!isDirectory) throw new NotContentError(from);
    await this.#files.makeFolder(to);
    let copied = false;
    for (const { name } of await this.#files.list(from)) {
      copied = await this.#transfer(join(from, name), join(to, name)) || copied;
    }
    return copied;
  }

  async #linkOrCopy(from: string, to: string): Promise<boolean> {
    try {
      await this.#files.link(from, to);
      return false;
    } catch (error) {
      if (!isUnsupported(error)) throw error;
      await this.#files.copy(from, to);
      return true;
    }
  }

  /** Forces a file, or a folder and all below it, onto the disk. */
  async #flush(path: string): Promise<void> {
    const { isDirectory } = await this.#files.info(path);
    if (isDirectory) {
      for (const { name } of await this.#files.list(path)) await this.#flush(join(path, name));
    }
    await this.#files.flush(path);
  }

  /**
   * Gives a parcel its place, or removes it where there is such a content already. The rename itself
   * tells which: between a look and a rename another process may have published the same.
   */
  async #settle(parcel: string, hash: string): Promise<void> {
    for (const mayReplace of [true, false]) {
      try {
        await this.#files.rename(parcel, join(this.#folder, hash));
        break;
      } catch (error) {
        if (await this.verify(hash)) {
          await this.#discard(parcel);
          break;
        }
        if (!mayReplace) throw error;
        await this.quarantine(hash);
      }
    }
    await this.#files.flush(this.#folder);
  }

  /** Removes what is not needed any more. What the disk keeps is swept later. */
  async #discard(path: string): Promise<void> {
    try {
      await this.#files.remove(path);
    } catch (error) {
      if (!isMissing(error) && !isStorageFailure(error)) throw error;
    }
  }
}

/** The place is empty. */
function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** The file system has no second names, or not across the two places. */
function isUnsupported(error: unknown): boolean {
  const codes = ["EXDEV", "EPERM", "EMLINK", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];
  return error instanceof Deno.errors.NotSupported || codes.includes(codeOf(error) ?? "");
}
