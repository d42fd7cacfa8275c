/** Passes if `condition` is truthy, and narrows it. */
export declare function assert(
  condition: unknown,
  message?: string,
): asserts condition;
/** Deep equality. */
export declare function assertEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void;
/** Deep inequality. */
export declare function assertNotEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void;
/** Neither null nor undefined, and narrows to that. */
export declare function assertExists<T>(
  actual: T,
  message?: string,
): asserts actual is NonNullable<T>;
/** |actual - expected| within `tolerance` (default 1e-7 relative to expected). */
export declare function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  message?: string,
): void;
/** actual > expected. */
export declare function assertGreater<T>(
  actual: T,
  expected: T,
  message?: string,
): void;
/** actual >= expected. */
export declare function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  message?: string,
): void;
/** actual < expected. */
export declare function assertLess<T>(
  actual: T,
  expected: T,
  message?: string,
): void;
/** actual <= expected. */
export declare function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  message?: string,
): void;
/** `actual` matches the pattern. */
export declare function assertMatch(
  actual: string,
  expected: RegExp,
  message?: string,
): void;
/** `actual` contains `expected`. */
export declare function assertStringIncludes(
  actual: string,
  expected: string,
  message?: string,
): void;
/** `actual` is an instance of the class, and narrows to it. */
export declare function assertInstanceOf<
  T extends abstract new (...args: never[]) => unknown,
>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is InstanceType<T>;
/** The function throws; the error is returned. */
export declare function assertThrows<E extends Error = Error>(
  run: () => unknown,
  errorClass?: abstract new (...args: never[]) => E,
  messageIncludes?: string,
): E;
/** The function's promise rejects; the error is returned. */
export declare function assertRejects<E extends Error = Error>(
  run: () => PromiseLike<unknown>,
  errorClass?: abstract new (...args: never[]) => E,
  messageIncludes?: string,
): Promise<E>;
