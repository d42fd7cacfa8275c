/**
 * `matrix: { seed: [1, 2], lr: [0.1] }` → one instance for each combination.
 * @module
 */
import type { Diagnostics } from "./diagnostics.ts";
import type { MapNode, TreeNode } from "./tree.ts";

/** One combination of a matrix. */
export interface Combination {
  /** What stands behind the stage's name: ` (seed=1, lr=0.1)`; empty without a matrix. */
  readonly suffix: string;
  /** Matrix name → value; undefined without a matrix. */
  readonly values: ReadonlyMap<string, TreeNode> | undefined;
}

/** Every combination; the first name of the matrix varies slowest. */
export function expandMatrix(
  matrix: TreeNode | undefined,
  diagnostics: Diagnostics,
): Combination[] {
  if (matrix?.kind !== "map") return [{ suffix: "", values: undefined }];
  refuseRepeats(matrix, diagnostics);
  let combinations: [string, TreeNode][][] = [[]];
  for (const [name, { value }] of matrix.entries) {
    const items = value.kind === "list" ? value.items : [];
    combinations = combinations.flatMap((combination) =>
      items.map((item) => [...combination, [name, item] as [string, TreeNode]])
    );
  }
  return combinations.map((combination) => ({
    suffix: ` (${combination.map(([name, item]) => `${name}=${words(item)}`).join(", ")})`,
    values: new Map(combination),
  }));
}

function words(item: TreeNode): string {
  return item.kind === "scalar" ? String(item.value) : item.kind;
}

function refuseRepeats(matrix: MapNode, diagnostics: Diagnostics): void {
  for (const [name, { value }] of matrix.entries) {
    if (value.kind !== "list") continue;
    const seen = new Set<string>();
    for (const item of value.items) {
      if (seen.has(words(item))) {
        diagnostics.add(
          item.at,
          "duplicate-value",
          `the matrix has ${
            words(item)
          } twice under "${name}": two instances would have the same name`,
        );
      }
      seen.add(words(item));
    }
  }
}
