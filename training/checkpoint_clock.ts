/**
 * When work is saved where nothing else is said: now and then, and never for long.
 * @module
 */

const LEAST_MILLISECONDS = 30_000;
/** Time between two checkpoints is at least this many times that of saving one. */
const LEAST_SHARE = 20;

/** Says when the next checkpoint is due: every half minute, or less often where saving takes long. */
export class CheckpointClock {
  #next = performance.now() + LEAST_MILLISECONDS;

  /** Whether it is time to save. */
  get isDue(): boolean {
    return performance.now() >= this.#next;
  }

  /** Saves, and looks how long that takes. */
  async time(save: () => Promise<void>): Promise<void> {
    const began = performance.now();
    await save();
    const now = performance.now();
    this.#next = now + Math.max(LEAST_MILLISECONDS, LEAST_SHARE * (now - began));
  }
}
