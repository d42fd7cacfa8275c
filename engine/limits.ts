/**
 * Bounds on what a workflow file may grow into: a hostile file costs an error, not the machine.
 * @module
 */
import { LimitError, type Position } from "./diagnostics.ts";

/** Most stage instances of a workflow, and most combinations of one matrix. */
export const MAX_INSTANCES = 20_000;
/** Most times that a workflow includes files, those inside included ones counted too. */
export const MAX_INCLUSIONS = 5000;
/** Deepest nesting of included files. */
export const MAX_INCLUDE_DEPTH = 8;
/** Values that references may be replaced by in all, lists and maps written out. */
const MAX_VALUES = 3_000_000;
/** Characters of a text that references stand in. */
const MAX_TEXT = 1024 * 1024;
/** Inclusions that are being read because an earlier one reads what they leave. */
const MAX_OPEN = 200;

/** Counts what one load has made of its files. Its methods throw a {@linkcode LimitError}. */
export class Budget {
  #instances = 0;
  #inclusions = 0;
  #values = 0;
  #open = 0;

  /** So many more stage instances. */
  addInstances(at: Position, count: number): void {
    this.#instances += count;
    if (this.#instances <= MAX_INSTANCES) return;
    const message = `a workflow has at most ${MAX_INSTANCES} stages, instances and those of ` +
      "included files counted";
    throw new LimitError(at, "too-many-stages", message);
  }

  /** One more inclusion of a file; `read` draws it up. */
  include<T>(at: Position, read: () => T): T {
    if (++this.#inclusions > MAX_INCLUSIONS) {
      const message = `a workflow includes files at most ${MAX_INCLUSIONS} times`;
      throw new LimitError(at, "too-many-stages", message);
    }
    if (++this.#open > MAX_OPEN) {
      const message = `more than ${MAX_OPEN} included workflows read one another's outputs here: ` +
        "write their stages in the order in which they run";
      throw new LimitError(at, "too-deep", message);
    }
    const result = read();
    this.#open--;
    return result;
  }

  /** So many more values that a reference was replaced by. */
  addValues(at: Position, count: number): void {
    this.#values += count;
    if (this.#values <= MAX_VALUES) return;
    const message = `references in this workflow stand for more than ${MAX_VALUES} values`;
    throw new LimitError(at, "too-large", message);
  }

  /** A text that references were written into. */
  addText(at: Position, text: string): void {
    this.addValues(at, text.length >> 6);
    if (text.length <= MAX_TEXT) return;
    const message = `a text has at most ${MAX_TEXT} characters once its references are replaced`;
    throw new LimitError(at, "too-large", message);
  }
}
