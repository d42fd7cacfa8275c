/**
 * Datasets: JSON Lines, one row a line, each line checked when it is read.
 *
 * Rows hold observations, not prompts, so that whoever trains composes the prompt in the one place where that
 * is done (agents/prompt.ts).
 * @module
 */
import { z } from "zod";
import type { Observation } from "../envs/environment.ts";

/** What the policy learns from: one action of one episode. */
export interface PolicyRow {
  /** What the player was shown. */
  readonly observation: Observation;
  /** The comment on it; empty where there was none. */
  readonly reflection: string;
  /** The label that was taken, which in a noisy trajectory need not be a good one. */
  readonly label: string;
  /** The expert's label; absent where the environment could not plan. */
  readonly best?: string;
  /** Number of the episode, from 0. */
  readonly episode: number;
  /** Number of the step within the episode, from 0. */
  readonly step: number;
}

/** What the reflection model learns from: the comment on one situation. */
export interface ReflectionRow {
  /** What the player was shown. */
  readonly observation: Observation;
  /** The comment on it. */
  readonly reflection: string;
  /** Number of the episode, from 0. */
  readonly episode: number;
  /** Number of the step within the episode, from 0. */
  readonly step: number;
}

/** A dataset that cannot be read; the message names the file, the line and what was wrong. */
export class DatasetError extends Error {
  /** The class's name, for messages. */
  override readonly name = "DatasetError";
}

const observation = z.strictObject({
  history: z.string(),
  state: z.string(),
  actions: z.array(
    z.strictObject({ label: z.string().min(1), text: z.string() }),
  ),
});

const reflectionRow = z.strictObject({
  observation,
  reflection: z.string(),
  episode: z.int().min(0),
  step: z.int().min(0),
});

const policyRow = reflectionRow.extend({
  label: z.string().min(1),
  best: z.string().min(1).exactOptional(),
}).refine(({ label, observation }) => isOffered(observation, label), {
  path: ["label"],
  error: "is not one of observation.actions",
}).refine(({ best, observation }) => best === undefined || isOffered(observation, best), {
  path: ["best"],
  error: "is not one of observation.actions",
});

function isOffered({ actions }: Observation, label: string): boolean {
  return actions.some((action) => action.label === label);
}

/** Schema of a line of a policy dataset. The labels must be among those that were offered. */
export const policyRowSchema: z.ZodType<PolicyRow> = policyRow;

/** Schema of a line of a reflection dataset. */
export const reflectionRowSchema: z.ZodType<ReflectionRow> = reflectionRow;

/** Reads a policy dataset. Throws a {@linkcode DatasetError} at the first bad line. */
export function readPolicyRows(path: string): Promise<PolicyRow[]> {
  return readRows(path, policyRowSchema, "policy");
}

/** Reads a reflection dataset. Throws a {@linkcode DatasetError} at the first bad line. */
export function readReflectionRows(path: string): Promise<ReflectionRow[]> {
  return readRows(path, reflectionRowSchema, "reflection");
}

/** Writes rows as JSON Lines, replacing the file. The same rows give the same bytes. */
export async function writeRows(
  path: string,
  rows: readonly (PolicyRow | ReflectionRow)[],
): Promise<void> {
  await Deno.writeTextFile(
    path,
    rows.map((row) => JSON.stringify(row) + "\n").join(""),
  );
}

async function readRows<Row>(
  path: string,
  schema: z.ZodType<Row>,
  kind: string,
): Promise<Row[]> {
  const lines = (await readText(path)).split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line, index) => {
    const problem = (what: string) =>
      new DatasetError(
        `${path}:${index + 1}: expected a row of a ${kind} dataset: ${what}`,
      );
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw problem(error instanceof Error ? error.message : String(error));
    }
    const parsed = schema.safeParse(value);
    // As it was written, keys in that order: what is written again has the same bytes.
    if (parsed.success) return value as Row;
    throw problem(parsed.error.issues.map(describe).join("; "));
  });
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new DatasetError(
      `${path}: expected a dataset (a JSON Lines file): ${
        cause instanceof Error ? cause.message : cause
      }`,
      { cause },
    );
  }
}

function describe(issue: z.core.$ZodIssue): string {
  const at = issue.path.map(String).join(".");
  return at === "" ? issue.message : `${at}: ${issue.message}`;
}
