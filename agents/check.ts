/**
 * The contract of a reflection agent as a suite of checks, for the built-in ones and the user's own.
 *
 * The clauses are in `check/`: `comments.ts`, `repeatable.ts`, `stopping.ts`, `spoilers.ts`. Each asks fresh
 * agents about fixed situations and reports the first breach it meets.
 * @module
 */
import type { Awaitable, Observation } from "../envs/environment.ts";
import { type CheckResult, errorOf, isPassed, runChecks } from "../std/checks.ts";
import { parseOptions } from "../std/modules.ts";
import { Patience } from "../std/settles.ts";
import type { ReflectionAgent, ReflectionAgentModule } from "./agent.ts";
import { emptyBatch, oneEach, textComments, unchangedBatch } from "./check/comments.ts";
import { frozen, independent, restored, seedsMatter } from "./check/repeatable.ts";
import { spoilersOrNot } from "./check/spoilers.ts";
import { abortedBefore, abortedDuring, disposedTwice } from "./check/stopping.ts";
import { ask, type Check, situations, type Subject, withAgent } from "./check/subject.ts";
import { findReflectionAgent } from "./make.ts";

/** How to check. */
export interface AgentCheckOptions {
  /** The module's own options (`with`); default none. Not used where a function makes the agent. */
  readonly with?: unknown;
  /** What to ask about; default a few made-up situations. Of one or more. */
  readonly observations?: readonly Observation[];
  /** Milliseconds in which an agent must hear that it is to stop; default 2000. */
  readonly patience?: number;
  /** Seconds after which a promise of the agent counts as one that never settles; default 300. */
  readonly callLimit?: number;
}

/** How all checks went. */
export interface AgentCheckReport {
  /** Name of the agent; "reflection agent" where a function makes it. */
  readonly agent: string;
  /** True where no check failed. */
  readonly passed: boolean;
  /** Every check, in a fixed order. */
  readonly checks: readonly CheckResult[];
}

const checks: readonly Check[] = [
  oneEach,
  emptyBatch,
  textComments,
  unchangedBatch,
  frozen,
  independent,
  seedsMatter,
  restored,
  spoilersOrNot,
  abortedBefore,
  abortedDuring,
  disposedTwice,
];

/**
 * Checks a reflection agent against the contract. `target` is a module, a registered name or path of one, or
 * a function that makes an agent on this machine whose comments do not depend on the seed.
 * Throws a `ModuleError` where the module cannot be found or takes other options.
 */
export async function checkAgent(
  target: string | ReflectionAgentModule | (() => Awaitable<ReflectionAgent>),
  options: AgentCheckOptions = {},
): Promise<AgentCheckReport> {
  const { name, ...resolved } = await resolve(target, options.with);
  using calls = new Patience(1000 * (options.callLimit ?? 300));
  const agent = { ...resolved, make: () => calls.made(resolved.make) };
  const { observations = situations, patience = 2000 } = options;
  const subject: Subject = { ...agent, observations, patience, spoiled: false };
  const results = await runChecks(
    checks,
    { ...subject, spoiled: await needsSpoilers(subject) },
    "reflection agent",
  );
  return { agent: name, passed: isPassed(results), checks: results };
}

/** True where it works with spoilers alone. What works with neither is asked without. */
async function needsSpoilers(subject: Subject): Promise<boolean> {
  const failsWith = async (spoiled: boolean) =>
    await errorOf(() =>
      withAgent(subject, (agent) => ask(agent, { spoiled }, subject.observations))
    ) !== undefined;
  return await failsWith(false) && !await failsWith(true);
}

async function resolve(
  target: string | ReflectionAgentModule | (() => Awaitable<ReflectionAgent>),
  given: unknown,
): Promise<{ name: string } & Pick<Subject, "make" | "remote" | "drawn">> {
  if (typeof target === "function") {
    const make = async () => await target();
    return { name: "reflection agent", make, remote: false, drawn: false };
  }
  const module = typeof target === "string" ? await findReflectionAgent(target) : target;
  const options = parseOptions("reflection agent", module, given);
  return {
    name: module.name,
    make: async () => await module.make(options),
    remote: module.remote ?? false,
    drawn: module.isDrawn?.(options) ?? false,
  };
}
