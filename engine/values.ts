/**
 * Between nodes of a workflow and the values that expressions work on.
 * @module
 */
import type { Position } from "./diagnostics.ts";
import type { Value } from "./evaluate.ts";
import type { TreeNode } from "./tree.ts";

/** The value of a node that is a scalar, or a list of such; undefined for anything else. */
export function valueOf(node: TreeNode): Value | undefined {
  if (node.kind === "map") return undefined;
  if (node.kind === "list") {
    const items = node.items.map(valueOf);
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  const { value } = node;
  const isPlain = value === null || ["string", "number", "boolean"].includes(typeof value);
  return isPlain ? value as Value : undefined;
}

/** The node of a value; every part of it stands at one place. */
export function nodeOf(value: Value, at: Position): TreeNode {
  if (!Array.isArray(value)) return { kind: "scalar", value, at };
  return { kind: "list", items: value.map((item) => nodeOf(item, at)), at };
}
