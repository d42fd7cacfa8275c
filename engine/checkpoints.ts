/**
 * Checkpoints of one stage instance: what a stage saved to go on from, in `checkpoints/` of its folder.
 *
 * `<step>-<sha256>/` is a checkpoint, whole if it has that hash: `state/` is what the stage wrote,
 * `metrics.jsonl` the metrics it had reported by then. It is built beside and renamed, so it is there as
 * a whole or not at all, whatever kills the process. Not here: how the checkpoints of a run that has
 * ended get into the next one's folder (`instance_run.ts`), and what a state consists of (the stages).
 * @module
 */
import { join } from "node:path";
import { disk, type Files, flushTree } from "./files.ts";
import { hashPath, NotContentError } from "./hash.ts";
import { quarantineName } from "./layout.ts";
import type { Checkpoints } from "./module.ts";
import { codeOf, isStorageFailure, storageError } from "./storage_error.ts";

/** What is being built or removed. */
const UNFINISHED = ".tmp-";
/** What did not have its hash. */
const DAMAGED = "damaged-";
/** Whole ones that are kept: where the newest is damaged, there is another. */
const KEPT = 2;
const STATE = "state";
const METRICS = "metrics.jsonl";

/** What checkpoints have to do with the rest of an attempt. */
export interface CheckpointPlace {
  /** Holds the checkpoints; made when one is saved. */
  readonly folder: string;
  /** The metrics so far, one JSON object a line. */
  readonly metrics: string;
  /** Puts these metrics in place of those reported so far. */
  readonly setMetrics: (lines: Uint8Array) => void;
  /** Told what is wrong with a checkpoint. */
  readonly warn: (message: string) => void;
  /** Throws once the attempt is over: its folder may be another's then. */
  readonly requireOpen: () => void;
}

/** A checkpoint by its name. */
interface Entry {
  readonly name: string;
  readonly step: number;
  readonly hash: string;
}

/** Checkpoints in a folder that nobody else uses meanwhile. */
export class FolderCheckpoints implements Checkpoints {
  readonly #place: CheckpointPlace;
  readonly #files: Files;
  #isSaving = false;

  /** Touches nothing. */
  constructor(place: CheckpointPlace, files: Files = disk) {
    this.#place = place;
    this.#files = files;
  }

  /**
   * Folder of the newest whole checkpoint, undefined where there is none. The metrics are set back to
   * those reported when it was saved. Damaged ones are set aside.
   * @throws StorageError where the disk refuses
   */
  async latest(): Promise<string | undefined> {
    const { folder } = this.#place;
    try {
      await this.#sweep();
      for (const { name, hash } of await this.#entries()) {
        const path = join(folder, name);
        if (await this.#isWhole(path, hash)) {
          this.#place.setMetrics(await this.#read(join(path, METRICS)));
          return join(path, STATE);
        }
        const aside = `${DAMAGED}${quarantineName(name)}`;
        await this.#files.rename(path, join(folder, aside));
        this.#place.warn(
          `checkpoint ${path} does not match its hash: it is called ${aside} now, trying an older one`,
        );
      }
      return undefined;
    } catch (error) {
      throw storageError(error, "look for checkpoints in", folder);
    }
  }

  /**
   * Saves a checkpoint: `write` fills the folder it is given. Older ones go once it is there, all but one.
   * @throws RangeError where `step` is no whole number, or negative
   * @throws StorageError where the disk refuses; the checkpoints are those from before, then
   * @throws what `write` throws
   */
  async save(step: number, write: (folder: string) => Promise<void>): Promise<void> {
    if (!Number.isSafeInteger(step) || step < 0) {
      throw new RangeError(`a checkpoint's step must be a whole number from 0, got ${step}`);
    }
    if (this.#isSaving) throw new Error("a checkpoint is being saved: await it before the next");
    this.#isSaving = true;
    try {
      await this.#save(step, write);
    } finally {
      this.#isSaving = false;
    }
  }

  /**
   * Removes every checkpoint and the metrics reported so far: the work begins again.
   * @throws StorageError where the disk refuses
   */
  async clear(): Promise<void> {
    try {
      for (const { name } of await this.#entries()) await this.#remove(name);
      this.#place.setMetrics(new Uint8Array());
    } catch (error) {
      throw storageError(error, "remove the checkpoints in", this.#place.folder);
    }
  }

  async #save(step: number, write: (folder: string) => Promise<void>): Promise<void> {
    const { folder, metrics, requireOpen } = this.#place;
    let draft: string | undefined;
    let isWriting = false;
    try {
      requireOpen();
      await this.#files.makeFolder(folder);
      draft = await this.#files.makeTemporaryFolder(folder, UNFINISHED);
      await this.#files.makeFolder(join(draft, STATE));
      isWriting = true;
      await write(join(draft, STATE));
      isWriting = false;
      await this.#files.copy(metrics, join(draft, METRICS));
      await flushTree(draft, this.#files);
      const hash = await hashPath(draft, this.#files);
      requireOpen();
      await this.#settle(draft, { name: `${step}-${hash}`, step, hash });
    } catch (error) {
      if (draft !== undefined) await this.#discard(draft);
      if (isWriting || !isStorageFailure(error)) throw error;
      throw storageError(error, "save a checkpoint in", folder);
    }
    await this.#ifPossible(() => this.#removeOthers(step));
  }

  async #settle(draft: string, { name, hash }: Entry): Promise<void> {
    const { folder } = this.#place;
    const path = join(folder, name);
    const there = (await this.#entries()).some((entry) => entry.name === name);
    if (there && await this.#isWhole(path, hash)) {
      await this.#discard(draft);
      return;
    }
    if (there) await this.#remove(name);
    await this.#files.rename(draft, path);
    await this.#files.flush(folder);
  }

  /** Those of later steps belong to a course of the work that was given up. */
  async #removeOthers(step: number): Promise<void> {
    const entries = await this.#entries();
    const kept = entries.filter((entry) => entry.step <= step).slice(0, KEPT);
    for (const entry of entries) {
      if (!kept.includes(entry)) await this.#remove(entry.name);
    }
  }

  /** By step, the newest first. */
  async #entries(): Promise<Entry[]> {
    return (await this.#names()).flatMap((name) => {
      const [, step, hash] = /^(\d+)-([0-9a-f]{64})$/.exec(name) ?? [];
      return step === undefined || hash === undefined ? [] : [{ name, step: Number(step), hash }];
    }).sort((a, b) => b.step - a.step || (a.name < b.name ? -1 : 1));
  }

  async #names(): Promise<string[]> {
    try {
      return (await this.#files.list(this.#place.folder)).map(({ name }) => name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  /** Whether a checkpoint has its hash. Throws where that cannot be told. */
  async #isWhole(path: string, hash: string): Promise<boolean> {
    try {
      return await hashPath(path, this.#files) === hash;
    } catch (error) {
      // A sector that cannot be read is damage, too.
      if (error instanceof NotContentError || codeOf(error) === "EIO") return false;
      throw error;
    }
  }

  async #read(path: string): Promise<Uint8Array> {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    for await (const piece of this.#files.read(path)) pieces.push(piece.slice());
    return new Uint8Array(await new Blob(pieces).arrayBuffer());
  }

  /** Removes what a killed process left half built or half removed, as far as the disk lets it. */
  async #sweep(): Promise<void> {
    for (const name of await this.#names()) {
      if (name.startsWith(UNFINISHED)) await this.#discard(join(this.#place.folder, name));
    }
  }

  /** Takes a checkpoint away, at once as a whole. */
  async #remove(name: string): Promise<void> {
    const { folder } = this.#place;
    const gone = join(folder, `${UNFINISHED}${crypto.randomUUID()}`);
    await this.#files.rename(join(folder, name), gone);
    await this.#discard(gone);
  }

  /** Removes what nobody will look at; what the disk keeps is swept later. */
  async #discard(path: string): Promise<void> {
    await this.#ifPossible(() => this.#files.remove(path));
  }

  async #ifPossible(tidy: () => Promise<void>): Promise<void> {
    try {
      await tidy();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) && !isStorageFailure(error)) throw error;
    }
  }
}
