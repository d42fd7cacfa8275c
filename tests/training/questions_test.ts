/**
 * Questions by a teacher: which files are asked about, what does not do, and that seeds decide.
 */
import type { Assignment, Teacher } from "../../agents/teachers.ts";
import { readTree } from "../../envs/auto-explore/tree.ts";
import { assert, assertEquals, assertNotEquals, assertRejects } from "../../std/assert.ts";
import { type QuestionOptions, writeQuestions } from "../../training/questions.ts";
import { sampleTree, writeTree } from "../envs/auto-explore/sample_tree.ts";

/** A teacher of whose assignments a test keeps account. */
function teacher(write: (path: string, assignment: Assignment) => string) {
  const assignments: Assignment[] = [];
  const made: Teacher = {
    write: (given, { signal }) => {
      signal.throwIfAborted();
      assignments.push(...given);
      return Promise.resolve(
        given.map((each) => write(/^The file (\S+) begins/.exec(each.text)![1]!, each)),
      );
    },
  };
  return { assignments, teacher: made };
}

const options = (teacher: Teacher, change: Partial<QuestionOptions> = {}): QuestionOptions => ({
  teacher,
  tree: readTree(sampleTree()),
  count: 5,
  excerpt: 200,
  question: 120,
  seed: 1,
  signal: new AbortController().signal,
  ...change,
});

/** Asks for a file without its name. */
const askFor = (path: string) => `Where do I learn of ${path.replaceAll(/[./]/g, " and ")}?`;

Deno.test("each question is about another file, drawn by seed", async () => {
  const { teacher: one, assignments } = teacher(askFor);
  const questions = await writeQuestions(options(one));
  assertEquals(questions.length, 5);
  assertEquals(new Set(questions.map(({ files }) => files[0])).size, 5);
  for (const { question, files } of questions) assertEquals(question, askFor(files[0]!));
  assertEquals(assignments.length, 5);
  assertEquals(await writeQuestions(options(one)), questions);
  assertNotEquals(await writeQuestions(options(one, { seed: 2 })), questions);
});

Deno.test("the teacher gets the path and the beginning, and is told how long a question may be", async () => {
  const root = writeTree({
    "src/long.ts": "// Words.\n".repeat(100),
    "empty.ts": " \n",
    "data.bin": new Uint8Array([0, 255, 254]),
  });
  const { teacher: one, assignments } = teacher(askFor);
  await writeQuestions(options(one, { tree: readTree(root), excerpt: 100, question: 60 }));
  assertEquals(assignments.map(({ text }) => text), [
    `The file src/long.ts begins:\n\n${"// Words. ".repeat(10)}\n\nThe question:`,
  ]);
  assert(assignments[0]?.system.includes("at most 10 words"));
});

Deno.test("what does not do is left out, and another file is asked about", async () => {
  const texts: Record<string, string> = {
    "main.ts": "It holds functions.",
    "src/rake.ts": "What does RAKE.ts do?",
    "src/spade.ts": `Where ${"very ".repeat(30)}deep?`,
    "other.ts": "",
    "src/parts/blade.ts": "Where is it?",
    "src/parts/handle.ts": "where is IT?",
  };
  const refused: string[] = [];
  const { teacher: one, assignments } = teacher((path) => texts[path] ?? askFor(path));
  const questions = await writeQuestions(options(one, {
    count: 12,
    refuse: (path, _text, why) => refused.push(`${path.replace(/parts.*/, "parts")}: ${why}`),
  }));
  assertEquals(refused.sort(), [
    "main.ts: no question",
    "other.ts: no question",
    "src/parts: asked before",
    "src/rake.ts: names the file",
    "src/spade.ts: longer than 120 bytes",
  ]);
  assertEquals([questions.length, assignments.length], [7, 12]);
  const enough = teacher((path) => texts[path] ?? askFor(path));
  assertEquals((await writeQuestions(options(enough.teacher, { count: 6 }))).length, 6);
});

Deno.test("what models put around a question is taken away", async () => {
  for (const text of ['"Where is it?"', "Question: Where\nis it? ", "**Where is it?**"]) {
    const { teacher: one } = teacher(() => text);
    const [first] = await writeQuestions(options(one, { count: 1 }));
    assertEquals(first?.question, "Where is it?", text);
  }
});

Deno.test("progress is told, and an abort ends it", async () => {
  const told: number[] = [];
  const { teacher: one } = teacher(askFor);
  await writeQuestions(options(one, { progress: (done) => told.push(done) }));
  assertEquals(told, [5]);
  const signal = AbortSignal.abort(new Error("stop now"));
  await assertRejects(() => writeQuestions(options(one, { signal })), Error, "stop now");
});
