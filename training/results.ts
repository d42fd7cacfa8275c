/**
 * What an evaluation leaves behind: every episode's outcome, and a few episodes in full.
 *
 * A `results` artifact is a folder with `results.json` ({@linkcode Results}) and
 * `transcripts.jsonl` (one {@linkcode Transcript} a line).
 * @module
 */
import { join } from "node:path";
import { z } from "zod";

/** One evaluated episode. */
export interface EpisodeResult {
  /** Seed the environment was reset with. */
  readonly seed: number;
  /** Whether the task was achieved. */
  readonly success: boolean;
  /** Undiscounted sum of the rewards. */
  readonly return: number;
  /** Actions taken, at least 1. */
  readonly steps: number;
}

/** Outcome of evaluating one method with one seed on one task. */
export interface Results {
  /** Method, as reports name it: `reflect-rl`. */
  readonly name: string;
  /** Environment: `taxi`. */
  readonly env: string;
  /** Task of that environment: `pickup`. */
  readonly task: string;
  /** Seed of the evaluation. */
  readonly seed: number;
  /** Which starts the episodes were drawn from. */
  readonly split: string;
  /** Steps after which an episode is truncated; absent where the environment has no such option. */
  readonly horizon?: number | undefined;
  /** At least one. */
  readonly episodes: readonly EpisodeResult[];
}

/** One step of an episode in full. */
export interface TranscriptStep {
  /** All that the policy read, the reflection included. */
  readonly prompt: string;
  /** The reflection alone; empty where the method has none. */
  readonly reflection: string;
  /** What the policy answered. */
  readonly label: string;
  /** The action behind the label, in words. */
  readonly action: string;
  /** Reward of the step. */
  readonly reward: number;
}

/** One episode in full. */
export interface Transcript {
  /** Seed the environment was reset with. */
  readonly seed: number;
  /** Whether the task was achieved. */
  readonly success: boolean;
  /** Undiscounted sum of the rewards. */
  readonly return: number;
  /** Every step, in order. */
  readonly steps: readonly TranscriptStep[];
}

const count = z.int().nonnegative();

/** Schema of `results.json`. */
export const resultsSchema: z.ZodType<Results> = z.strictObject({
  name: z.string().min(1),
  env: z.string().min(1),
  task: z.string(),
  seed: z.int(),
  split: z.string(),
  horizon: z.int().positive().optional(),
  episodes: z.array(z.strictObject({
    seed: z.int(),
    success: z.boolean(),
    return: z.number(),
    steps: count,
  })).min(1),
});

/** Schema of a line of `transcripts.jsonl`. */
export const transcriptSchema: z.ZodType<Transcript> = z.strictObject({
  seed: z.int(),
  success: z.boolean(),
  return: z.number(),
  steps: z.array(z.strictObject({
    prompt: z.string(),
    reflection: z.string(),
    label: z.string(),
    action: z.string(),
    reward: z.number(),
  })),
});

/**
 * Writes a `results` artifact.
 *
 * @param folder Created where it is missing.
 * @param results Outcome of every episode.
 * @param transcripts A few of these episodes in full; reports choose from them, so give successes and
 * failures where there are both.
 * @throws Error where the results do not fit their schema (no episodes, a return that is not finite).
 */
export async function writeResults(
  folder: string,
  results: Results,
  transcripts: readonly Transcript[],
): Promise<void> {
  const checked = parse(resultsSchema, results, `results of "${results.name}"`);
  const lines = transcripts.map((transcript) =>
    JSON.stringify(
      parse(transcriptSchema, transcript, `transcript of "${results.name}"`),
    ) + "\n"
  );
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(
    join(folder, "results.json"),
    JSON.stringify(checked, null, 1) + "\n",
  );
  await Deno.writeTextFile(join(folder, "transcripts.jsonl"), lines.join(""));
}

/**
 * Reads a `results` artifact.
 *
 * @throws Error naming the file, what is wrong with it and what to do.
 */
export async function readResults(
  folder: string,
): Promise<{ results: Results; transcripts: Transcript[] }> {
  const file = join(folder, "results.json");
  const results = parse(
    resultsSchema,
    parseJson(await readText(file), file),
    file,
  );
  const path = join(folder, "transcripts.jsonl");
  const lines = (await readText(path)).split("\n");
  const transcripts = lines.flatMap((line, index) => {
    const where = `${path}:${index + 1}`;
    return line === "" ? [] : [parse(transcriptSchema, parseJson(line, where), where)];
  });
  return { results, transcripts };
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(
      `${path}: expected a file of a results folder, found none. Give the \`results\` output of an evaluate stage.`,
    );
  }
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(
      `${where}: expected JSON, got ${
        JSON.stringify(text.slice(0, 40))
      }. Evaluate again to write it anew.`,
      { cause: error },
    );
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(
    `${where} does not have the form of evaluation results:\n${
      z.prettifyError(parsed.error)
    }\nEvaluate again to write it anew.`,
  );
}
