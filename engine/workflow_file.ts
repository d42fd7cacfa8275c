/**
 * Reads a workflow file and all it includes: texts become trees, with modules and files in place.
 * @module
 */
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { z } from "zod";
import { type Diagnostics, type Position, WorkflowError } from "./diagnostics.ts";
import { IncludedFile, isWorkflowPath } from "./included_file.ts";
import { reportIssues } from "./issues.ts";
import { MAX_INCLUDE_DEPTH } from "./limits.ts";
import { matrixMentions } from "./matrix.ts";
import { applyOverrides } from "./overrides.ts";
import { readText, UnreadableError } from "./read_text.ts";
import { parseLeniently, workflowSyntax } from "./syntax.ts";
import {
  child,
  type Entry,
  mapAt,
  type MapNode,
  plain,
  type ScalarNode,
  type TreeNode,
} from "./tree.ts";
import { importUserModules } from "./user_modules.ts";
import type { DeclaredSecret } from "./workflow.ts";
import { parseYaml } from "./yaml_tree.ts";

/** One file, its keys checked, its stages not. */
export interface WorkflowFile {
  /** Its path as messages give it. */
  readonly path: string;
  /** Absolute path of its folder. */
  readonly folder: string;
  /** What was read. */
  readonly text: string;
  /** Its values; modules and files that stages use are in place. */
  readonly root: TreeNode;
  /** Its keys, as far as they are right. */
  readonly fields: Partial<z.output<typeof workflowSyntax>>;
  /** Names of matrix values that its variables mention: whoever uses those may use these. */
  readonly matrixMentions: ReadonlySet<string>;
}

/** Reads one workflow's files, each once. */
export class WorkflowReader {
  /** Every file that could be read, by the path that positions in it have; the first is the workflow. */
  readonly files = new Map<string, WorkflowFile>();
  readonly #included = new Map<string, Promise<WorkflowFile | undefined>>();

  /** What is wrong goes to the diagnostics. */
  constructor(readonly diagnostics: Diagnostics) {}

  /**
   * Reads the file that the user named, and what it includes; undefined where it is no YAML.
   * @throws WorkflowError where there is no such file
   */
  async read(
    file: string,
    overrides: readonly string[],
  ): Promise<{ file: WorkflowFile; changed: Record<string, unknown> } | undefined> {
    let text: string;
    try {
      text = await readText(file);
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      const at = { source: file, ...error.place };
      throw new WorkflowError([{ at, code: error.code, message: error.message }]);
    }
    this.diagnostics.begin(file);
    const parsed = parseYaml(text, file, this.diagnostics);
    if (parsed === undefined) return undefined;
    const { tree, changed } = applyOverrides(parsed, overrides, this.diagnostics);
    const chain = [{ path: file, absolute: resolve(file) }];
    return { file: await this.#finish(file, text, tree, chain), changed };
  }

  /** Checks the file's own keys and puts in what its stages use. */
  async #finish(path: string, text: string, tree: TreeNode, chain: Chain): Promise<WorkflowFile> {
    const folder = resolve(dirname(path));
    // Its place among the files is before those it includes.
    const vars = child(tree, "vars")?.value;
    const mentions = vars === undefined ? new Set<string>() : matrixMentions(vars);
    const begun = { path, folder, text, root: tree, fields: {}, matrixMentions: mentions };
    this.files.set(path, begun);
    const included = await this.#includeFiles(tree, chain);
    const root = await importUserModules(included, folder, this.diagnostics);
    const fields = checkSyntax(root, path, this.diagnostics);
    const file = { ...begun, root, fields };
    this.files.set(path, file);
    return file;
  }

  /** The tree with each stage's `uses: ./file.yaml` replaced by the file. */
  async #includeFiles(tree: TreeNode, chain: Chain): Promise<TreeNode> {
    const stages = child(tree, "stages");
    if (tree.kind !== "map" || stages?.value.kind !== "map") return tree;
    const entries = new Map<string, Entry>();
    for (const [name, entry] of stages.value.entries) {
      const uses = child(entry.value, "uses");
      const isPath = uses?.value.kind === "scalar" && typeof uses.value.value === "string" &&
        isWorkflowPath(uses.value.value);
      entries.set(
        name,
        isPath
          ? { ...entry, value: await this.#include(entry.value as MapNode, uses, chain) }
          : entry,
      );
    }
    const value = { ...stages.value, entries };
    return { ...tree, entries: new Map([...tree.entries, ["stages", { ...stages, value }]]) };
  }

  async #include(stage: MapNode, uses: Entry, chain: Chain): Promise<MapNode> {
    const node = uses.value as ScalarNode;
    const specifier = String(node.value);
    const outer = chain.at(-1)!;
    const path = isAbsolute(specifier) ? specifier : join(dirname(outer.path), specifier);
    const link = { path, absolute: resolve(dirname(outer.absolute), specifier) };
    const file = this.#refuses(chain, link, node.at)
      ? undefined
      : await this.#readIncluded(link, chain, node.at);
    const value = new IncludedFile(specifier, file);
    return {
      ...stage,
      entries: new Map([...stage.entries, ["uses", { ...uses, value: { ...node, value } }]]),
    };
  }

  /** Whether a file may not be included here; the reason is reported. */
  #refuses(chain: Chain, { path, absolute }: Chain[number], at: Position): boolean {
    const first = chain.findIndex((link) => link.absolute === absolute);
    if (first !== -1) {
      const circle = [...chain.slice(first).map((link) => link.path), path].join(" → ");
      this.diagnostics.add(at, "cycle", `workflow files include each other: ${circle}`);
      return true;
    }
    if (chain.length <= MAX_INCLUDE_DEPTH) return false;
    const message = `workflow files may be included at most ${MAX_INCLUDE_DEPTH} levels deep`;
    this.diagnostics.add(at, "too-deep", message);
    return true;
  }

  async #readIncluded(
    link: Chain[number],
    chain: Chain,
    at: Position,
  ): Promise<WorkflowFile | undefined> {
    // Only what a file itself says is kept: whether it closes a circle depends on the way to it.
    const known = this.#included.get(link.absolute);
    if (known !== undefined) return await known;
    const reading = this.#readNew(link, chain, at);
    this.#included.set(link.absolute, reading);
    const file = await reading;
    // One that cannot be read is reported wherever it is included.
    if (file === undefined) this.#included.delete(link.absolute);
    return file;
  }

  async #readNew(
    { path, absolute }: Chain[number],
    chain: Chain,
    at: Position,
  ): Promise<WorkflowFile | undefined> {
    try {
      const text = await readText(absolute);
      this.diagnostics.begin(path);
      const tree = parseYaml(text, path, this.diagnostics);
      return tree && await this.#finish(path, text, tree, [...chain, { path, absolute }]);
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      const { code, message, place } = error;
      if (place.line !== undefined) this.diagnostics.add({ source: path, ...place }, code, message);
      else this.diagnostics.add(at, code, `${path}: ${message}`);
      return undefined;
    }
  }
}

/** The files that include one another down to the present one. */
type Chain = readonly { readonly path: string; readonly absolute: string }[];

/** The tree with nothing but keys in one of its maps. */
function withBareKeys(root: TreeNode, key: string): TreeNode {
  const entry = child(root, key);
  if (root.kind !== "map" || entry?.value.kind !== "map") return root;
  const bare = [...entry.value.entries].map(([name, { key: at }]) =>
    [name, { key: at, value: { kind: "scalar", value: null, at } as const }] as const
  );
  const value = { ...entry.value, entries: new Map(bare) };
  return { ...root, entries: new Map([...root.entries, [key, { ...entry, value }]]) };
}

/** A file's own scope; its seed is undefined where it states none. */
export function fileContext(file: WorkflowFile, inputs: ReadonlyMap<string, TreeNode>) {
  return {
    file,
    inputs,
    vars: mapAt(file.root, "vars"),
    secrets: new Set(declaredSecrets(file).map(({ name }) => name)),
    seed: file.fields.seed,
  };
}

/** Every name in the list, wrong ones too, so that references to them are not reported again. */
export function declaredSecrets({ root }: WorkflowFile): DeclaredSecret[] {
  const list = child(root, "secrets")?.value;
  if (list?.kind !== "list") return [];
  return list.items.map((item) => ({ name: String(plain(item)), at: item.at }));
}

function checkSyntax(root: TreeNode, source: string, diagnostics: Diagnostics) {
  // What stands below a stage or variable is looked at elsewhere.
  const value = plain(withBareKeys(withBareKeys(root, "stages"), "vars"));
  const parsed = workflowSyntax.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const subject = {
    name: "the workflow",
    word: "key",
    tree: root,
    top: { source, line: 1, column: 1 },
    schema: workflowSyntax,
  };
  reportIssues(parsed.error.issues, subject, diagnostics);
  return parseLeniently(workflowSyntax.shape, value);
}
