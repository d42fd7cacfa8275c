/**
 * Checkpoints in a temporary folder, for work that is tested without an engine.
 * @module
 */
import { join } from "node:path";
import type { CheckpointStore } from "../../training/checkpoints.ts";

/** Ends a work as if its process were killed. */
export class Killed extends Error {}

/** Keeps the newest checkpoint; saving that of step `killAt` throws once it is kept. */
export class Store implements CheckpointStore, Disposable {
  readonly #folder = Deno.makeTempDirSync({ prefix: "training-" });
  readonly saved: number[] = [];
  readonly logged: string[] = [];
  killAt: number | undefined;

  get newest(): string {
    return join(this.#folder, String(this.saved.at(-1)));
  }

  async latest() {
    return await Promise.resolve(this.saved.length === 0 ? undefined : this.newest);
  }

  async save(step: number, write: (folder: string) => Promise<void>): Promise<void> {
    this.saved.push(step);
    await Deno.mkdir(this.newest);
    await write(this.newest);
    if (step === this.killAt) throw new Killed();
  }

  async clear(): Promise<void> {
    this.saved.length = 0;
    await Deno.remove(this.#folder, { recursive: true });
    await Deno.mkdir(this.#folder);
  }

  options(every?: number) {
    return { store: this, every, log: (message: string) => this.logged.push(message) };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}
