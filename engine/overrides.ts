/**
 * `--set path=value`: changes a workflow before it is looked at.
 * @module
 */
import { type Diagnostics, suggest } from "./diagnostics.ts";
import { child, type MapNode, plain, type TreeNode } from "./tree.ts";
import { parseYamlValue } from "./yaml_tree.ts";

/** The tree with every override put in, and what they changed: path → value. */
export function applyOverrides(
  tree: TreeNode,
  overrides: readonly string[],
  diagnostics: Diagnostics,
): { tree: TreeNode; changed: Record<string, unknown> } {
  const changed: Record<string, unknown> = {};
  for (const override of overrides) {
    const at = { source: `--set ${override}` };
    const equals = override.indexOf("=");
    const path = override.slice(0, Math.max(equals, 0)).split(".");
    if (equals < 1 || path.includes("")) {
      diagnostics.add(
        at,
        "bad-override",
        "expected path=value, as stages.rl.with.steps=500",
      );
      continue;
    }
    const value = parseYamlValue(
      override.slice(equals + 1),
      at.source,
      diagnostics,
    );
    if (value === undefined) continue;
    try {
      tree = put(tree, path, 0, value);
      changed[path.join(".")] = plain(value);
    } catch (error) {
      if (!(error instanceof OverrideError)) throw error;
      diagnostics.add(at, "bad-override", error.message);
    }
  }
  return { tree, changed };
}

/** An override that has no place in the workflow. */
class OverrideError extends Error {}

const NAMES = ["stages", "vars", "inputs"];

function put(
  node: TreeNode,
  path: readonly string[],
  depth: number,
  value: TreeNode,
): TreeNode {
  const key = path[depth];
  if (key === undefined) return value;
  const below = child(node, key);
  const last = depth === path.length - 1;
  if (node.kind === "list") {
    if (below === undefined) {
      throw new OverrideError(
        `"${
          path.slice(0, depth).join(".")
        }" has ${node.items.length} items, none of which is number ${key} (the first is 0)`,
      );
    }
    const items = node.items.map((item, index) =>
      index === Number(key) ? put(item, path, depth + 1, value) : item
    );
    return { ...node, items };
  }
  if (node.kind === "scalar" && node.value !== null) {
    throw new OverrideError(
      `"${path.slice(0, depth).join(".")}" is ${
        JSON.stringify(node.value)
      }, which has nothing below it to set`,
    );
  }
  const entries = new Map((node as MapNode).entries ?? []);
  // A stage or variable that is not there would only be reported as incomplete or unused.
  const isNamed = depth === 1 && NAMES.includes(path[0] ?? "");
  if (below === undefined && isNamed) {
    throw new OverrideError(
      `the workflow has no ${path[0]?.slice(0, -1)} "${key}"${suggest(key, [...entries.keys()])}`,
    );
  }
  const inner = below?.value ??
    { kind: "map", entries: new Map(), at: value.at } as const;
  entries.set(key, {
    key: below?.key ?? value.at,
    value: last ? value : put(inner, path, depth + 1, value),
  });
  return { kind: "map", entries, at: node.at };
}
