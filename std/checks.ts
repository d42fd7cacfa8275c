/**
 * Suites of checks: the clauses of a contract, run one after the other on what is to keep it.
 *
 * The contract of environments is in envs/check.ts, that of reflection agents in agents/check.ts.
 * @module
 */
import { describeError } from "./error_place.ts";

/** One clause of a contract. */
export interface Check<Subject> {
  /** What must hold, as a sentence. */
  readonly name: string;
  /** Returns what was looked at. Throws a CheckFailure where the clause is broken, NotApplicable where it says nothing. */
  run(subject: Subject): Promise<string>;
}

/** How one check went. */
export interface CheckResult {
  /** What must hold. */
  readonly name: string;
  /** `skipped` where what is checked does not offer what the check is about. */
  readonly status: "passed" | "failed" | "skipped";
  /** What was looked at; what is wrong and where; or why it was skipped. */
  readonly message: string;
}

/** A check that found the contract broken. */
export class CheckFailure extends Error {}

/** An error of what is checked, told with where it happened. */
export class Stopped extends Error {}

/** A check that does not apply. */
export class NotApplicable extends Error {}

/** Fails the running check unless the condition holds. */
export function require(
  condition: boolean,
  message: string,
): asserts condition {
  if (!condition) throw new CheckFailure(message);
}

/** Runs every check in turn. `noun` is what is checked, for messages: "environment". */
export async function runChecks<Subject>(
  checks: readonly Check<Subject>[],
  subject: Subject,
  noun: string,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const stops = new Map<string, string>();
  for (const check of checks) results.push(await runCheck(check, subject, noun, stops));
  return results;
}

/** True where no check failed. */
export function isPassed(results: readonly CheckResult[]): boolean {
  return results.every(({ status }) => status !== "failed");
}

/** What a call throws; undefined where it does not. */
export async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error ?? "nothing";
  }
}

/** What a call of what is checked gives. An error of it is thrown with where it happened. */
export async function tellWhere<T>(where: string, call: () => T | PromiseLike<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof CheckFailure || error instanceof Stopped) throw error;
    throw new Stopped(`${where}: ${describeError(error)}`, { cause: error });
  }
}

/** The place where two texts part, with a little around it. */
export function difference(one: string, two: string): string {
  let index = 0;
  while (index < one.length && one[index] === two[index]) index++;
  const cut = (text: string) => text.slice(Math.max(0, index - 20), index + 40) || "nothing";
  return `…${cut(one)}… and then …${cut(two)}…`;
}

async function runCheck<Subject>(
  check: Check<Subject>,
  subject: Subject,
  noun: string,
  stops: Map<string, string>,
): Promise<CheckResult> {
  const { name } = check;
  try {
    return { name, status: "passed", message: await check.run(subject) };
  } catch (error) {
    if (error instanceof NotApplicable) {
      return { name, status: "skipped", message: error.message };
    }
    const message = error instanceof CheckFailure ? error.message : stopMessage(
      error instanceof Stopped ? error.message : describeError(error),
      name,
      noun,
      stops,
    );
    return { name, status: "failed", message };
  }
}

/** An error is told once; `stops` has the check that told it. */
function stopMessage(
  error: string,
  name: string,
  noun: string,
  stops: Map<string, string>,
): string {
  const before = stops.get(error);
  if (before !== undefined) return `stopped by the same error as "${before}"`;
  stops.set(error, name);
  return `stopped by an error of the ${noun}: ${error}`;
}
