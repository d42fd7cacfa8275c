/**
 * What a file says that one can ask for: the symbols it defines, the first sentences of comments, headings,
 * configuration keys, columns.
 *
 * Files are read line by line with patterns, not parsed: what is found is what a reader would find with a
 * glance, and what is missed is asked by nobody. Sentences and headings are looked for as far as they could be
 * asked for: a file of one endless line must not take minutes. Whether a fact is unique in the tree, and how it is asked
 * for, is `questions.ts`'s business.
 * @module
 */
import { aboutOf, type CommentStyle, docstringsOf } from "./comments.ts";

/** The sorts of things a file says. */
export const FACT_KINDS = [
  ...["function", "class", "type", "constant"] as const,
  ...["about", "docstring", "heading", "key", "column"] as const,
] as const;

/** What sort of thing a file says. */
export type FactKind = typeof FACT_KINDS[number];

/** One thing a file says. */
export interface Fact {
  /** Its sort; decides how it is asked for. */
  readonly kind: FactKind;
  /** The name, sentence, heading, key or column. */
  readonly name: string;
}

/** What makes two names the same to someone who asks. */
export function nameKey(name: string): string {
  return name.toLowerCase().replace(/\s+/g, " ");
}

type Reader = (text: string) => Fact[];
type Pattern = readonly [FactKind, RegExp];

const script: readonly Pattern[] = [
  ["function", /^(?:export )?(?:default )?(?:async )?function\*? (\w+)/],
  ["class", /^(?:export )?(?:default )?(?:abstract )?class (\w+)/],
  ["type", /^(?:export )?(?:declare )?(?:const (?=enum ))?(?:interface|enum|type) (\w+)/],
  ["constant", /^export (?:const|let) (\w+)/],
];
const python: readonly Pattern[] = [
  ["function", /^\s*(?:async )?def ([A-Za-z]\w*)/],
  ["class", /^class (\w+)/],
  ["constant", /^([A-Z][A-Z\d_]{2,})\s*(?::[^=]+)?=/],
];
const rust: readonly Pattern[] = [
  ["function", /^\s*(?:pub(?:\([^)]*\))? )?(?:async )?(?:unsafe )?fn (\w+)/],
  ["type", /^(?:pub(?:\([^)]*\))? )?(?:struct|enum|trait|type) (\w+)/],
  ["constant", /^(?:pub(?:\([^)]*\))? )?(?:const|static) ([A-Z]\w+)/],
];
const go: readonly Pattern[] = [
  ["function", /^func (?:\([^)]*\) )?(\w+)/],
  ["type", /^type (\w+)/],
];
/** Java, Kotlin, C#, C++ and Swift: their types alone. */
const classes: readonly Pattern[] = [
  [
    "class",
    /^\s*(?:(?:public|private|protected|internal|static|final|abstract|sealed|open|data) )*(?:class|interface|enum|struct|protocol) (\w+)/,
  ],
];
const shell: readonly Pattern[] = [["function", /^(?:function )?(\w+)\(\) *\{/]];

const blocks: CommentStyle = { place: "block" };
const slashes: CommentStyle = { place: "above", line: /^\s*\/\/\/ ?(.*)$/ };
const code = (patterns: readonly Pattern[], style = blocks): Reader => (text) => {
  const about = aboutOf(text);
  const described = patterns.filter(([kind]) => style.place !== "below" || kind !== "constant");
  const isDefinition = (line: string) => described.some(([, pattern]) => pattern.test(line));
  return [
    ...(about === undefined ? [] : [{ kind: "about", name: about } as const]),
    ...text.split("\n").flatMap((line) => {
      for (const [kind, pattern] of patterns) {
        const name = pattern.exec(line)?.[1];
        if (name !== undefined) return [{ kind, name }];
      }
      return [];
    }),
    ...docstringsOf(text, style, isDefinition)
      .filter((name) => name !== about)
      .map((name) => ({ kind: "docstring", name } as const)),
  ];
};

const READERS: ReadonlyMap<string, Reader> = new Map([
  ...["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"].map((end) =>
    [end, code(script)] as const
  ),
  ...["py", "pyi"].map((end) => [end, code(python, { place: "below" })] as const),
  ["rs", code(rust, slashes)],
  ["go", code(go, { place: "above", line: /^\/\/ ?(.*)$/ })],
  ["swift", code(classes, slashes)],
  ...["java", "kt", "cs", "cpp", "cc", "h", "hpp"].map((end) => [end, code(classes)] as const),
  ...["sh", "bash"].map((end) =>
    [end, code(shell, { place: "above", line: /^#+ ?(.*)$/ })] as const
  ),
  ...["md", "markdown"].map((end) => [end, headingsOf] as const),
  ["json", jsonKeys],
  ...["yaml", "yml"].map((end) => [end, yamlKeys] as const),
  ...["toml", "ini", "cfg"].map((end) => [end, tomlKeys] as const),
  ["csv", columnsOf(",")],
  ["tsv", columnsOf("\t")],
]);

/** The facts of a file, in order, each once. None for files of a sort that is not known. */
export function factsOf(name: string, text: string): Fact[] {
  const end = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  const seen = new Set<string>();
  return (READERS.get(end)?.(text.replaceAll("\r\n", "\n")) ?? []).filter((fact) => {
    const key = `${fact.kind} ${fact.name}`;
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}

function headingsOf(text: string): Fact[] {
  const outside = text.replace(/^(```|~~~)[\s\S]*?^\1/gm, "");
  const lines = outside.match(/^#{1,6} .{0,500}$/gm) ?? [];
  return lines.flatMap((line) => /^#+ +(.+?)[ #]*$/.exec(line)?.[1] ?? []).map((heading) => ({
    kind: "heading",
    name: heading.replace(/[`*]|\[([^\]]*)\]\([^)]*\)/g, "$1").trim(),
  }));
}

const key = (name: string): Fact => ({ kind: "key", name });

/** Keys of the outer two levels. */
function jsonKeys(text: string): Fact[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  const entries = (of: unknown) =>
    of instanceof Object && !Array.isArray(of) ? Object.entries(of) : [];
  return entries(value).flatMap(([name, inner]) => [
    key(name),
    ...entries(inner).map(([below]) => key(`${name}.${below}`)),
  ]);
}

/** Keys of the outer two levels, as far as they stand at lines' beginnings. */
function yamlKeys(text: string): Fact[] {
  let above = "";
  return text.split("\n").flatMap((line) => {
    const found = /^( *)([\w.-]+):(?:\s|$)/.exec(line);
    if (found === null) return [];
    const [, indent = "", name = ""] = found;
    if (indent === "") {
      above = name;
      return [key(name)];
    }
    return indent.length <= 2 && above !== "" ? [key(`${above}.${name}`)] : [];
  });
}

/** Sections, and the keys in them. */
function tomlKeys(text: string): Fact[] {
  let section = "";
  return text.split("\n").flatMap((line) => {
    const head = /^\[+([\w.-]+)\]+/.exec(line)?.[1];
    if (head !== undefined) {
      section = `${head}.`;
      return [key(head)];
    }
    const name = /^([\w-]+)\s*=/.exec(line)?.[1];
    return name === undefined ? [] : [key(section + name)];
  });
}

function columnsOf(separator: string): Reader {
  return (text) =>
    (text.split("\n", 1)[0] ?? "").split(separator)
      .map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"))
      .filter((cell) => /[A-Za-z]/.test(cell))
      .map((name) => ({ kind: "column", name }));
}
