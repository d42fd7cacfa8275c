/**
 * Promises that never settle: found out, in place of waited for.
 * @module
 */
import { shown } from "./shown.ts";

/**
 * How long calls of somebody's code may take. Once one took too long, no other is waited for. Dispose it when nothing
 * is to be waited for any more.
 */
export class Patience implements Disposable {
  #late: Error | undefined;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  /** Waits so many milliseconds for each promise. */
  constructor(readonly milliseconds: number) {}

  /** The promise's own end; an Error where it has none in time. `what` is for the message: "reset". */
  async settles<T>(promise: PromiseLike<T>, what: string): Promise<T> {
    if (this.#late !== undefined) throw this.#late;
    const { promise: late, reject } = Promise.withResolvers<never>();
    // The timer also keeps the program alive: with nothing left to do it would end without a word.
    const timer = setTimeout(() => {
      this.#late = new Error(
        `${what} gave a promise that did not settle within ${this.milliseconds / 1000} s`,
      );
      reject(this.#late);
    }, this.milliseconds);
    this.#timers.add(timer);
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
      this.#timers.delete(timer);
    }
  }

  /** Stops the timers of calls that nobody waited for to the end: they would keep the program alive. */
  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /**
   * What `make` gives, once it is there, each promise that a method of it gives held against the time. Throws a
   * TypeError where it gives no object.
   */
  async made<T extends object>(make: () => PromiseLike<T>): Promise<T> {
    const object: unknown = await this.settles(make(), "make");
    if (typeof object !== "object" || object === null) {
      throw new TypeError(`make gave ${shown(object)}; expected an object`);
    }
    return this.#watched(object as T);
  }

  #watched<T extends object>(object: T): T {
    // Not around the object itself: of a frozen one, a proxy may not give other methods.
    return new Proxy({}, {
      get: (_, key) => {
        const value: unknown = Reflect.get(object, key, object);
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          const result: unknown = value.apply(object, given);
          return isThenable(result) ? this.settles(result, String(key)) : result;
        };
      },
      set: (_, key, value) => Reflect.set(object, key, value, object),
      has: (_, key) => Reflect.has(object, key),
    }) as T;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return value instanceof Object && "then" in value && typeof value.then === "function";
}
