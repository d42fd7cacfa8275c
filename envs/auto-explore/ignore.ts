/**
 * What a view leaves out by rule: hidden names, folders of installed or compiled things, and what the
 * `.gitignore` files in the tree name.
 *
 * The rules of `.gitignore` are Git's own (gitignore(5)): the last line that matches decides, `!` takes a
 * name in again, a `/` at the end means folders alone, one elsewhere ties the pattern to its folder, `**`
 * stands for any number of folders. What is below a folder that is left out stays out. Files outside the
 * root, as the user's own list of Git, are not asked.
 * @module
 */

/** Folders that are never shown: what tools install or write beside the sources. */
const NEVER: ReadonlySet<string> = new Set(["node_modules", "__pycache__", "venv"]);

interface Rule {
  readonly pattern: RegExp;
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
      const rule = rules.findLast(({ pattern, foldersOnly }) =>
        (isFolder || !foldersOnly) && pattern.test(inside)
      );
      if (rule !== undefined) return !rule.keeps;
    }
    return false;
  }
}

/** The rule of a line; undefined for comments and empty lines. */
function ruleOf(line: string): Rule | undefined {
  // A space at the end counts only behind a backslash.
  let text = line.replace(/(?<!\\) +$/, "");
  if (text === "" || text.startsWith("#")) return undefined;
  const keeps = text.startsWith("!");
  if (keeps) text = text.slice(1);
  const foldersOnly = text.endsWith("/");
  if (foldersOnly) text = text.slice(0, -1);
  const tied = text.includes("/");
  if (text.startsWith("/")) text = text.slice(1);
  if (text === "") return undefined;
  const source = translate(text);
  if (source === undefined) return undefined;
  const pattern = compile(`^${tied ? "" : "(?:.*/)?"}${source}$`);
  return pattern === undefined ? undefined : { pattern, foldersOnly, keeps };
}

/** Undefined for a range that runs backwards: such a line leaves out nothing. */
function compile(source: string): RegExp | undefined {
  try {
    return new RegExp(source, "u");
  } catch {
    return undefined;
  }
}

/** The regular expression of a pattern; undefined where it can match nothing. */
function translate(text: string): string | undefined {
  let source = "";
  for (let index = 0; index < text.length; index++) {
    const rest = text.slice(index);
    const folders = /^\*\*\/+/.exec(rest);
    const atName = index === 0 || text[index - 1] === "/";
    if (folders !== null && atName) {
      source += "(?:.*/)?";
      index += folders[0].length - 1;
    } else if (rest === "**" && atName) {
      source += ".+";
      index++;
    } else if (rest.startsWith("*")) {
      source += "[^/]*";
      while (text[index + 1] === "*") index++;
    } else if (rest.startsWith("?")) {
      source += "[^/]";
    } else if (rest.startsWith("[")) {
      const set = /^\[([!^]?)(\]?[^\]]*)\]/.exec(rest);
      if (set === null) return undefined;
      const [whole, not = "", members = ""] = set;
      source += `(?!/)[${not === "" ? "" : "^"}${members.replace(/[\\\][^]/g, "\\$&")}]`;
      index += whole.length - 1;
    } else {
      const escaped = rest.startsWith("\\");
      const character = escaped ? rest[1] : rest[0];
      if (character === undefined) return undefined;
      source += character.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
      if (escaped) index++;
    }
  }
  return source;
}
