/**
 * The stage `questions`: a teacher writes questions about a folder's files, for the environment `auto-explore`.
 * @module
 */
import { z } from "zod";
import { type TeacherModule, teachers } from "../agents/teachers.ts";
import { type Artifact, artifactPath } from "../engine/artifact.ts";
import type { StageContext, StageModule } from "../engine/module.ts";
import { type ModuleChoice, slot } from "../engine/slot.ts";
import { exploredFolder, exploreOptions } from "../envs/auto-explore/options.ts";
import { readQuestions } from "../envs/auto-explore/questions.ts";
import { MOST_OUTPUT, readTree } from "../envs/auto-explore/tree.ts";
import { writeQuestions } from "../training/questions.ts";

/** What a workflow gives the stage. */
interface QuestionsInput {
  readonly root: Artifact | string;
  readonly teacher: ModuleChoice<TeacherModule>;
  readonly count: number;
  readonly excerpt: number;
  readonly question: number;
}

const input: z.ZodType<QuestionsInput> = z.strictObject({
  root: exploredFolder.describe("the folder whose files are asked for"),
  teacher: slot("teacher", teachers, ["make"]).describe(
    "who writes; it is sent the beginnings of files",
  ),
  count: z.int().min(1).default(100).describe("questions wanted, one a file"),
  excerpt: z.int().min(100).max(MOST_OUTPUT).default(2000).describe(
    "characters of a file's beginning that the teacher gets",
  ),
  question: z.int().min(20).default(120).describe(
    "most bytes of a question; not more than the environment's own option question",
  ),
});

/** The stage as a workflow names it. */
export const questions: StageModule<QuestionsInput> = {
  name: "questions",
  version: "1",
  description:
    "A teacher writes questions about a folder's files, for the environment auto-explore.",
  with: input,
  url: import.meta.url,
  outputs: {
    questions: {
      kind: "questions",
      description: "Questions and the files that answer them, for auto-explore's option questions.",
    },
  },
  usesDevice: false,
  run,
};

async function run(input: QuestionsInput, context: StageContext): Promise<void> {
  const { count, excerpt, question } = input;
  const { seed, signal } = context;
  const root = artifactPath(input.root);
  const tree = readTree(root);
  let refused = 0;
  const written = await writeQuestions({
    teacher: await input.teacher.module.make(input.teacher.with),
    tree,
    count,
    excerpt,
    question,
    seed,
    signal,
    progress: (done) => context.progress(done, count, "questions"),
    refuse: (path, text, why) => {
      refused++;
      context.log(`${path}: left out (${why}): ${JSON.stringify(text)}`);
    },
  });
  if (written.length === 0) {
    throw new Error(
      `the teacher wrote no question that does about the files of ${root} (${refused} were left out; the ` +
        `log says why): try another model, a longer excerpt or a higher option question`,
    );
  }
  const file = context.output("questions");
  await Deno.writeTextFile(file, `${JSON.stringify(written, null, 2)}\n`);
  // As the environment will read them.
  const settings = { ...exploreOptions.parse({ root }), question };
  const reachable = readQuestions(tree, await Deno.readTextFile(file), file, settings).length;
  context.log(
    `${written.length} questions of ${count} wanted, ${refused} left out, ${
      written.length - reachable
    } about files that ${settings.horizon} steps do not reach`,
  );
  context.metric(written.length, { questions: written.length, refused, reachable });
}
