/**
 * Promises that never settle: found out, in place of waited for.
 * @module
 */

/** The promise's own end; an Error where it has none after that time. `what` is for the message: "reset". */
export async function settles<T>(
  promise: PromiseLike<T>,
  what: string,
  milliseconds: number,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  // The timer also keeps the program alive: with nothing left to do it would end without a word.
  const timer = setTimeout(() => {
    reject(
      new Error(
        `${what} gave a promise that did not settle within ${milliseconds / 1000} s`,
      ),
    );
  }, milliseconds);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The object, each promise that a method of it gives held against the time: as {@linkcode settles}. */
export function watched<T extends object>(object: T, milliseconds: number): T {
  return new Proxy(object, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...given: unknown[]) => {
        const result: unknown = value.apply(target, given);
        return result instanceof Promise ? settles(result, String(key), milliseconds) : result;
      };
    },
  });
}
