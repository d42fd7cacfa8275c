/**
 * Questions whose answer is one file: made from the tree itself, or prepared by the user or a teacher.
 *
 * **Made.** A fact (`facts.ts`) that one file alone has, and whose name no other may define
 * (`definitions.ts`), is asked for in the ways of `phrasings.ts`. No two facts share an answer's wording: a name
 * that two files have, in whatever kind and case, is asked for by nobody, and a wording that would fit another
 * fact of the tree as well is left out. A file gives 40 facts at most, drawn by seed, so that long files do not
 * take over.
 *
 * **Prepared.** A JSON file, `[{ "question": "…", "files": ["src/a.ts"] }]`, with `"part"` (`train`,
 * `validation` or `test`) where the user wants to say it.
 *
 * **Parts.** Facts, not wordings, are split 7:2:1 into train, validation and test, at each depth for itself:
 * shuffled by seed, of every ten the 3rd is a test, the 5th and the 8th are validation, the others training
 * questions. So what is asked in one part is asked in no other, however it is put.
 * @module
 */
import { z } from "zod";
import { issueWords } from "../../std/issue_words.ts";
import { deriveSeed, Random } from "../../std/random.ts";
import { type FactKind, nameKey } from "./facts.ts";
import { phrasingsOf, putPlainly } from "./phrasings.ts";
import { optimalPath } from "./plan.ts";
import type { Tree, TreeFile } from "./tree.ts";
import { byteLength, type WalkSettings } from "./walk.ts";

/** What a question is used for. */
export type Part = "train" | "validation" | "test";

/** One question. */
export interface Question {
  /** Ways to put it; an episode draws one. */
  readonly texts: readonly string[];
  /** Files that answer it. */
  readonly targets: readonly TreeFile[];
  /** Depth of the target nearest to the root; 1 for a file in the root itself. */
  readonly depth: number;
  /** The sort of fact it asks for, or `prepared`. */
  readonly kind: FactKind | "prepared";
  /** What it is used for. */
  readonly part: Part;
  /** The commands of the shortest way, identification included, with no file left out. */
  readonly path: readonly string[];
}

/** How questions are made. */
export interface QuestionSettings extends WalkSettings {
  /** Sorts of facts to ask for. */
  readonly kinds: readonly FactKind[];
  /** Draws facts and parts. */
  readonly questionSeed: number;
  /** Most bytes of a question. */
  readonly question: number;
  /** Whether names are put in lower case, those of code as words. */
  readonly plain: boolean;
  /** A question whose optimal path takes more commands is left out. */
  readonly horizon: number;
}

/** A prepared question. */
export interface PreparedQuestion {
  /** Its text. */
  readonly question: string;
  /** Paths of the files that answer it, from the root. */
  readonly files: readonly string[];
  /** What it is used for; drawn 7:2:1 where it is left out. */
  readonly part?: Part | undefined;
}

/** Schema of a file of prepared questions. */
export const preparedQuestions: z.ZodType<PreparedQuestion[]> = z.array(z.strictObject({
  question: z.string().trim().min(1),
  files: z.array(z.string().min(1)).min(1),
  part: z.enum(["train", "validation", "test"]).optional(),
})).min(1);

/** Facts of one file that are asked for. */
const FACTS_A_FILE = 40;
/** Parts of ten questions in a row. */
const PARTS: readonly Part[] = [
  ...["train", "train", "test", "train", "validation"] as const,
  ...["train", "train", "validation", "train", "train"] as const,
];

type Draft = Omit<Question, "part" | "path"> & { readonly part?: Part | undefined };

/** Questions made from what the files of a tree say; the same seed gives the same. */
export function makeQuestions(tree: Tree, settings: QuestionSettings): Question[] {
  const { kinds, questionSeed, question: most, plain } = settings;
  const owners = ownersOf(tree);
  const drafts = tree.files.flatMap((file): Draft[] => {
    // A type and a constant of one name are one thing to ask for: two questions could be in two parts.
    const names = new Set<string>();
    const facts = file.facts.filter((fact) => {
      const key = nameKey(fact.name);
      const wanted = kinds.includes(fact.kind) && owners.get(key)?.size === 1 && !names.has(key);
      if (wanted) names.add(key);
      return wanted;
    });
    return new Random(deriveSeed(questionSeed, 0, file.index)).shuffle(facts)
      .slice(0, FACTS_A_FILE)
      .map((fact) => ({
        texts: phrasingsOf(fact, plain).filter((text) => byteLength(text) <= most),
        targets: [file],
        depth: file.depth,
        kind: fact.kind,
      }));
  });
  const wanted = new Set(drafts.flatMap(({ texts }) => texts.map(nameKey)));
  const counts = countTexts(tree, wanted, plain);
  const unique = drafts.map((draft) => ({
    ...draft,
    texts: draft.texts.filter((text) => counts.get(nameKey(text)) === 1),
  }));
  return complete(tree, unique.filter(({ texts }) => texts.length > 0), settings);
}

/**
 * Prepared questions of a tree. `source` names their file, for messages.
 * Throws an Error that lists all that is wrong with them.
 */
export function readQuestions(
  tree: Tree,
  json: string,
  source: string,
  settings: QuestionSettings,
): Question[] {
  const files = new Map(tree.files.map((file) => [file.path, file]));
  const problems: string[] = [];
  const seen = new Set<string>();
  const written = parsePrepared(json, source);
  const drafts = written.map(
    ({ question: own, files: paths, part }, index): Draft => {
      const question = settings.plain ? putPlainly(own) : own;
      const wrong = (what: string) => problems.push(`[${index}] ${JSON.stringify(own)}: ${what}`);
      if (seen.has(nameKey(question))) wrong("asked before");
      seen.add(nameKey(question));
      if (byteLength(question) > settings.question) {
        wrong(
          `longer than ${settings.question} bytes${
            settings.plain ? " when it is put plainly" : ""
          }; ask in fewer words or raise the option "question"`,
        );
      }
      const targets = paths.flatMap((path) => {
        const file = files.get(path);
        if (file === undefined) wrong(`the tree shows no file ${JSON.stringify(path)}`);
        return file ?? [];
      });
      const depth = Math.min(...targets.map((target) => target.depth));
      return { texts: [question], targets, depth, kind: "prepared", part };
    },
  );
  const refuse = () => {
    throw new Error(`${source} does not fit the tree ${tree.root}:\n${problems.join("\n")}`);
  };
  if (problems.length > 0) refuse();
  const questions = complete(tree, drafts, settings);
  const reachable = new Set(questions.flatMap(({ texts }) => texts));
  for (const [index, { texts: [text = ""] }] of drafts.entries()) {
    if (reachable.has(text)) continue;
    problems.push(
      `[${index}] ${
        JSON.stringify(text)
      }: the shortest way takes more than ${settings.horizon} commands; raise the option "horizon", "page" or "listing"`,
    );
  }
  if (problems.length > 0) refuse();
  return questions;
}

function parsePrepared(json: string, source: string): PreparedQuestion[] {
  const form = `expected a list like [{ "question": "Where is …?", "files": ["src/a.ts"] }]`;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new Error(`${source}: ${form}, got no JSON (${(cause as Error).message})`, { cause });
  }
  const parsed = preparedQuestions.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const placeOf = (path: readonly PropertyKey[]) =>
    path.map((key) => typeof key === "number" ? `[${key}]` : `.${String(key)}`).join("");
  const problems = parsed.error.issues.map((issue) =>
    `${placeOf(issue.path) || "the file"}: ${issueWords(issue)}`
  );
  throw new Error(`${source}: ${form}\n${problems.join("\n")}`);
}

/** Files that have a name, by the name; of names that nobody asks for, none. */
function ownersOf(tree: Tree): Map<string, Set<TreeFile>> {
  const owners = new Map<string, Set<TreeFile>>();
  for (const { facts } of tree.files) {
    for (const fact of facts) owners.set(nameKey(fact.name), new Set());
  }
  for (const file of tree.files) {
    for (const fact of file.facts) owners.get(nameKey(fact.name))?.add(file);
    for (const name of file.definitions) owners.get(nameKey(name))?.add(file);
  }
  return owners;
}

/** How many facts of the tree each text asks for, those that no question is made of among them. */
function countTexts(
  tree: Tree,
  wanted: ReadonlySet<string>,
  plain: boolean,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const file of tree.files) {
    for (const key of file.facts.flatMap((fact) => phrasingsOf(fact, plain).map(nameKey))) {
      if (wanted.has(key)) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return counts;
}

/** Adds optimal paths and parts; leaves out what takes too many commands. */
function complete(tree: Tree, drafts: readonly Draft[], settings: QuestionSettings): Question[] {
  const { horizon, questionSeed } = settings;
  // Up to forty questions are about one file, and the way to it takes a walk.
  const paths = new Map<string, readonly string[]>();
  const reachable = drafts.flatMap((draft) => {
    const key = draft.targets.map(({ index }) => index).join(" ");
    const path = paths.get(key) ?? optimalPath(tree, draft.targets, settings, horizon);
    paths.set(key, path);
    return path.at(-1)?.startsWith("id ") ? [{ ...draft, path }] : [];
  });
  const depths = [...new Set(reachable.map(({ depth }) => depth))].sort((a, b) => a - b);
  return depths.flatMap((depth) => {
    const random = new Random(deriveSeed(questionSeed, 1, depth));
    const order = random.shuffle(reachable.filter((draft) => draft.depth === depth));
    return order.map((draft, place): Question => ({
      ...draft,
      part: draft.part ?? PARTS[place % PARTS.length] as Part,
    }));
  });
}
