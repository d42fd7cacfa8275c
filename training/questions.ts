/**
 * Questions for AutoExplore, written by a teacher: each has one file of the tree as its answer.
 *
 * Files are drawn by seed. Of each the teacher gets the path and the beginning and writes one question; what
 * does not do is left out, and another file is drawn in its place. That no second file answers a question too
 * is what the teacher is asked for; nobody can check it here.
 * @module
 */
import type { Assignment, Teacher } from "../agents/teachers.ts";
import type { PreparedQuestion } from "../envs/auto-explore/questions.ts";
import type { Tree, TreeFile } from "../envs/auto-explore/tree.ts";
import { byteLength } from "../envs/auto-explore/walk.ts";
import { deriveSeed, Random } from "../std/random.ts";

/** What to write. */
export interface QuestionOptions {
  /** Writes. */
  readonly teacher: Teacher;
  /** The files. */
  readonly tree: Tree;
  /** Questions wanted; fewer where the files do not give so many. */
  readonly count: number;
  /** Characters of a file's beginning that the teacher gets. */
  readonly excerpt: number;
  /** Most bytes of a question. */
  readonly question: number;
  /** Draws the files; sent to the teacher too. */
  readonly seed: number;
  /** Stops the work. */
  readonly signal: AbortSignal;
  /** Told how many questions there are, every few. */
  readonly progress?: (questions: number) => void;
  /** Told of each text that does not do, and why. */
  readonly refuse?: (path: string, text: string, why: string) => void;
}

/** Files asked about between two looks at what came of them. */
const FILES_A_ROUND = 32;

/** Questions, in the order in which their files were drawn. Throws what the teacher throws. */
export async function writeQuestions(options: QuestionOptions): Promise<PreparedQuestion[]> {
  const { teacher, tree, count, seed, signal } = options;
  const files = new Random(deriveSeed(seed, 0)).shuffle(tree.files.filter(isReadable));
  const questions: PreparedQuestion[] = [];
  const asked = new Set<string>();
  for (let next = 0; next < files.length && questions.length < count;) {
    const round = files.slice(next, next + Math.min(FILES_A_ROUND, count - questions.length));
    next += round.length;
    const assignments = round.map((file) => assignmentOn(file, options));
    const texts = await teacher.write(assignments, { seed: deriveSeed(seed, 1), signal });
    for (const [i, file] of round.entries()) {
      const question = tidy(texts[i] ?? "");
      const why = asked.has(question.toLowerCase())
        ? "asked before"
        : fault(question, file, options);
      if (why !== undefined) {
        options.refuse?.(file.path, question, why);
        continue;
      }
      asked.add(question.toLowerCase());
      questions.push({ question, files: [file.path] });
    }
    options.progress?.(questions.length);
  }
  return questions;
}

/** Only what can be read can be asked about, and an empty file says nothing. */
function isReadable({ kind, cat }: TreeFile): boolean {
  return (kind === "text" || kind === "huge") && cat.trim() !== "";
}

function assignmentOn(file: TreeFile, { excerpt, question }: QuestionOptions): Assignment {
  // A character of English is a byte; a word about six.
  const words = Math.floor(question / 6);
  return {
    system:
      "You write questions about a project's files. Whoever gets a question must find the one file " +
      "that answers it, by looking around. Ask for something that this file alone can answer: what it " +
      "does, decides or defines, in the words of someone who needs it and does not know where it is. " +
      `Do not mention the file's name or path. One sentence of at most ${words} words that ends with a ` +
      "question mark, and nothing else.",
    text: `The file ${file.path} begins:\n\n${file.cat.slice(0, excerpt)}\n\nThe question:`,
  };
}

/** One line, without what models like to put around an answer. */
function tidy(text: string): string {
  return text.replace(/\s+/g, " ").trim()
    .replace(/^(the )?question: */i, "")
    .replace(/^["'“*]+|["'”*]+$/g, "")
    .trim();
}

/** Why a question does not do; undefined where it does. */
function fault(question: string, file: TreeFile, options: QuestionOptions): string | undefined {
  if (!question.endsWith("?") || question.length < 2) return "no question";
  if (byteLength(question) > options.question) return `longer than ${options.question} bytes`;
  if (question.toLowerCase().includes(file.name.toLowerCase())) return "names the file";
  return undefined;
}
