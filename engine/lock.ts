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

  /** Makes the file and holds it alone. Waits for whoever else holds it. */
  static hold(path: string): Lock {
    const file = Deno.openSync(path, { create: true, write: true });
    return settle(file, () => {
      file.lockSync(true);
      return new Lock(file);
    });
  }

  /** Makes the file and holds it alone; undefined where another one holds it in any way. */
  static tryHold(path: string): Lock | undefined {
    const file = Deno.openSync(path, { create: true, write: true });
    return settle(file, () => file.tryLockSync(true) ? new Lock(file) : undefined);
  }

  /** Makes the file and holds it together with others. Waits for one who holds it alone. */
  static share(path: string): Promise<Lock> {
    return Lock.#wait(path, false);
  }

  /** As {@linkcode Lock.hold}; others go on while it waits. */
  static holdLater(path: string): Promise<Lock> {
    return Lock.#wait(path, true);
  }

  static async #wait(path: string, alone: boolean): Promise<Lock> {
    const file = await Deno.open(path, { create: true, write: true });
    try {
      await file.lock(alone);
      return new Lock(file);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Whether any process holds the file alone. */
  static isHeld(path: string): Promise<boolean> {
    return refuses(path, false);
  }

  /** Whether any process holds the file, alone or with others. */
  static isUsed(path: string): Promise<boolean> {
    return refuses(path, true);
  }

  /** Lets go. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Whether the file cannot be held now, alone or with others; it is not made. */
async function refuses(path: string, alone: boolean): Promise<boolean> {
  try {
    using file = await Deno.open(path);
    return !(await file.tryLock(alone));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Closes the file where there is no lock to show for it. */
function settle<T extends Lock | undefined>(file: Deno.FsFile, lock: () => T): T {
  let held: T | undefined;
  try {
    return held = lock();
  } finally {
    if (held === undefined) file.close();
  }
}
