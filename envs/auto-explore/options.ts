/**
 * The options of AutoExplore: which tree, which questions, and how much a player sees and may do.
 * @module
 */
import { z } from "zod";
import { type Artifact, artifact, sourceFolder } from "../../engine/artifact.ts";
import { FACT_KINDS, type FactKind } from "./facts.ts";
import { hashTree, MOST_OUTPUT, readTree } from "./tree.ts";
import type { Reading } from "./walk.ts";

/** Tasks by the depth of the nearest target; the last, `all`, is the default. */
export const TASKS = ["depth-1", "depth-2", "near", "depth-3", "deep", "all"] as const;

/** A task of AutoExplore. */
export type ExploreTask = typeof TASKS[number];

/** Options of AutoExplore, defaults filled in. */
export interface ExploreOptions {
  /** The folder to explore, or several: each is a tree of its own, and an episode is in one. */
  readonly root: Artifact | string | readonly (Artifact | string)[];
  /** A JSON file of prepared questions about the one tree, instead of those made from it. */
  readonly questions?: Artifact | string | undefined;
  /** Sorts of facts that made questions ask for; default all. */
  readonly kinds: readonly FactKind[];
  /** Draws the questions that are made, and the parts; default 0. */
  readonly questionSeed: number;
  /** What to ask for where `reset` names no task; default `all`. */
  readonly task: ExploreTask;
  /** Steps after which an episode is truncated; default 15. */
  readonly horizon: number;
  /**
   * Probability of each file that is no target to be left out of a training episode; default 0.5. Of two,
   * the least and the most, each episode draws its own between them.
   */
  readonly leaveOut: number | readonly [least: number, most: number];
  /** Whether training episodes list the commands in random order; default false. */
  readonly shuffleLabels: boolean;
  /** Whether questions put names of code as words in lower case, as a small tokenizer knows them; default false. */
  readonly plain: boolean;
  /** Whether a folder is listed as soon as one is in it, without `ls`; default false. */
  readonly listed: boolean;
  /** Whether names carry the labels of their commands, and the teacher's comments end with one; default false. */
  readonly labels: boolean;
  /** Commands that read files; default all three. */
  readonly reading: readonly Reading[];
  /** Most names of a page of `ls`, 1 to 60; default 20. */
  readonly page: number;
  /** Most bytes of a page's names; default 300. */
  readonly listing: number;
  /** Most bytes of a file that a command prints; default 400. */
  readonly output: number;
  /** Most bytes of a question; default 120. */
  readonly question: number;
  /** How many of the files read last can be identified; default 5. */
  readonly answers: number;
  /** How many of the latest commands the player is shown; default 3. */
  readonly historyLength: number;
}

/** Schema of a folder to explore. Of it matters what the tree shows of it: neither build outputs nor what is ignored. */
export const exploredFolder: z.ZodType<Artifact | string> = sourceFolder((path) =>
  hashTree(readTree(path))
);

const probability = z.number().min(0).max(1);

/** Schema of the options. */
export const exploreOptions: z.ZodType<ExploreOptions> = z.strictObject({
  root: z.union(
    [exploredFolder, z.array(exploredFolder).min(1)],
    "expected the path of a folder, or a list of such",
  ).describe(
    "The folder to explore; several are a tree each.",
  ),
  questions: artifact("questions").optional().describe(
    "A JSON file of prepared questions about the one tree, instead of those made from it.",
  ),
  kinds: z.array(z.enum(FACT_KINDS)).min(1).default([...FACT_KINDS]).describe(
    "What the questions that are made ask for.",
  ),
  questionSeed: z.int().min(0).default(0).describe(
    "Draws the questions that are made, and which are for training and tests.",
  ),
  task: z.enum(TASKS).default("all").describe(
    "Depth of the files asked for (near: 1 and 2, deep: 4 and more); `reset({ task })` overrides it.",
  ),
  horizon: z.int().min(3).default(15).describe("Steps after which an episode is truncated."),
  leaveOut: z.union([
    probability,
    z.tuple([probability, probability])
      .refine(([least, most]) => least <= most, {
        error: ({ input }) =>
          `expected the least first, then the most, got ${JSON.stringify(input)}`,
      }),
  ])
    .default(0.5).describe(
      "Probability of each unrelated file to be left out of a training episode; or [least, most], between which " +
        "each episode draws its own.",
    ),
  shuffleLabels: z.boolean().default(false).describe(
    "Whether training episodes list the commands in random order.",
  ),
  plain: z.boolean().default(false).describe(
    "Whether questions are in lower case, names of code as words: `read config` for `readConfig`.",
  ),
  listed: z.boolean().default(false).describe(
    "Whether a folder's first page is listed as soon as one is there; `ls` then gives the next.",
  ),
  labels: z.boolean().default(false).describe(
    "Whether listed names carry the labels of their commands, and the teacher's comments end with the label they " +
      "advise.",
  ),
  reading: z.array(z.enum(["cat", "head", "tail"])).min(1)
    .refine((verbs) => new Set(verbs).size === verbs.length, "expected each command once")
    .default(["cat", "head", "tail"]).describe("Commands that read files."),
  page: z.int().min(1).max(60).default(20).describe("Most names of a page of `ls`."),
  listing: z.int().min(1).default(300).describe("Most bytes of the names on a page of `ls`."),
  output: z.int().min(1).max(MOST_OUTPUT).default(400).describe(
    "Most bytes of a file that a command prints.",
  ),
  question: z.int().min(20).default(120).describe("Most bytes of a question."),
  answers: z.int().min(1).max(15).default(5).describe(
    "How many of the files read last can be identified.",
  ),
  historyLength: z.int().min(0).default(3).describe(
    "How many of the latest commands the player is shown.",
  ),
});

/** Whether a question about a file of this depth belongs to a task. */
export function fitsTask(task: ExploreTask, depth: number): boolean {
  switch (task) {
    case "depth-1":
      return depth === 1;
    case "depth-2":
      return depth === 2;
    case "near":
      return depth <= 2;
    case "depth-3":
      return depth === 3;
    case "deep":
      return depth >= 4;
    case "all":
      return true;
  }
}
