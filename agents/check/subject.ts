/**
 * What is checked, and asking it: fixed situations, with spoilers and without.
 * @module
 */
import type { Observation } from "../../envs/environment.ts";
import { type Check as Clause, NotApplicable, require } from "../../std/checks.ts";
import type { ReflectionAgent, ReflectOptions, Spoiler } from "../agent.ts";

export { CheckFailure, difference, errorOf, NotApplicable, require } from "../../std/checks.ts";

/** A reflection agent under check. */
export interface Subject {
  /** A fresh instance. */
  make(): Promise<ReflectionAgent>;
  /** What it is asked about: several situations, one of them twice. */
  readonly observations: readonly Observation[];
  /** Whether it is to be given spoilers: it cannot do without. */
  readonly spoiled: boolean;
  /** Whether another machine answers. */
  readonly remote: boolean;
  /** Whether comments are drawn by the seed. */
  readonly drawn: boolean;
  /** Milliseconds in which an abort must be heard. */
  readonly patience: number;
}

/** One clause of the contract. */
export type Check = Clause<Subject>;

/** The seed of questions where nothing else is said. */
export const SEED = 7;

/** Situations to ask about where the caller has none: several, with and without a history, one of them twice. */
export const situations: readonly Observation[] = [
  situation("", "at row 1"),
  situation("", "at row 2", "go north", "go south"),
  situation("at row 1 ", "go north", "go south"),
  situation("", "at row 1"),
  situation("", "go", "go north", "stay", "Änderung 日"),
];

function situation(history: string, state: string, ...texts: string[]): Observation {
  return { history, state, actions: texts.map((text, i) => ({ label: String(i), text })) };
}

/** What a teacher may know of a situation. */
export function spoilerOf({ actions, state }: Observation): Spoiler {
  const best = actions.at(-1)?.label;
  const remark = `I am ${state}. So I go on.`;
  return best === undefined ? { remark } : { best, remark };
}

/** Options of a question: spoilers where the agent needs them, or where `spoiled` says so. */
export function asking(
  subject: Pick<Subject, "spoiled">,
  batch: readonly Observation[],
  change: Partial<ReflectOptions> = {},
): ReflectOptions {
  return {
    seed: SEED,
    signal: new AbortController().signal,
    ...(subject.spoiled ? { spoilers: batch.map(spoilerOf) } : {}),
    ...change,
  };
}

/** Comments as they should be: a list, one for each. The agent gets copies, which it may spoil. */
export async function ask(
  agent: ReflectionAgent,
  subject: Pick<Subject, "spoiled">,
  batch: readonly Observation[],
  change: Partial<ReflectOptions> = {},
): Promise<string[]> {
  const comments: unknown = await agent.reflect(
    structuredClone(batch),
    asking(subject, batch, change),
  );
  require(
    Array.isArray(comments) && comments.length === batch.length,
    `reflect gave ${
      Array.isArray(comments) ? `${comments.length} comments` : `${comments}`
    } on ${batch.length} observations; it must give a list with one each`,
  );
  return comments;
}

/** Uses a fresh agent and disposes of it. */
export async function withAgent<T>(
  subject: Subject,
  use: (agent: ReflectionAgent) => Promise<T>,
): Promise<T> {
  const agent = await subject.make();
  try {
    return await use(agent);
  } finally {
    await agent.dispose?.();
  }
}

/** Both ways to ask, where the agent knows both. */
export function modes(subject: Subject): Subject[] {
  return subject.spoiled ? [subject] : [subject, { ...subject, spoiled: true }];
}

/** Which way, for messages. */
export function modeName({ spoiled }: Subject): string {
  return spoiled ? "with spoilers" : "without spoilers";
}

/** Skips the running check where another machine answers. */
export function notRemote({ remote }: Subject): void {
  if (remote) {
    throw new NotApplicable("another machine answers, and may give other words each time");
  }
}
