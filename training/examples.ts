/**
 * From dataset rows to what a model trains on: prompts composed, tokens encoded.
 * @module
 */
import { labelPosition } from "../agents/labels.ts";
import type { Policy } from "../agents/policy.ts";
import { composePolicyPrompt, composeReflectionPrompt, labelText } from "../agents/prompt.ts";
import type { Tokenizer } from "../models/tokenizer/tokenizer.ts";
import {
  DatasetError,
  type PolicyRow,
  readPolicyRows,
  readReflectionRows,
  type ReflectionRow,
} from "./dataset.ts";
import type { CompletionExample, LabelExample } from "./losses.ts";

/** A dataset of either sort. */
export type Dataset =
  | { readonly sort: "policy"; readonly rows: readonly PolicyRow[] }
  | { readonly sort: "reflection"; readonly rows: readonly ReflectionRow[] };

/**
 * Reads a dataset; its first line says which sort it is. Throws a DatasetError at the first bad line,
 * and where there are no rows.
 */
export async function readDataset(path: string): Promise<Dataset> {
  // The readers say what is wrong with a file that cannot be read or whose first line is no row.
  const text = await Deno.readTextFile(path).catch(() => "");
  const data: Dataset = hasLabel(text.split("\n", 1)[0]!)
    ? { sort: "policy", rows: await readPolicyRows(path) }
    : { sort: "reflection", rows: await readReflectionRows(path) };
  if (data.rows.length > 0) return data;
  throw new DatasetError(`${path}: expected a dataset of one row or more, got an empty file`);
}

/** Prompts and completions of a reflection dataset; each completion ends with the end of text. */
export function reflectionExamples(
  rows: readonly ReflectionRow[],
  tokenizer: Tokenizer,
): CompletionExample[] {
  return rows.map(({ observation, reflection }) => ({
    prompt: tokenizer.encode(composeReflectionPrompt(observation)),
    completion: [...tokenizer.encode(` ${reflection}`), tokenizer.endOfText],
  }));
}

/** Which action of a row is the one to learn: the one that was taken, or the expert's. */
export type PolicyTarget = "taken" | "best";

/** What a policy's examples are made with. */
export interface PolicyExampleOptions {
  /** Whether prompts hold the rows' reflections. */
  readonly withReflection: boolean;
  /** Which action is the one to learn. Default `taken`. */
  readonly target?: PolicyTarget;
}

/**
 * Prompts and labels of a policy dataset. Rows without an expert's label are left out where those are to be
 * learned. Throws a DatasetError where no row is left.
 */
export function policyExamples(
  rows: readonly PolicyRow[],
  policy: Policy,
  { withReflection, target = "taken" }: PolicyExampleOptions,
): LabelExample[] {
  const examples = rows.flatMap(({ observation, reflection, label, best }) => {
    const right = target === "best" ? best : label;
    if (right === undefined) return [];
    const { tokens, choices } = policy.input(observation, withReflection ? reflection : "");
    return [{ prompt: tokens, choices, target: labelPosition(right) }];
  });
  if (examples.length > 0) return examples;
  throw new DatasetError(
    `no row of ${rows.length} has the expert's label ("best"), because the environment that was played ` +
      `cannot plan; learn the actions that were taken`,
  );
}

function hasLabel(line: string): boolean {
  try {
    return typeof JSON.parse(line)?.label === "string";
  } catch {
    return false;
  }
}

/** The texts a tokenizer for these rows is trained on. */
export function reflectionTexts(rows: readonly ReflectionRow[]): string[] {
  return rows.map(({ observation, reflection }) =>
    `${composeReflectionPrompt(observation)} ${reflection}`
  );
}

/** The texts a tokenizer for these rows is trained on. */
export function policyTexts(
  rows: readonly PolicyRow[],
  withReflection: boolean,
): string[] {
  return rows.map(({ observation, reflection, label }) =>
    composePolicyPrompt(observation, withReflection ? reflection : "") +
    labelText(label)
  );
}
