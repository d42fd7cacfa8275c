/**
 * Names that a file may define, in whatever way and language: a question about a name that another file defines, too,
 * has two answers, also where nobody would ask for that other one.
 *
 * `facts.ts` finds what is asked for and wants to be right; this wants to miss nothing: methods, arrow functions,
 * C's functions, keys at any depth, headings of other markups. A name too many costs one question.
 * @module
 */

/** Longer lines are looked at as far as this. */
const LINE = 500;

const WORD = "[A-Za-z_$][\\w$]*";
/** `def load_all`, `func (r *Reader) Close`, `#define LIMIT`, `type Name`. */
const KEYWORD = new RegExp(
  `\\b(?:def|defp|fn|func|fun|function|sub|proc|class|interface|struct|enum|union|trait|type|typedef|module|record|protocol|object|define|namespace|macro)\\b[\\s*&!?]*(?:\\([^()]*\\)\\s*)?(?:self\\.)?(${WORD})`,
  "g",
);
/** `readFast = () =>`, `close: async function`. */
const ASSIGNED = new RegExp(
  `(${WORD})\\s*(?::[^=()]*)?[:=]\\s*(?:async\\s*)?(?:function\\b|\\([^()]*\\)\\s*(?::[^=]*)?=>|${WORD}\\s*=>)`,
  "g",
);
/** `const LIMIT =`, `static X: u8 =`, `LIMIT = 3` at the beginning of a line. */
const CONSTANT = new RegExp(
  `^(?:(?:export|pub|static|final|const|let|var|val)\\s+)*(${WORD})\\s*(?::[^=]*)?=(?!=)`,
);
/** `  holds(facts: Facts): boolean {`, `int hashIt(char *text) {`, `close() {`. */
const BODY = new RegExp(
  `^\\s*(?:[\\w*&<>\\[\\],.:?#]+\\s+)*[*&#]?(${WORD})\\s*(?:<[^()]*>)?\\((?!.*(?:=>|function\\b.*\\))\\s*\\{\\s*$).*\\{\\s*$`,
);
/** `close() { return 1; }`, all on one line. */
const SHORT = new RegExp(
  `^\\s*(?:[\\w*&<>\\[\\],.:?#]+\\s+)*[*&#]?(${WORD})\\s*(?:<[^()]*>)?\\([^()]*\\)\\s*(?::[^(){}=]*)?\\{`,
);
/** The same with its parameters on lines of their own. */
const OPEN = new RegExp(
  `^(\\s*)(?:[\\w*&<>\\[\\],.:?#]+\\s+)*[*&#]?(${WORD})\\s*(?:<[^()]*>)?\\(\\s*$`,
);
/** `key:`, `"key": `, `key =`, `- key:` */
const KEY = /^\s*(?:- )?"?([\w.-]+)"?\s*[:=]/;
const CONTROL: ReadonlySet<string> = new Set([
  ...[
    "if",
    "for",
    "while",
    "switch",
    "catch",
    "return",
    "await",
    "else",
    "do",
    "with",
    "function",
    "new",
    "throw",
  ],
]);
const MARKUP = /\.(?:rst|adoc|asciidoc|org|txt|tex|html?)$/i;
const SETTINGS = /\.(?:json|jsonc|json5|ya?ml|toml|ini|cfg|conf|properties|env)$/i;

/** Names, keys and headings that a file may define, each once. */
export function definitionsOf(name: string, text: string): Set<string> {
  const lines = text.split(/\r?\n/).map((line) => line.slice(0, LINE));
  if (MARKUP.test(name)) return new Set(lines.map(headingOf));
  if (SETTINGS.test(name)) return jsonKeys(text) ?? keysOf(lines);
  const found = new Set<string>();
  for (const [index, line] of lines.entries()) {
    for (const pattern of [KEYWORD, ASSIGNED]) {
      for (const [, word] of line.matchAll(pattern)) if (word !== undefined) found.add(word);
    }
    const word = CONSTANT.exec(line)?.[1] ?? BODY.exec(line)?.[1] ?? SHORT.exec(line)?.[1] ??
      opened(lines, index);
    if (word !== undefined && !CONTROL.has(word)) found.add(word);
  }
  return found;
}

/** The name of a function whose parameters begin on the next line; a call ends in another way. */
function opened(lines: readonly string[], index: number): string | undefined {
  const [, indent, word] = OPEN.exec(lines[index] ?? "") ?? [];
  if (indent === undefined) return undefined;
  const end = lines.slice(index + 1, index + 40).find((line) => line.startsWith(`${indent})`));
  return end?.trimEnd().endsWith("{") ? word : undefined;
}

function headingOf(line: string): string {
  return line.replace(/<[^>]*>/g, "").replace(/^[\s=#*\\]+(?:\w+\{)?|[\s=#*}]+$/g, "");
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
