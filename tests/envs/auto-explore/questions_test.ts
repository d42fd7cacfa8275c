import { assert, assertEquals, assertNotEquals, assertThrows } from "../../../std/assert.ts";
import { exploreOptions } from "../../../envs/auto-explore/options.ts";
import { makeQuestions, readQuestions } from "../../../envs/auto-explore/questions.ts";
import { readTree } from "../../../envs/auto-explore/tree.ts";
import { sampleTree, writeTree } from "./sample_tree.ts";

function settings(changes: Record<string, unknown> = {}) {
  return exploreOptions.parse({ root: "unused", ...changes });
}

function made(files: Readonly<Record<string, string>>, changes: Record<string, unknown> = {}) {
  return makeQuestions(readTree(writeTree(files)), settings(changes));
}

Deno.test("questions: only what one file alone says, whatever the kind and case", () => {
  const questions = made({
    "a.ts": "export function shared() {}\nexport function alone() {}\nexport class Thing {}\n",
    "b.ts": "export function shared() {}\nexport function THING() {}\n",
    "c.md": "# Alone at home\n\n# Shared\n",
  });
  assertEquals(
    questions.map(({ kind, targets }) => `${kind} ${targets.map(({ path }) => path)}`).sort(),
    ["function a.ts", "heading c.md"],
  );
});

Deno.test("questions: nothing that another file may define, too, however it does", () => {
  const questions = made({
    "a.ts": "export function decodeFrame() {}\nexport function only() {}\n",
    "big.ts": `${"// filler\n".repeat(40_000)}export function decodeFrame() {}\n`,
    "d.ts": "export function parseThing() {}\n",
    "e.ts": "export class Parser {\n  parseThing(text: string) {\n  }\n}\n",
    "b.py": "def load_all():\n    pass\n",
    "c.rb": "def load_all\nend\n",
    "k.md": "# Install\n",
    "l.rst": "Install\n=======\n",
  });
  assertEquals(
    questions.map(({ kind, targets }) => `${kind} ${targets.map(({ path }) => path)}`).sort(),
    ["class e.ts", "function a.ts"],
  );
});

Deno.test("questions: of the kinds that are wanted alone, unique among all", () => {
  const files = {
    "a.ts": "/** The taxi's map. */\nexport function drive() {}\n",
    "b.md": "# Drive\n\n# Walk\n",
  };
  const kinds = (wanted?: string[]) =>
    made(files, wanted && { kinds: wanted }).map(({ kind }) => kind).sort();
  assertEquals(kinds(), ["about", "heading"]);
  assertEquals(kinds(["about", "function"]), ["about"]);
});

Deno.test("questions: no wording fits two answers", () => {
  const questions = made({
    "a.ts": "export function readAll() {}\n",
    "b.ts": "export function read_all() {}\n",
  });
  const texts = questions.flatMap((question) => question.texts);
  assertEquals(questions.length, 2);
  assert(!texts.some((text) => text.includes("read all")), texts.join("\n"));
  assertEquals(new Set(texts).size, texts.length);
});

Deno.test("questions: no wording fits what is not asked for", () => {
  const many = Array.from({ length: 60 }, (_, i) => `export function other${i}x() {}\n`).join("");
  const questions = made({
    "a.ts": "export function readAll() {}\nexport function writeAll() {}\n",
    "b.ts": `${many}export function read_all() {}\n`,
    "c.ts": "export function write_all() {}\n",
    "d.ts": "export function write_all() {}\n",
  });
  const asked = questions.filter(({ targets }) => targets[0]?.name === "a.ts");
  assertEquals(asked.length, 2);
  for (const { texts } of asked) {
    assert(!texts.some((text) => / (read|write) all/.test(text)), texts.join("\n"));
  }
});

Deno.test("questions: what has one name in one file is asked for once", () => {
  const questions = made({
    "a.ts": "export const Options = 1;\nexport type Options = 2;\nexport class options {}\n",
  });
  assertEquals(questions.map(({ kind }) => kind), ["constant"]);
});

Deno.test("questions: put plainly, they are of the same facts", () => {
  const texts = (plain: boolean) =>
    made({ "a.ts": "/** Where To go. */\nexport function readAll() {}\n" }, { plain })
      .flatMap(({ texts }) => texts);
  assert(texts(false).includes("Where is readAll() implemented?"));
  assert(texts(false).includes("Which file is about this: Where To go?"));
  assert(texts(true).includes("Where is read all() implemented?"));
  assert(texts(true).includes("Which file is about this: where to go?"));
  assert(texts(true).every((text) => !/readAll|To go/.test(text)));
});

Deno.test("questions: the way to a file is looked for once", () => {
  const questions = makeQuestions(readTree(sampleTree()), settings());
  const [one, two] = questions.filter(({ targets }) => targets[0]?.name === "gold.py");
  assert(one !== undefined && one.path === two?.path);
});

Deno.test("questions: depth, target and optimal path", () => {
  const questions = makeQuestions(readTree(sampleTree()), settings());
  const gold = questions.filter(({ targets }) => targets[0]?.name === "gold.py");
  assertEquals(gold.length, 2);
  for (const { depth, path } of gold) {
    assertEquals(depth, 5);
    assertEquals(path, [
      ...["ls", "cd src", "ls", "cd parts", "ls", "cd metal", "ls", "cd rare", "ls"],
      ...["cat gold.py", "id src/parts/metal/rare/gold.py"],
    ]);
  }
  assert(questions.every(({ path }) => path.length <= 15));
});

Deno.test("questions: what takes more steps than there are is left out", () => {
  const tree = readTree(sampleTree());
  const depths = (horizon: number) =>
    new Set(makeQuestions(tree, settings({ horizon })).map(({ depth }) => depth));
  assertEquals(depths(11), new Set([1, 2, 3, 4, 5]));
  assertEquals(depths(10), new Set([1, 2, 3, 4]));
  assertEquals(depths(4), new Set([1]));
});

Deno.test("questions: long ones are left out", () => {
  const questions = makeQuestions(readTree(sampleTree()), settings({ question: 34 }));
  assert(questions.length > 0);
  assert(questions.every(({ texts }) => texts.every((text) => text.length <= 34)));
});

Deno.test("questions: 7:2:1 at each depth, facts apart, at most forty of a file", () => {
  const names = (from: number) =>
    Array.from({ length: 40 }, (_, i) => `export function f${from + i}x() {}\n`).join("");
  const files = Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [`${i < 5 ? "" : "sub/"}f${i}.ts`, names(100 * i)]),
  );
  const questions = made(files);
  assertEquals(questions.length, 10 * 40);
  for (const depth of [1, 2]) {
    const parts = questions.filter((question) => question.depth === depth)
      .map(({ part }) => part);
    const count = (part: string) => parts.filter((other) => other === part).length;
    assertEquals([count("train"), count("validation"), count("test")], [140, 40, 20]);
  }
  const texts = questions.flatMap((question) => question.texts.map((text) => text.toLowerCase()));
  assertEquals(new Set(texts).size, texts.length);
});

Deno.test("questions: a few questions have a test question among them", () => {
  const questions = made({ "a.ts": "function a1() {}\nfunction a2() {}\nfunction a3() {}\n" });
  assertEquals(questions.map(({ part }) => part), ["train", "train", "test"]);
});

Deno.test("questions: the same seed gives the same, another seed others", () => {
  const tree = readTree(sampleTree());
  assertEquals(makeQuestions(tree, settings()), makeQuestions(tree, settings()));
  assertNotEquals(
    makeQuestions(tree, settings()),
    makeQuestions(tree, settings({ questionSeed: 1 })),
  );
});

Deno.test("questions: prepared ones, with parts of their own or without", () => {
  const tree = readTree(sampleTree());
  const json = JSON.stringify([
    { question: "Where is theRake?", files: ["src/rake.ts"], part: "test" },
    { question: "What is made of metal?", files: ["src/parts/metal/iron.py", "README.md"] },
  ]);
  const questions = readQuestions(tree, json, "questions.json", settings());
  assertEquals(
    questions.map(({ texts, depth, kind, part }) => [texts, depth, kind, part]).sort(),
    [
      [["What is made of metal?"], 1, "prepared", "train"],
      [["Where is theRake?"], 2, "prepared", "test"],
    ],
  );
  const plain = readQuestions(tree, json, "questions.json", settings({ plain: true }));
  assertEquals(plain.flatMap(({ texts }) => texts).sort(), [
    "What is made of metal?",
    "Where is the rake?",
  ]);
  const metal = questions.find(({ targets }) => targets.length === 2);
  assertEquals(metal?.path, ["ls", "cat README.md", "id README.md"]);
});

Deno.test("questions: wrong prepared ones are named, all at once", () => {
  const tree = readTree(sampleTree());
  const read = (value: unknown, changes = {}) =>
    readQuestions(
      tree,
      typeof value === "string" ? value : JSON.stringify(value),
      "q.json",
      settings(changes),
    );
  const error = assertThrows(() =>
    read([
      { question: "Where?", files: ["src/none.ts"] },
      { question: "where?", files: ["main.ts"] },
      { question: "Which of them all is it?", files: ["../secret"] },
    ], { question: 20 }), Error);
  const lines = error.message.split("\n");
  assertEquals(lines.slice(1), [
    '[0] "Where?": the tree shows no file "src/none.ts"',
    '[1] "where?": asked before',
    '[2] "Which of them all is it?": longer than 20 bytes; ask in fewer words or raise the option "question"',
    '[2] "Which of them all is it?": the tree shows no file "../secret"',
  ]);
  const far = assertThrows(
    () =>
      read([{ question: "Where is gold?", files: ["src/parts/metal/rare/gold.py"] }], {
        horizon: 5,
      }),
    Error,
  );
  assertEquals(
    far.message.split("\n")[1],
    '[0] "Where is gold?": the shortest way takes more than 5 commands; raise the option "horizon", "page" or "listing"',
  );
  assertThrows(() => read("{"), Error, "q.json: expected a list like [{");
  assertThrows(() => read([]), Error, "q.json: expected a list like [{");
  assertThrows(() => read([{ question: "Where?", file: "main.ts" }]), Error, "files");
  assertThrows(
    () => read([{ question: "Where?", files: ["main.ts"], part: "tests" }]),
    Error,
    '[0].part: expected one of "train"|"validation"|"test", got "tests"',
  );
});
