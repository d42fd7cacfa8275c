/**
 * Replaces references by what they name, in a tree of values.
 * @module
 */
import { type Diagnostics, further, type Position, suggest } from "./diagnostics.ts";
import { type Environment, evaluate, type NeedsStatus, type Value } from "./evaluate.ts";
import {
  type Expression,
  ExpressionError,
  parseExpression,
  parseTemplate,
  type Reference,
} from "./expressions.ts";
import { lookUp } from "./lookup.ts";
import type { Scope } from "./scope.ts";
import { nodeOf, valueOf } from "./values.ts";
import {
  child,
  descend,
  type Entry,
  isAbsent,
  isBroken,
  type ScalarNode,
  sizeOf,
  type TreeNode,
} from "./tree.ts";

/**
 * The tree with every `${{ … }}` replaced. A text that is one reference becomes the value itself, of
 * whatever type; inside a longer text scalars are written out; a list inside a list is spliced; what
 * an input that was not given would stand for is left out.
 */
export function resolve(
  node: TreeNode,
  scope: Scope,
  diagnostics: Diagnostics,
): TreeNode {
  return new Resolver(scope, diagnostics).resolve(node);
}

/** A condition's value for one outcome of the needs; undefined where something is wrong with it. */
export function resolveCondition(
  node: ScalarNode,
  scope: Scope,
  status: NeedsStatus,
  diagnostics: Diagnostics,
): Value | undefined {
  return new Resolver(scope, diagnostics).condition(node, status);
}

/** Variables that stand for one another, each open while the next is looked at. */
const MAX_VARIABLES = 40;

class Resolver {
  /** Variables being resolved, outermost first. */
  readonly #open: string[] = [];
  /** Variables that were looked at, and how many values each has. */
  readonly #known = new Map<string, { value: TreeNode; size: number }>();

  constructor(readonly scope: Scope, readonly diagnostics: Diagnostics) {}

  resolve(node: TreeNode): TreeNode {
    this.scope.budget.addValues(node.at, 1);
    if (node.kind === "list") {
      const items = node.items.flatMap((item) => {
        const value = this.resolve(item);
        if (isAbsent(value)) return [];
        return item.kind === "scalar" && value.kind === "list" ? value.items : [value];
      });
      return { ...node, items };
    }
    if (node.kind === "map") {
      const entries = new Map<string, Entry>();
      for (const [key, entry] of node.entries) {
        const value = this.resolve(entry.value);
        if (!isAbsent(value)) entries.set(key, { ...entry, value });
      }
      return { ...node, entries };
    }
    return node.expressions === undefined ? node : this.#text(node);
  }

  /** A condition's value for one outcome of the needs; undefined where it is wrong. */
  condition(node: ScalarNode, status: NeedsStatus): Value | undefined {
    return this.#reporting(node, () => {
      return evaluate(parseExpression(String(node.value)), this.#environment(node, 0, status));
    });
  }

  #text(node: ScalarNode): TreeNode {
    return this.#reporting(node, () => {
      const parts = parseTemplate(String(node.value));
      const [first] = parts;
      if (parts.length === 1 && typeof first === "object") {
        return this.#expression(first, 0, node);
      }
      let index = 0;
      const texts = parts.map((part) =>
        typeof part === "string" ? part : this.#embedded(part, index++, node)
      );
      if (texts.includes(undefined)) return { ...node, broken: true };
      const text = texts.join("");
      this.scope.budget.addText(node.at, text);
      return { kind: "scalar", value: text, at: node.at };
    }) ?? { ...node, broken: true };
  }

  /** What a function gives; undefined where it throws an {@linkcode ExpressionError}. */
  #reporting<T>(node: ScalarNode, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      const at = this.#place(node, error.index, error.offset);
      this.#fail(at, "bad-expression", error.message);
      return undefined;
    }
  }

  /** Place of an expression, or of a part of it where the text stands as it is. */
  #place(node: ScalarNode, index: number, offset?: number): Position {
    if (offset !== undefined && node.textAt !== undefined) return further(node.textAt, offset);
    return node.expressions?.[index] ?? node.at;
  }

  /** What one expression gives: a reference alone any value, anything else a scalar or a list. */
  #expression(expression: Expression, index: number, node: ScalarNode): TreeNode {
    if (expression.kind === "reference") {
      return this.#reference(expression, this.#place(node, index), node);
    }
    const value = evaluate(expression, this.#environment(node, index));
    return value === undefined ? { ...node, broken: true } : nodeOf(value, node.at);
  }

  #environment(node: ScalarNode, index: number, status?: NeedsStatus): Environment {
    const fail = ({ offset }: Expression, message: string) => {
      this.#fail(this.#place(node, index, offset), "bad-expression", message);
    };
    const reference = (name: Reference): Value | undefined => {
      const at = this.#place(node, index, name.offset);
      const found = this.#reference(name, at, node);
      if (isBroken(found)) return undefined;
      const isSecret = name.path[0] === "secrets";
      const value = valueOf(found);
      if (value !== undefined && !isSecret) return value;
      const what = isSecret
        ? "a secret"
        : name.path[0] === "stages"
        ? "an output, which is known only once the stage has run"
        : "a map";
      fail(name, `"${name.text}" is ${what}, so nothing can be computed with it`);
      return undefined;
    };
    return { status, fail, reference };
  }

  #embedded(expression: Expression, index: number, node: ScalarNode): string | undefined {
    const found = this.#expression(expression, index, node);
    if (found.kind === "scalar") {
      if (found.broken) return undefined;
      if (["string", "number", "boolean"].includes(typeof found.value)) {
        return String(found.value);
      }
    }
    const what = found.kind === "scalar" ? "no text or number" : `a ${found.kind}`;
    this.#fail(
      this.#place(node, index),
      "bad-expression",
      `"${expression.text}" is ${what}, so it cannot stand inside a longer text: give it alone`,
    );
    return undefined;
  }

  #reference(reference: Reference, at: Position, node: ScalarNode): TreeNode {
    const [root] = reference.path;
    if (root === "vars") return this.#variable(reference, at);
    const found = lookUp(reference, this.scope, { at, from: node.at });
    if ("kind" in found) return found;
    return this.#fail(at, found.code, found.message);
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
    if (this.#open.length > MAX_VARIABLES) {
      const message = `variables may stand for one another at most ${MAX_VARIABLES} deep`;
      return this.#fail(at, "too-deep", message);
    }
    if (this.#open.includes(name)) {
      const circle = [...this.#open.slice(this.#open.indexOf(name)), name];
      return this.#fail(
        at,
        "cycle",
        `variables need each other: ${circle.join(" → ")}`,
      );
    }
    const value = this.#known.get(name)?.value ?? this.#openVariable(name, entry.value);
    this.scope.budget.addValues(at, this.#known.get(name)?.size ?? 1);
    const found = descend(value, inner);
    if (found !== undefined) return found;
    return this.#fail(
      at,
      "unknown-var",
      `the variable "${name}" has nothing at "${inner.join(".")}" (in "${text}")`,
    );
  }

  #openVariable(name: string, node: TreeNode): TreeNode {
    this.#open.push(name);
    const value = this.resolve(node);
    this.#open.pop();
    this.#known.set(name, { value, size: sizeOf(value) });
    return value;
  }

  #fail(at: Position, code: string, message: string): ScalarNode {
    this.diagnostics.add(at, code, message);
    return { kind: "scalar", value: null, at, broken: true };
  }
}
