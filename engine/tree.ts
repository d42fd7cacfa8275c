/**
 * A workflow's values with the place each one was written at.
 *
 * A tree is what the loader works on: aliases are resolved, overrides put in, references replaced,
 * and every node still knows its token.
 * @module
 */
import type { Position } from "./diagnostics.ts";

/** A value that is neither list nor map. */
export interface ScalarNode {
  /** Which node it is. */
  readonly kind: "scalar";
  /** Text, number, boolean or null; after resolving also an artifact reference or a user's module. */
  readonly value: unknown;
  /** Where it begins. */
  readonly at: Position;
  /** Where each `${{` of a text stands. */
  readonly expressions?: readonly Position[];
  /** Where a text's first character stands, if the text stands there as it is, on one line. */
  readonly textAt?: Position | undefined;
  /** True where an error was already reported, so that nothing else is said of it. */
  readonly broken?: boolean;
  /** True for an input that was not given and need not be: whatever it stands for is left out. */
  readonly absent?: boolean;
}

/** A list. */
export interface ListNode {
  /** Which node it is. */
  readonly kind: "list";
  /** In order. */
  readonly items: readonly TreeNode[];
  /** Where it begins. */
  readonly at: Position;
}

/** A map, in the order it was written. */
export interface MapNode {
  /** Which node it is. */
  readonly kind: "map";
  /** Key → where the key stands, and the value. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** Where it begins. */
  readonly at: Position;
}

/** A key of a map and its value. */
export interface Entry {
  /** Where the key stands. */
  readonly key: Position;
  /** What stands under it. */
  readonly value: TreeNode;
}

/** Any node. */
export type TreeNode = ScalarNode | ListNode | MapNode;

/** The plain value of a node. */
export function plain(node: TreeNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(plain);
  return Object.fromEntries(
    [...node.entries].map(([key, { value }]) => [key, plain(value)]),
  );
}

/** A child of a node. */
export function child(
  node: TreeNode | undefined,
  key: PropertyKey,
): Entry | undefined {
  if (node?.kind === "map") return node.entries.get(String(key));
  if (node?.kind !== "list") return undefined;
  const item = node.items[Number(key)];
  return item === undefined ? undefined : { key: item.at, value: item };
}

/** A map's child that is a map itself. */
export function mapAt(node: TreeNode, key: string): MapNode | undefined {
  const found = child(node, key)?.value;
  return found?.kind === "map" ? found : undefined;
}

/** The node at a path; undefined where there is none. */
export function descend(
  root: TreeNode,
  path: readonly PropertyKey[],
): TreeNode | undefined {
  let node: TreeNode | undefined = root;
  for (const key of path) node = child(node, key)?.value;
  return node;
}

/** Place of the key at a path, or of the nearest key above it that exists; `top` for the root. */
export function keyPosition(
  root: TreeNode,
  path: readonly PropertyKey[],
  top: Position,
): Position {
  let position = top;
  let node: TreeNode | undefined = root;
  for (const key of path) {
    const entry = child(node, key);
    if (entry === undefined) return position;
    position = entry.key;
    node = entry.value;
  }
  return position;
}

/** Whether an error was already reported on the node or anything below it. */
export function isBroken(node: TreeNode): boolean {
  if (node.kind === "scalar") return node.broken === true;
  const children = node.kind === "list"
    ? node.items
    : [...node.entries.values()].map(({ value }) => value);
  return children.some(isBroken);
}

/** How many nodes a tree has. */
export function sizeOf(node: TreeNode): number {
  if (node.kind === "scalar") return 1;
  const children = node.kind === "list"
    ? node.items
    : [...node.entries.values()].map(({ value }) => value);
  return children.reduce((sum, item) => sum + sizeOf(item), 1);
}

/** Whether the node stands for an input that was not given. */
export function isAbsent(node: TreeNode): boolean {
  return node.kind === "scalar" && node.absent === true;
}

/** The tree with every scalar replaced; `key` is the map key it stands under, if any. */
export function mapScalars(
  node: TreeNode,
  replace: (scalar: ScalarNode, key: string | undefined) => TreeNode,
  key?: string,
): TreeNode {
  if (node.kind === "scalar") return replace(node, key);
  if (node.kind === "list") {
    return {
      ...node,
      items: node.items.map((item) => mapScalars(item, replace)),
    };
  }
  const entries = [...node.entries].map(([name, entry]) =>
    [
      name,
      { ...entry, value: mapScalars(entry.value, replace, name) },
    ] as const
  );
  return { ...node, entries: new Map(entries) };
}
