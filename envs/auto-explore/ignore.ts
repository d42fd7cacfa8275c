/**
 * What a view leaves out by rule: hidden names, folders of installed or compiled things, and what the
 * `.gitignore` files in the tree name.
 *
 * The rules of `.gitignore` are Git's own (gitignore(5)): the last line that matches decides, `!` takes a
 * name in again, a `/` at the end means folders alone, one elsewhere ties the pattern to its folder.
 * What is below a folder that is left out stays out. Files outside the root, as the user's own list of Git,
 * are not asked.
 * @module
 */
import { globOf, type Name, namesOf } from "./glob.ts";

/** Folders that are never shown: what tools install or write beside the sources. */
const NEVER: ReadonlySet<string> = new Set(["node_modules", "__pycache__", "venv"]);

/** More in one file would take longer to look through than anybody waits. */
const MOST_RULES = 2_000;

interface Rule {
  /** Whether a path, from the rule's folder, is meant. */
  readonly fits: (path: readonly Name[]) => boolean;
  readonly foldersOnly: boolean;
  /** True where the rule takes the name in again. */
  readonly keeps: boolean;
}

/** The rules of one `.gitignore`. */
interface Layer {
  /** Folders above those whose paths the rules are about. */
  readonly depth: number;
  readonly rules: readonly Rule[];
}

/** The rules that hold in a folder. */
export class IgnoreRules {
  readonly #layers: readonly Layer[];

  /** Rules without any `.gitignore`; others come with {@linkcode within}. */
  constructor(layers: readonly Layer[] = []) {
    this.#layers = layers;
  }

  /**
   * These rules and those of the `.gitignore` in a folder, which go before. `folder` is relative to the root.
   * Throws an Error where the file has more than 2,000 rules.
   */
  within(folder: string, text: string): IgnoreRules {
    const rules = text.split(/\r?\n/).flatMap((line) => ruleOf(line) ?? []);
    if (rules.length > MOST_RULES) {
      throw new Error(
        `expected at most ${MOST_RULES} rules in a .gitignore, got ${rules.length} in that of ${
          folder === "" ? "the root" : folder
        }; take some away, or explore another folder`,
      );
    }
    const depth = folder === "" ? 0 : folder.split("/").length;
    return rules.length === 0 ? this : new IgnoreRules([...this.#layers, { depth, rules }]);
  }

  /** True where a file or folder is left out; `path` is relative to the root. */
  leavesOut(path: string, isFolder: boolean): boolean {
    const names = namesOf(path);
    const { text } = names.at(-1)!;
    if (text.startsWith(".")) return true;
    if (isFolder && NEVER.has(text)) return true;
    for (const { depth, rules } of this.#layers.toReversed()) {
      const inside = names.slice(depth);
      if (inside.length === 0) continue;
      const rule = rules.findLast(({ fits, foldersOnly }) =>
        (isFolder || !foldersOnly) && fits(inside)
      );
      if (rule !== undefined) return !rule.keeps;
    }
    return false;
  }
}

/** The rule of a line; undefined for comments, empty lines and patterns that can match nothing. */
function ruleOf(line: string): Rule | undefined {
  let text = withoutSpaces(line);
  if (text === "" || text.startsWith("#")) return undefined;
  const keeps = text.startsWith("!");
  if (keeps) text = text.slice(1);
  const foldersOnly = text.endsWith("/");
  if (foldersOnly) text = text.slice(0, -1);
  const inAnyFolder = !text.includes("/");
  if (text.startsWith("/")) text = text.slice(1);
  if (text === "") return undefined;
  const fits = globOf(text, { inAnyFolder });
  return fits && { fits, foldersOnly, keeps };
}

/** A line without the spaces at its end, of which one counts where a backslash takes it as it is. */
function withoutSpaces(line: string): string {
  let end = line.length;
  while (line[end - 1] === " ") end--;
  let backslashes = 0;
  while (line[end - 1 - backslashes] === "\\") backslashes++;
  return line.slice(0, backslashes % 2 === 1 ? end + 1 : end);
}
