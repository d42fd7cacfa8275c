/**
 * Names that a file may define, in whatever way and language: a question about a name that another file defines, too,
 * has two answers, also where nobody would ask for that other one.
 *
 * `facts.ts` finds what is asked for and wants to be right; this wants to miss little: methods, arrow functions,
 * C's functions, keys at any depth, headings of other markups. A name too many costs one question.
 * @module
 */

/** Longer lines are looked at as far as this. */
const LINE = 200;

const WORD = "[A-Za-z_$][\\w$]*";
/** What may stand before a name that is defined: words, types, marks. */
const BEFORE = "\\s*(?:[\\w*&<>\\[\\],.:?#~]+\\s+)*[*&#~]?(?:\\w+::)*";
/** `def load_all`, `func (r *Reader) Close`, `#define LIMIT`, `type Name`, `CREATE TABLE users`. */
const KEYWORD = new RegExp(
  `\\b(?:def|defp|fn|func|fun|function|sub|proc|class|interface|struct|enum|union|trait|type|typedef|module|record|protocol|object|define|namespace|macro|table|TABLE|view|VIEW)\\b[\\s*&!?]*(?:\\([^()]*\\)\\s*)?(?:self\\.)?(${WORD})`,
  "g",
);
/** `readFast = () =>`, `close: async function`, `f <- function`. */
const ASSIGNED = new RegExp(
  `\\b(${WORD})\\s*(?::\\s*\\w+\\s*)?(?:[:=]|<-)\\s*(?:async\\s*)?(?:function\\b|\\([^()]*\\)\\s*(?::[^=]*)?=>|${WORD}\\s*=>)`,
  "g",
);
/** `const LIMIT =`, `static X: u8 =`, `LIMIT = 3` at the beginning of a line. */
const CONSTANT = new RegExp(
  `^(?:(?:export|pub|static|final|const|let|var|val)\\s+)*(${WORD})\\s*(?::[^=]*)?=(?!=)`,
);
/** `  holds(facts: Facts): boolean {`, `int hashIt(char *text) {`, `void A::run() const {`; no call with a function. */
const BODY = new RegExp(
  `^${BEFORE}(${WORD})\\s*(?:<[^()]*>)?\\((?!.*(?:=>|function\\b.*\\))\\s*\\{\\s*$).*\\{\\s*$`,
);
/** `close() { return 1; }`, all on one line. */
const SHORT = new RegExp(
  `^${BEFORE}(${WORD})\\s*(?:<[^()]*>)?\\([^()]*\\)\\s*(?::[^(){}=]*)?\\{`,
);
/** The head alone; the body may begin on the next line. */
const HEAD = new RegExp(`^${BEFORE}(${WORD})\\s*\\([^;{}]*\\)[\\w\\s]*$`);
/** A head whose parameters are on lines of their own. */
const OPEN = new RegExp(`^(\\s*)${BEFORE}(${WORD})\\s*(?:<[^()]*>)?\\(\\s*$`);
/** `key:`, `"key": `, `'key' =`, `- key:` */
const KEY = /^\s*(?:- )?["']?([\w.-]+)["']?\s*[:=]/;
/** `== Install`, `* Install`, `\section{Install}`, `<h2>Install</h2>` */
const TITLE = /^\s*(?:[=*]+\s+|\\\w*section\*?\{|<h\d[^<>]*>)(.+?)[\s=}]*(?:<\/h\d>.*)?$/i;
/** The line below a heading of its own. */
const UNDERLINE = /^(?:={3,}|-{3,}|~{3,}|\^{3,}|\*{3,})\s*$/;
const CONTROL: ReadonlySet<string> = new Set(
  "if for while switch catch return await else do with function new throw".split(" "),
);
const MARKUP = /\.(?:rst|adoc|asciidoc|org|tex|html?|txt|md|markdown)$/i;
/** Where a star or a line of equals signs begins other things than headings. */
const PLAIN = /\.(?:txt|md|markdown)$/i;
const SETTINGS = /\.(?:json|jsonc|json5|ya?ml|toml|ini|cfg|conf|properties|env)$/i;
const SOURCE =
  /\.(?:[cm]?[jt]sx?|pyi?|rb|rs|go|java|kts?|scala|swift|cs|[ch](?:pp|c|xx|\+\+)?|mm?|php|pl|pm|lua|r|jl|ex|exs|erl|hs|ml|clj|dart|sql|sh|bash|zsh|vue|svelte)$/i;

/** Whether a file of this name is read for what it may define where it is not read whole. */
export function mayDefine(name: string): boolean {
  return SOURCE.test(name) || SETTINGS.test(name) || MARKUP.test(name);
}

/** Names, keys and headings that a file may define, each once. */
export function definitionsOf(name: string, text: string): Set<string> {
  const lines = text.split(/\r?\n/).map((line) => line.slice(0, LINE));
  if (MARKUP.test(name)) {
    const title = PLAIN.test(name) ? undefined : TITLE;
    return new Set(lines.flatMap((_, index) => headingAt(lines, index, title)));
  }
  if (SETTINGS.test(name)) return jsonKeys(text) ?? keysOf(lines);
  const found = new Set<string>();
  for (const [index, line] of lines.entries()) {
    for (const pattern of [KEYWORD, ASSIGNED]) {
      for (const [, word] of line.matchAll(pattern)) if (word !== undefined) found.add(word);
    }
    const word = CONSTANT.exec(line)?.[1] ?? BODY.exec(line)?.[1] ?? SHORT.exec(line)?.[1] ??
      headed(lines, index) ?? opened(lines, index);
    if (word !== undefined && !CONTROL.has(word)) found.add(word);
  }
  return found;
}

/** The name of a function whose body begins on the next line. */
function headed(lines: readonly string[], index: number): string | undefined {
  const begins = /^\s*\{/.test(lines[index + 1] ?? "");
  return begins ? HEAD.exec(lines[index] ?? "")?.[1] : undefined;
}

/** The name of a function whose parameters begin on the next line; a call ends in another way. */
function opened(lines: readonly string[], index: number): string | undefined {
  const [, indent, word] = OPEN.exec(lines[index] ?? "") ?? [];
  if (indent === undefined) return undefined;
  const end = lines.slice(index + 1, index + 40).find((line) => line.startsWith(`${indent})`));
  return end?.trimEnd().endsWith("{") ? word : undefined;
}

/** The heading on a line, if it is one by its own marks or by the line below. */
function headingAt(
  lines: readonly string[],
  index: number,
  title: RegExp | undefined,
): string[] {
  const line = lines[index] ?? "";
  const heading = UNDERLINE.test(lines[index + 1] ?? "") ? line : title?.exec(line)?.[1] ?? "";
  const text = heading.replace(/<[^<>]*>/g, "").trim();
  return text === "" || UNDERLINE.test(text) ? [] : [text];
}

/** Keys at any depth, by themselves and below the one above; undefined where it is no JSON. */
function jsonKeys(text: string): Set<string> | undefined {
  const found = new Set<string>();
  try {
    JSON.parse(text, function (this: unknown, key: string, value: unknown) {
      if (!Array.isArray(this) && key !== "") found.add(key);
      if (value instanceof Object && !Array.isArray(value) && key !== "") {
        for (const inner of Object.keys(value)) found.add(`${key}.${inner}`);
      }
      return value;
    });
  } catch {
    return undefined;
  }
  return found;
}

/** Keys by themselves, and below the one that they are further in than. */
function keysOf(lines: readonly string[]): Set<string> {
  const found = new Set<string>();
  const above: { readonly indent: number; readonly key: string }[] = [];
  for (const line of lines) {
    const section = /^\s*\[+([\w.-]+)\]+/.exec(line)?.[1];
    if (section !== undefined) {
      found.add(section);
      above.splice(0, above.length, { indent: -1, key: section });
      continue;
    }
    for (const key of KEY.exec(line)?.slice(1) ?? []) {
      const indent = line.search(/\S/);
      while ((above.at(-1)?.indent ?? -2) >= indent) above.pop();
      const outer = above.at(-1)?.key;
      found.add(key);
      if (outer !== undefined) found.add(`${outer}.${key}`);
      above.push({ indent, key });
    }
  }
  return found;
}
