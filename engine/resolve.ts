/**
 * Replaces references by what they name, in a tree of values.
 * @module
 */
import { ArtifactReference } from "./artifact.ts";
import { type Diagnostics, type Position, suggest } from "./diagnostics.ts";
import { ExpressionError, parseTemplate, type Reference } from "./expressions.ts";
import type { OutputDeclaration } from "./module.ts";
import { child, descend, type MapNode, type ScalarNode, type TreeNode } from "./tree.ts";

/** What other stages see of a stage. */
export interface StageSignature {
  /** Names of its instances, in matrix order. */
  readonly instances: readonly string[];
  /** Whether it has a matrix: a reference to it is then a list. */
  readonly isMatrix: boolean;
  /** What it leaves; undefined where its module is unknown, which is reported elsewhere. */
  readonly outputs: Readonly<Record<string, OutputDeclaration>> | undefined;
}

/** What references may name at some place of the file. */
export interface Scope {
  /** The top-level map `vars`. */
  readonly vars: MapNode | undefined;
  /** The seed that holds here; undefined where there is none yet. */
  readonly seed: number | undefined;
  /** Values of this instance's matrix; undefined where matrix values mean nothing. */
  readonly matrix: ReadonlyMap<string, TreeNode> | undefined;
  /** Every stage; undefined where outputs mean nothing. */
  readonly stages: ReadonlyMap<string, StageSignature> | undefined;
  /** Told of each output that is named. */
  readonly onReference?: (stage: string, at: Position) => void;
}

/**
 * The tree with every `${{ … }}` replaced. A text that is one reference becomes the value itself, of
 * whatever type; inside a longer text scalars are written out; a list inside a list is spliced.
 */
export function resolve(
  node: TreeNode,
  scope: Scope,
  diagnostics: Diagnostics,
): TreeNode {
  return new Resolver(scope, diagnostics).resolve(node);
}

class Resolver {
  /** Variables being resolved, outermost first. */
  readonly #open: string[] = [];

  constructor(readonly scope: Scope, readonly diagnostics: Diagnostics) {}

  resolve(node: TreeNode): TreeNode {
    if (node.kind === "list") {
      const items = node.items.flatMap((item) => {
        const value = this.resolve(item);
        return item.kind === "scalar" && value.kind === "list" ? value.items : [value];
      });
      return { ...node, items };
    }
    if (node.kind === "map") {
      const entries = [...node.entries].map(([key, entry]) =>
        [key, { ...entry, value: this.resolve(entry.value) }] as const
      );
      return { ...node, entries: new Map(entries) };
    }
    return node.expressions === undefined ? node : this.#text(node);
  }

  #text(node: ScalarNode): TreeNode {
    try {
      const parts = parseTemplate(String(node.value));
      const [first] = parts;
      if (parts.length === 1 && typeof first === "object") {
        return this.#reference(first, this.#place(node, 0), node);
      }
      let index = 0;
      const texts = parts.map((part) =>
        typeof part === "string" ? part : this.#embedded(part, this.#place(node, index++), node)
      );
      return texts.includes(undefined)
        ? { ...node, broken: true }
        : { kind: "scalar", value: texts.join(""), at: node.at };
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      return this.#fail(
        this.#place(node, error.index),
        "bad-expression",
        error.message,
      );
    }
  }

  #place(node: ScalarNode, index: number): Position {
    return node.expressions?.[index] ?? node.at;
  }

  #embedded(
    reference: Reference,
    at: Position,
    node: ScalarNode,
  ): string | undefined {
    const found = this.#reference(reference, at, node);
    if (found.kind === "scalar") {
      if (found.broken) return undefined;
      if (["string", "number", "boolean"].includes(typeof found.value)) {
        return String(found.value);
      }
    }
    const what = found.kind === "scalar" ? "no text or number" : `a ${found.kind}`;
    this.#fail(
      at,
      "bad-expression",
      `"${reference.text}" is ${what}, so it cannot stand inside a longer text: give it alone`,
    );
    return undefined;
  }

  #reference(reference: Reference, at: Position, node: ScalarNode): TreeNode {
    const [root] = reference.path;
    if (root === "vars") return this.#variable(reference, at);
    if (root === "stages") return this.#output(reference, at, node);
    if (root === "matrix") return this.#matrix(reference, at);
    if (root === "seed" && reference.path.length === 1) {
      return this.scope.seed === undefined
        ? this.#fail(at, "bad-expression", '"seed" cannot be used here')
        : { kind: "scalar", value: this.scope.seed, at: node.at };
    }
    return this.#fail(
      at,
      "bad-expression",
      `"${reference.text}" names nothing${
        suggest(root ?? "", ["seed", "vars", "matrix", "stages"])
      }`,
    );
  }

  #variable({ path, text }: Reference, at: Position): TreeNode {
    const [, name = "", ...inner] = path;
    const { vars } = this.scope;
    const entry = child(vars, name);
    if (entry === undefined) {
      const names = [...vars?.entries.keys() ?? []];
      const hint = names.length === 0 ? ": the workflow has no vars" : suggest(name, names);
      return this.#fail(
        at,
        "unknown-var",
        `there is no variable "${name}"${hint}`,
      );
    }
    if (this.#open.includes(name)) {
      const circle = [...this.#open.slice(this.#open.indexOf(name)), name];
      return this.#fail(
        at,
        "cycle",
        `variables need each other: ${circle.join(" → ")}`,
      );
    }
    this.#open.push(name);
    const value = this.resolve(entry.value);
    this.#open.pop();
    const found = descend(value, inner);
    if (found !== undefined) return found;
    return this.#fail(
      at,
      "unknown-var",
      `the variable "${name}" has nothing at "${inner.join(".")}" (in "${text}")`,
    );
  }

  #matrix({ path }: Reference, at: Position): TreeNode {
    const name = path.slice(1).join(".");
    const { matrix } = this.scope;
    const value = matrix?.get(name);
    if (value !== undefined) return value;
    return this.#fail(
      at,
      "unknown-matrix",
      matrix === undefined
        ? `"matrix.${name}" can be used only in a stage that has a matrix`
        : `the matrix has no "${name}"${suggest(name, [...matrix.keys()])}`,
    );
  }

  #output({ path, text }: Reference, at: Position, node: ScalarNode): TreeNode {
    const [, name = "", word, output = "", ...rest] = path;
    const { stages } = this.scope;
    if (stages === undefined) {
      return this.#fail(at, "bad-expression", `"${text}" cannot be used here`);
    }
    if (word !== "outputs" || output === "" || rest.length > 0) {
      return this.#fail(
        at,
        "bad-expression",
        `expected stages.NAME.outputs.OUTPUT, got "${text}"`,
      );
    }
    const stage = stages.get(name);
    if (stage === undefined) {
      return this.#fail(
        at,
        "unknown-stage",
        `there is no stage "${name}"${suggest(name, [...stages.keys()])}`,
      );
    }
    this.scope.onReference?.(name, at);
    const declared = stage.outputs?.[output];
    if (stage.outputs !== undefined && declared === undefined) {
      return this.#fail(
        at,
        "unknown-output",
        `stage "${name}" has no output "${output}"${suggest(output, Object.keys(stage.outputs))}`,
      );
    }
    const items = stage.instances.map((instance): ScalarNode => ({
      kind: "scalar",
      value: new ArtifactReference(declared?.kind, instance, output),
      at: node.at,
    }));
    const [only] = items;
    return !stage.isMatrix && only !== undefined ? only : { kind: "list", items, at: node.at };
  }

  #fail(at: Position, code: string, message: string): ScalarNode {
    this.diagnostics.add(at, code, message);
    return { kind: "scalar", value: null, at, broken: true };
  }
}
