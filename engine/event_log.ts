/**
 * `events.jsonl` while a run goes on: each event is appended at once.
 *
 * A disk that refuses a line (full for a while, say) does not end the run: the line waits in memory
 * and goes first when the next one comes, so the file never has half a line in its midst.
 * @module
 */
import type { AppendFile, Files } from "./files.ts";
import { type StorageError, storageError } from "./storage_error.ts";

/** More than this is not kept in memory; about 100,000 events. */
const PENDING_BYTES = 32 << 20;

/** An event log that is open for appending. */
export class EventLog implements Disposable {
  readonly #file: AppendFile;
  /** What the disk has not taken yet; the first may be half written. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #end = 0;
  #failure: StorageError | undefined;

  /** Makes the file. */
  constructor(readonly path: string, files: Files) {
    this.#file = files.openAppendSync(path);
  }

  /** Byte offset behind the newest event, those that wait included. */
  get end(): number {
    return this.#end;
  }

  /**
   * Appends a line.
   * @throws StorageError where the disk has refused so much that it is not kept any more
   */
  append(line: string): void {
    const bytes = new TextEncoder().encode(`${line}\n`);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#end += bytes.length;
    if (!this.#drain() && this.#pendingBytes > PENDING_BYTES) this.settle();
  }

  /**
   * Makes sure that the disk has everything.
   * @throws StorageError where it still refuses
   */
  settle(): void {
    if (!this.#drain() && this.#failure !== undefined) throw this.#failure;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }

  #drain(): boolean {
    try {
      for (;;) {
        const [first] = this.#pending;
        if (first === undefined) return true;
        const taken = this.#file.append(first);
        this.#pendingBytes -= taken;
        if (taken === first.length) this.#pending.shift();
        else this.#pending[0] = first.subarray(taken);
      }
    } catch (error) {
      this.#failure = storageError(error, "write the events of the run to", this.path);
      return false;
    }
  }
}
