/**
 * What passes into an included workflow file and out of it: `inputs` and `outputs`.
 * @module
 */
import { ArtifactReference } from "./artifact.ts";
import { type Position, suggest } from "./diagnostics.ts";
import { describeNode } from "./issues.ts";
import { resolve } from "./resolve.ts";
import type { OutputSignature, Scope } from "./scope.ts";
import type { Load } from "./stage_draft.ts";
import { type InputSyntax, inputSyntax, parseLeniently } from "./syntax.ts";
import {
  child,
  type Entry,
  isAbsent,
  isBroken,
  mapAt,
  type MapNode,
  plain,
  type TreeNode,
} from "./tree.ts";
import type { WorkflowFile } from "./workflow_file.ts";

/** Who includes a file. */
export interface Includer {
  /** `stage "rl"` */
  readonly name: string;
  /** Its resolved `with`. */
  readonly given: MapNode;
  /** Place for what its `with` lacks. */
  readonly top: Position;
}

/** The file's inputs as a stage gives them, by name; what is wrong is reported and left broken. */
export function giveInputs(
  file: WorkflowFile,
  includer: Includer,
  load: Load,
): Map<string, TreeNode> {
  const declared = mapAt(file.root, "inputs")?.entries ?? new Map<string, Entry>();
  const { name: stage, given, top } = includer;
  for (const [name, { key }] of given.entries) {
    if (declared.has(name)) continue;
    const names = [...declared.keys()];
    const hint = names.length === 0 ? ": it has none" : suggest(name, names);
    const message = `${file.path}, which ${stage} includes, has no input "${name}"${hint}`;
    load.diagnostics.add(key, "unknown-key", message);
  }
  return readInputs(file, declared, given, load, (name, syntax) => {
    const message = `${stage} needs the input "${name}" of ${file.path}: expected ${words(syntax)}`;
    load.diagnostics.add(top, "missing-key", message);
  }, stage);
}

/** The inputs of the workflow itself: what they are where no stage gives them. */
export function defaultInputs(file: WorkflowFile, load: Load): Map<string, TreeNode> {
  const declared = mapAt(file.root, "inputs")?.entries ?? new Map<string, Entry>();
  return readInputs(file, declared, undefined, load, (name) => {
    const key = declared.get(name)?.key ?? { source: file.path };
    const message = `the input "${name}" has no default, so only a stage can include this file: ` +
      `to run it alone, --set inputs.${name}.default=…`;
    load.diagnostics.add(key, "missing-key", message);
  }, "the workflow");
}

function readInputs(
  file: WorkflowFile,
  declared: ReadonlyMap<string, Entry>,
  given: MapNode | undefined,
  load: Load,
  missing: (name: string, syntax: Partial<InputSyntax>) => void,
  owner: string,
): Map<string, TreeNode> {
  const inputs = new Map<string, TreeNode>();
  for (const [name, { key, value }] of declared) {
    const syntax = parseLeniently(inputSyntax.shape, plain(value));
    const subject = `input "${name}" of ${owner}`;
    const preset = child(value, "default")?.value;
    const own = child(given, name)?.value;
    const nothing = { kind: "scalar", value: null, at: key } as const;
    if (own !== undefined) {
      inputs.set(name, checkValue(own, syntax, `${subject} (${file.path} declares it)`, load));
    } else if (preset !== undefined) {
      const scope = defaultScope(file, inputs, declared, load);
      const known = resolve(preset, scope, load.diagnostics);
      inputs.set(
        name,
        checkValue(known, syntax, `the default of input "${name}" of ${file.path}`, load),
      );
    } else if (syntax.required === false) {
      inputs.set(name, { ...nothing, absent: true });
    } else {
      missing(name, syntax);
      inputs.set(name, { ...nothing, broken: true });
    }
  }
  return inputs;
}

/** Defaults may name variables and the inputs declared above; those below are not known yet. */
function defaultScope(
  { root }: WorkflowFile,
  above: ReadonlyMap<string, TreeNode>,
  declared: ReadonlyMap<string, Entry>,
  { budget }: Load,
): Scope {
  return {
    vars: mapAt(root, "vars"),
    inputs: above,
    declaredInputs: declared,
    seed: undefined,
    matrix: undefined,
    stages: undefined,
    budget,
  };
}

/** The value, paths among artifacts marked; broken where it is of another type, which is reported. */
function checkValue(
  node: TreeNode,
  syntax: Partial<InputSyntax>,
  subject: string,
  load: Load,
): TreeNode {
  if (isBroken(node) || isAbsent(node)) return node;
  const { kind, type } = syntax;
  const refuse = (at: Position, code: string, expected: string, got: string): TreeNode => {
    load.diagnostics.add(at, code, `${subject}: expected ${expected}, got ${got}`);
    return { kind: "scalar", value: null, at, broken: true };
  };
  if (kind === undefined) {
    if (type === undefined || typeOf(node) === type) return node;
    return refuse(node.at, "wrong-type", words(syntax), describeNode(node));
  }
  const kinds = [kind].flat();
  const single = (item: TreeNode): TreeNode => {
    const value = item.kind === "scalar" ? item.value : undefined;
    if (item.kind === "scalar" && typeof value === "string") {
      return { ...item, value: load.path(value, item) };
    }
    if (!(value instanceof ArtifactReference)) {
      return refuse(item.at, "wrong-type", words({ kind }), describeNode(item));
    }
    if (value.kind === undefined || kinds.includes(value.kind)) return item;
    return refuse(
      item.at,
      "wrong-kind",
      words({ kind }),
      `${describeNode(item)}, which is a ${value.kind}`,
    );
  };
  if (type !== "list") return single(node);
  return node.kind === "list"
    ? { ...node, items: node.items.map(single) }
    : refuse(node.at, "wrong-type", words(syntax), describeNode(node));
}

function typeOf(node: TreeNode): string {
  return node.kind === "scalar" ? typeof node.value : node.kind;
}

function words({ kind, type }: Partial<InputSyntax>): string {
  const types = {
    string: "a text",
    number: "a number",
    boolean: "true or false",
    list: "a list",
    map: "a map",
  };
  if (kind === undefined) return type === undefined ? "a value" : types[type];
  const kinds = [kind].flat().join(" or ");
  return type === "list" ? `a list of artifacts (${kinds})` : `a ${kinds}`;
}

/** The file's outputs, by name; those that are wrong are reported and stand for nothing. */
export function readOutputs(
  { root }: WorkflowFile,
  scope: Scope,
  { diagnostics }: Load,
): Map<string, OutputSignature> {
  const outputs = new Map<string, OutputSignature>();
  for (const [name, { value }] of mapAt(root, "outputs")?.entries ?? []) {
    const written = value.kind === "map" ? child(value, "value")?.value : value;
    const node = written && resolve(written, scope, diagnostics);
    const items = node?.kind === "list" ? node.items : node === undefined ? [] : [node];
    const references = items.flatMap((item) =>
      item.kind === "scalar" && item.value instanceof ArtifactReference ? [item.value] : []
    );
    outputs.set(name, { references, isList: node?.kind === "list" });
    if (node === undefined || references.length === items.length || isBroken(node)) continue;
    const message = `output "${name}": expected \${{ stages.NAME.outputs.OUTPUT }}, got ` +
      describeNode(node);
    diagnostics.add(written?.at ?? node.at, "wrong-type", message);
  }
  return outputs;
}
