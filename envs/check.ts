/**
 * The contract of an environment as a suite of checks, for the built-in ones and the user's own.
 *
 * The clauses are in `check/`: `starts.ts`, `repeatable.ts`, `shape.ts`, `leaks.ts`, `ending.ts`,
 * `teacher.ts`. Each plays episodes of every task with fixed seeds and reports the first breach it meets.
 * @module
 */
import { type CheckResult, isPassed, runChecks } from "../std/checks.ts";
import { parseOptions } from "../std/modules.ts";
import { Patience } from "../std/settles.ts";
import { endingEpisodes, noStepAfterEnd, noStepBeforeReset, unknownLabel } from "./check/ending.ts";
import { noLeak } from "./check/leaks.ts";
import {
  deterministicSteps,
  freshEpisodes,
  immutableObservations,
  independentInstances,
  restoredState,
  seededReset,
} from "./check/repeatable.ts";
import {
  finiteRewards,
  infoShape,
  knownLabels,
  observationShape,
  uniqueLabels,
} from "./check/shape.ts";
import { disjointSplits, startableTasks } from "./check/starts.ts";
import type { Check, Subject } from "./check/subject.ts";
import { offeredExpert, offeredMistakes, successfulExpert, textRemarks } from "./check/teacher.ts";
import type { Awaitable, Environment, EnvironmentModule } from "./environment.ts";
import { findEnvironment } from "./make.ts";

/** How to check. */
export interface CheckOptions {
  /** The module's own options (`with`); default none. Not used where a function makes the environment. */
  readonly with?: unknown;
  /** Episodes of each task in each check; default 10. */
  readonly episodes?: number;
  /** Steps after which an episode counts as endless; default 1000. */
  readonly stepLimit?: number;
  /** Seconds after which a promise of the environment counts as one that never settles; default 60. */
  readonly callLimit?: number;
}

/** How all checks went. */
export interface CheckReport {
  /** Name of the environment; "environment" where a function makes it. */
  readonly environment: string;
  /** True where no check failed. */
  readonly passed: boolean;
  /** Every check, in a fixed order. */
  readonly checks: readonly CheckResult[];
}

/** What is looked at once episodes start. */
const checks: readonly Check[] = [
  seededReset,
  deterministicSteps,
  independentInstances,
  freshEpisodes,
  observationShape,
  uniqueLabels,
  knownLabels,
  unknownLabel,
  noStepBeforeReset,
  endingEpisodes,
  noStepAfterEnd,
  infoShape,
  finiteRewards,
  restoredState,
  offeredExpert,
  successfulExpert,
  textRemarks,
  offeredMistakes,
  noLeak,
  immutableObservations,
  disjointSplits,
];

/**
 * Checks an environment against the contract. `target` is a module, a registered name or path of one, or
 * a function that makes an environment (whose default task alone is played then).
 * Throws a `ModuleError` where the module cannot be found or takes other options.
 */
export async function checkEnvironment(
  target: string | EnvironmentModule | (() => Awaitable<Environment>),
  options: CheckOptions = {},
): Promise<CheckReport> {
  const { name, tasks, splits, ...resolved } = await resolve(target, options.with);
  using patience = new Patience(1000 * (options.callLimit ?? 60));
  const make = () => patience.made(resolved.make);
  const subject: Subject = {
    make,
    heldOut: ["test", ...splits],
    ...await startableOf(make, tasks),
    seeds: Array.from({ length: options.episodes ?? 10 }, (_, seed) => seed),
    stepLimit: options.stepLimit ?? 1000,
  };
  const results = await runChecks([startableTasks], subject, "environment");
  if (isPassed(results)) results.push(...await runChecks(checks, subject, "environment"));
  // What cannot be started cannot be looked at: the one reason is told once.
  else results.push(...checks.map(notLookedAt));
  return { environment: name, passed: isPassed(results), checks: results };
}

/** The tasks to play: those of the module, unless an instance says which of them it has. */
async function startableOf(
  make: Subject["make"],
  tasks: Subject["tasks"],
): Promise<Pick<Subject, "tasks" | "needsData">> {
  // The default task of an environment that a function makes is played, whatever others there are.
  const own = tasks.includes(undefined) ? undefined : await toldBy(make);
  return { tasks: own ?? tasks, needsData: own !== undefined };
}

/** Undefined where the instance says nothing, or cannot be made, which the checks tell. */
async function toldBy(make: Subject["make"]): Promise<readonly string[] | undefined> {
  try {
    return (await make()).startableTasks;
  } catch {
    return undefined;
  }
}

function notLookedAt({ name }: Check): CheckResult {
  return { name, status: "skipped", message: `not looked at before ${startableTasks.name}` };
}

async function resolve(
  target: string | EnvironmentModule | (() => Awaitable<Environment>),
  given: unknown,
): Promise<{ name: string; splits: readonly string[] } & Pick<Subject, "make" | "tasks">> {
  if (typeof target === "function") {
    return {
      name: "environment",
      make: async () => await target(),
      tasks: [undefined],
      splits: [],
    };
  }
  const module = typeof target === "string" ? await findEnvironment(target) : target;
  const options = parseOptions("environment", module, given);
  return {
    name: module.name,
    make: async () => await module.make(options),
    tasks: module.tasks,
    splits: module.splits ?? [],
  };
}
