/**
 * zod's issues in our words, at the token they are about.
 * @module
 */
import type { z } from "zod";
import { Artifact, ArtifactReference } from "./artifact.ts";
import { type Diagnostics, type Position, suggest } from "./diagnostics.ts";
import { IncludedFile } from "./included_file.ts";
import { validKeys } from "./schemas.ts";
import { descend, isBroken, keyPosition, type TreeNode } from "./tree.ts";
import { UserModule } from "./user_module.ts";

/** What was validated, and how messages call it. */
export interface Subject {
  /** `stage "rl"` */
  readonly name: string;
  /** What its keys are called: "input" or "key". */
  readonly word: string;
  /** The values that were validated, with their places. */
  readonly tree: TreeNode;
  /** Place for what has no token: the key the values stand under. */
  readonly top: Position;
  /** What they were validated against. */
  readonly schema: z.ZodType;
}

type Path = readonly PropertyKey[];

/** An issue, with what {@linkcode slot} and unions add to it. */
type Issue = z.core.$ZodIssue & {
  readonly valid?: readonly string[];
  readonly owner?: string | undefined;
};

/** Reports every issue. What follows from an error that is already reported is left out. */
export function reportIssues(
  issues: readonly z.core.$ZodIssue[],
  subject: Subject,
  diagnostics: Diagnostics,
): void {
  for (const issue of issues.flatMap((issue) => chooseBranch(issue, []))) {
    const node = descend(subject.tree, issue.path);
    if (issue.code === "unrecognized_keys") {
      reportUnknownKeys(issue, subject, diagnostics);
    } else if (node === undefined) {
      reportMissing(issue, subject, diagnostics);
    } else if (!isBroken(node)) {
      const code = codeOf(issue, node);
      // A wrong key is at the key; a wrong value at the value.
      const at = issue.code === "invalid_key" || code === "unknown-key"
        ? keyPosition(subject.tree, issue.path, subject.top)
        : node.at;
      diagnostics.add(at, code, wording(issue, node, placed(subject, at)));
    }
  }
}

/** The subject, with its place where the wrong value was written in another file. */
function placed(subject: Subject, at: Position): Subject {
  const { source, line } = subject.top;
  if (at.line === undefined || line === undefined || at.source === source) return subject;
  return { ...subject, name: `${subject.name} (${source}:${line})` };
}

function reportUnknownKeys(
  issue: Issue & { code: "unrecognized_keys" },
  subject: Subject,
  diagnostics: Diagnostics,
): void {
  const { path } = issue;
  const valid = issue.valid ?? validKeys(subject.schema, path);
  const owner = issue.owner === undefined
    ? ownerOf(path, subject)
    : `${issue.owner} of ${subject.name}`;
  const word = issue.owner === undefined ? path.length === 0 ? subject.word : "key" : "option";
  for (const key of issue.keys) {
    diagnostics.add(
      keyPosition(subject.tree, [...path, key], subject.top),
      "unknown-key",
      `${owner} has no ${word} "${key}"${suggest(key, valid)}`,
    );
  }
}

function reportMissing(
  issue: Issue,
  subject: Subject,
  diagnostics: Diagnostics,
): void {
  const parent = issue.path.slice(0, -1);
  const key = String(issue.path.at(-1));
  const word = parent.length === 0 ? subject.word : "key";
  const expected = issue.code === "custom"
    ? issue.message
    : `expected ${expectation(issue) ?? "a value"}`;
  diagnostics.add(
    keyPosition(subject.tree, parent, subject.top),
    "missing-key",
    `${ownerOf(parent, subject)} needs the ${word} "${key}": ${expected}`,
  );
}

/** `stage "rl"`, or `"curriculum[0]" of stage "rl"`. */
function ownerOf(path: Path, subject: Subject): string {
  return path.length === 0 ? subject.name : `"${formatPath(path)}" of ${subject.name}`;
}

function wording(issue: Issue, node: TreeNode, subject: Subject): string {
  const where = issue.path.length === 0
    ? subject.name
    : `${subject.word} "${formatPath(issue.path)}" of ${subject.name}`;
  if (issue.code === "custom") {
    const list = node.kind === "list" && node.items.some(isReference);
    return list
      ? `${where}: expected one artifact, got a list of ${node.items.length} (a stage with a matrix gives one for each instance)`
      : `${where}: ${issue.message}`;
  }
  const expected = expectation(issue);
  return expected === undefined
    ? `${where}: ${issue.message}`
    : `${where}: expected ${expected}, got ${describeNode(node)}${hint(issue, node)}`;
}

function hint(issue: Issue, node: TreeNode): string {
  if (issue.code !== "invalid_value" || node.kind !== "scalar") return "";
  const near = suggest(String(node.value), issue.values.map(String));
  return near.startsWith(";") ? near.slice(0, near.indexOf("?") + 1) : "";
}

/** What the schema wants, in a few words; undefined where only zod can say. */
function expectation(issue: Issue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return typeWords[issue.expected] ?? `a ${issue.expected}`;
    case "invalid_value":
      return issue.values.map((value) => JSON.stringify(value)).join(" or ");
    case "too_small":
    case "too_big": {
      const [bound, words] = issue.code === "too_small"
        ? [issue.minimum, issue.inclusive ? "at least" : "more than"]
        : [issue.maximum, issue.inclusive ? "at most" : "less than"];
      const unit = unitWords[issue.origin];
      if (unit === undefined) return `${words} ${bound}`;
      return `${words} ${bound} ${unit}${Number(bound) === 1 ? "" : "s"}`;
    }
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    default:
      return undefined;
  }
}

const typeWords: Readonly<Record<string, string>> = {
  int: "a whole number",
  string: "a text",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "a map",
  record: "a map",
  null: "nothing",
  undefined: "nothing",
};

const unitWords: Readonly<Record<string, string>> = {
  array: "item",
  string: "character",
  set: "item",
  object: "key",
};

function codeOf(issue: Issue, node: TreeNode): string {
  if (issue.code === "invalid_type") return "wrong-type";
  if (issue.code === "invalid_key") return "bad-name";
  if (issue.code !== "custom") return "invalid-value";
  const code: unknown = issue.params?.["code"];
  if (typeof code === "string") return code;
  if (isReference(node)) return "wrong-kind";
  return "invalid-value";
}

function isReference(node: TreeNode): boolean {
  return node.kind === "scalar" && node.value instanceof ArtifactReference;
}

/** Of a union's branches, the one that got furthest says what is wrong. */
function chooseBranch(issue: z.core.$ZodIssue, prefix: Path): Issue[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === "invalid_key") {
    const message = issue.issues[0]?.message ?? issue.message;
    return [{ ...issue, path, message }];
  }
  if (issue.code !== "invalid_union") return [{ ...issue, path }];
  const branches = issue.errors.map((errors) =>
    errors.flatMap((error) => chooseBranch(error, path))
  );
  const depth = (branch: Issue[]) => Math.max(0, ...branch.map((found) => found.path.length));
  const [best] = branches.sort((a, b) => depth(b) - depth(a) || a.length - b.length);
  if (best === undefined) return [{ ...issue, path }];
  if (depth(best) > path.length) return best;
  const expected = branches.flat().map(expectation);
  const custom = branches.flat().filter(({ code }) => code === "custom");
  if (custom.length > 0 || expected.includes(undefined)) {
    // An artifact's own words say more of a wrong reference than a slot's of what it would take.
    const own = custom.find((found) => !("params" in found) || found.params === undefined);
    return [own ?? custom[0] ?? best[0]!];
  }
  const message = `expected ${[...new Set(expected)].join(" or ")}`;
  return [{ code: "custom", path, message, params: { code: "wrong-type" } }];
}

/** `curriculum[0].until` */
function formatPath(path: Path): string {
  return path.map((key, index) =>
    typeof key === "number" ? `[${key}]` : `${index === 0 ? "" : "."}${String(key)}`
  ).join("");
}

/** A value in a few words, for messages. */
export function describeNode(node: TreeNode): string {
  if (node.kind === "list") return `a list of ${node.items.length}`;
  if (node.kind === "map") return "a map";
  const { value } = node;
  if (value === null) return "nothing";
  if (value instanceof ArtifactReference) {
    return `output "${value.output}" of stage "${value.instance}"`;
  }
  if (value instanceof Artifact) return value.origin;
  if (value instanceof UserModule || value instanceof IncludedFile) return value.specifier;
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}
