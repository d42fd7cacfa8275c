/**
 * Locks that end with their process, however it ends: a number reused after a restart, or by another
 * process, holds nothing.
 * @module
 */

/** A lock on a file; the file's content does not matter. */
export class Lock implements Disposable {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Makes the file and holds it for this process alone. */
  static hold(path: string): Lock {
    const file = Deno.openSync(path, { create: true, write: true });
    try {
      file.lockSync(true);
      return new Lock(file);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Whether any process holds the file alone. */
  static async isHeld(path: string): Promise<boolean> {
    try {
      using file = await Deno.open(path);
      return !(await file.tryLock(false));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  /** Lets go. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
