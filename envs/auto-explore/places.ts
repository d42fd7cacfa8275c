/**
 * All questions there are for an environment, over all its trees, and which of them an episode may ask.
 * @module
 */
import { type Artifact, artifactPath } from "../../engine/artifact.ts";
import { type ExploreOptions, type ExploreTask, fitsTask, TASKS } from "./options.ts";
import { makeQuestions, type Part, type Question, readQuestions } from "./questions.ts";
import { readTree, type Tree } from "./tree.ts";

/** A question and the tree it is about. */
export interface Place {
  /** Where to look. */
  readonly tree: Tree;
  /** What to look for. */
  readonly question: Question;
}

/** Questions by number, and by task and split. */
export class Places {
  readonly #places: readonly Place[];
  readonly #pools = new Map<string, readonly number[]>();

  /** All there are. */
  constructor(places: readonly Place[]) {
    this.#places = places;
  }

  /** The question of a number. Throws a RangeError where there is none. */
  at(number: number): Place {
    const place = this.#places[number];
    if (place !== undefined) return place;
    throw new RangeError(
      `expected the number of a question from 0 to ${this.#places.length - 1}, got ${number}`,
    );
  }

  /** Tasks that have a question. */
  tasks(): ExploreTask[] {
    return TASKS.filter((task) =>
      this.#places.some(({ question }) => fitsTask(task, question.depth))
    );
  }

  /** Numbers of the questions of a task and split. Throws a RangeError, which says what there is, where it has none. */
  pool(task: ExploreTask, split: Part | "all"): readonly number[] {
    const key = `${task} ${split}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const isOf = ({ question }: Place) => split === "all" || question.part === split;
    const pool = [...this.#places.keys()].filter((number) => {
      const place = this.at(number);
      return isOf(place) && fitsTask(task, place.question.depth);
    });
    if (pool.length === 0) throw noQuestion(task, split, this.#places.filter(isOf));
    this.#pools.set(key, pool);
    return pool;
  }
}

function noQuestion(task: ExploreTask, part: string, there: readonly Place[]): RangeError {
  const depths = there.map(({ question }) => question.depth);
  const have = [...new Set(depths)].sort((a, b) => a - b).map((depth) =>
    `${depths.filter((other) => other === depth).length} at depth ${depth}`
  );
  return new RangeError(
    `there is no question for task "${task}" (${
      part === "all" ? "of all" : `of those for ${part}`
    }, there are ${have.length === 0 ? "none" : have.join(", ")}); choose another task${
      part === "all"
        ? ", or a root with more files"
        : ` or split, a root with more files, or prepare questions with "part": "${part}"`
    }`,
  );
}

const made = new WeakMap<Tree, Map<string, readonly Question[]>>();

/** The questions about the trees that the options name. Throws an Error where a root or the questions' file is wrong. */
export function findPlaces(options: ExploreOptions): Place[] {
  const roots = [options.root].flat() as readonly (Artifact | string)[];
  if (options.questions === undefined) {
    return roots.flatMap((root) => {
      const tree = readTree(artifactPath(root));
      return questionsAbout(tree, options).map((question) => ({ tree, question }));
    });
  }
  const [root] = roots;
  if (root === undefined || roots.length > 1) {
    throw new Error(
      `questions: prepared questions are about one tree, and root names ${roots.length}; give one root`,
    );
  }
  const source = artifactPath(options.questions);
  const json = Deno.readTextFileSync(source);
  const tree = readTree(artifactPath(root));
  return questionsAbout(tree, options, { json, source })
    .map((question) => ({ tree, question }));
}

/** Made or read once for a tree and options: a trainer makes dozens of environments alike. */
function questionsAbout(
  tree: Tree,
  options: ExploreOptions,
  prepared?: { readonly json: string; readonly source: string },
): readonly Question[] {
  const { kinds, questionSeed, question, plain, horizon } = options;
  const { page, listing, output, reading, answers, listed } = options;
  const settings = {
    ...{ kinds, questionSeed, question, plain, horizon },
    ...{ page, listing, output, reading, answers, listed },
  };
  const key = JSON.stringify([settings, prepared?.json]);
  const known = made.get(tree) ?? new Map<string, readonly Question[]>();
  made.set(tree, known);
  const questions = known.get(key) ??
    (prepared === undefined
      ? makeQuestions(tree, settings)
      : readQuestions(tree, prepared.json, prepared.source, settings));
  known.set(key, questions);
  return questions;
}
