/**
 * What differs between two values, by path.
 * @module
 */

/** A place where two values differ. */
export interface Difference {
  /** `stages.rl.with.steps`; empty where the values differ as a whole. */
  readonly path: string;
  /** The first one's value; undefined where it has none there. */
  readonly before: unknown;
  /** The second one's value; undefined where it has none there. */
  readonly now: unknown;
}

/** Every place where two values of JSON differ, as deep inside as it can be told. */
export function differencesOf(before: unknown, now: unknown, path = ""): Difference[] {
  if (!isContainer(before) || !isContainer(now) || Array.isArray(before) !== Array.isArray(now)) {
    return JSON.stringify(before) === JSON.stringify(now) ? [] : [{ path, before, now }];
  }
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...keys].flatMap((key) => {
    const inner = path === "" ? key : `${path}.${key}`;
    return differencesOf(before[key], now[key], inner);
  });
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
