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
import { globOf } from "./glob.ts";

/** Folders that are never shown: what tools install or write beside the sources. */
const NEVER: ReadonlySet<string> = new Set(["node_modules", "__pycache__", "venv"]);

interface Rule {
  /** Whether a path, relative to the rule's folder, is meant. */
  readonly fits: (path: string) => boolean;
  readonly foldersOnly: boolean;
  /** True where the rule takes the name in again. */
  readonly keeps: boolean;
}

/** The rules that hold in a folder. */
export class IgnoreRules {
  readonly #layers: readonly { readonly folder: string; readonly rules: readonly Rule[] }[];

  /** Rules without any `.gitignore`; others come with {@linkcode within}. */
  constructor(
    layers: readonly { readonly folder: string; readonly rules: readonly Rule[] }[] = [],
  ) {
    this.#layers = layers;
  }

  /** These rules and those of the `.gitignore` in a folder, which go before. `folder` is relative to the root. */
  within(folder: string, text: string): IgnoreRules {
    const rules = text.split(/\r?\n/).flatMap((line) => ruleOf(line) ?? []);
    return rules.length === 0 ? this : new IgnoreRules([...this.#layers, { folder, rules }]);
  }

  /** True where a file or folder is left out; `path` is relative to the root. */
  leavesOut(path: string, isFolder: boolean): boolean {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (name.startsWith(".")) return true;
    if (isFolder && NEVER.has(name)) return true;
    for (const { folder, rules } of this.#layers.toReversed()) {
      const inside = folder === "" ? path : path.slice(folder.length + 1);
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
  const tied = text.includes("/");
  if (text.startsWith("/")) text = text.slice(1);
  if (text === "") return undefined;
  const fits = globOf(tied ? text : `**/${text}`);
  return fits && { fits, foldersOnly, keeps };
}

/** A line without the spaces at its end, of which one counts where a backslash is before it. */
function withoutSpaces(line: string): string {
  let end = line.length;
  while (line[end - 1] === " ") end--;
  return line.slice(0, line[end - 1] === "\\" ? end + 1 : end);
}
