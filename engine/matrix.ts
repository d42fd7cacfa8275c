/**
 * `matrix: { seed: [1, 2], lr: [0.1] }` → one instance for each combination.
 *
 * `exclude` takes combinations away, then `include` adds to them, both as GitHub Actions does: an
 * entry of `include` joins every combination it does not contradict, and is one of its own where
 * there is none.
 * @module
 */
import { type Diagnostics, suggest } from "./diagnostics.ts";
import { MAX_INSTANCES } from "./limits.ts";
import { nameProblem } from "./syntax.ts";
import { type MapNode, mapScalars, plain, type TreeNode } from "./tree.ts";

/** One combination of a matrix. */
export interface Combination {
  /** What stands behind the stage's name: ` (seed=1, lr=0.1)`; empty without a matrix. */
  readonly suffix: string;
  /** Matrix name → value; undefined without a matrix. */
  readonly values: ReadonlyMap<string, TreeNode> | undefined;
}

type Values = Map<string, TreeNode>;

/**
 * Every combination; the first name of the matrix varies slowest, what `include` adds comes last.
 * Undefined where the matrix is wrong, which is reported.
 */
export function expandMatrix(
  matrix: MapNode,
  diagnostics: Diagnostics,
): Combination[] | undefined {
  const axes = new Map(
    [...matrix.entries].filter(([name]) => name !== "include" && name !== "exclude")
      .map(([name, { value }]) => [name, value.kind === "list" ? value.items : []]),
  );
  refuseRepeats(axes, diagnostics);
  const count = [...axes.values()].reduce((product, items) => product * items.length, 1);
  if (count > MAX_INSTANCES) {
    const message = `the matrix has ${count} combinations, at most ${MAX_INSTANCES} are possible`;
    diagnostics.add(matrix.at, "too-many-stages", message);
    return undefined;
  }
  const product = multiply(axes);
  const left = exclude(product, mapsAt(matrix, "exclude"), axes, diagnostics);
  const combinations = include(left, mapsAt(matrix, "include"), axes, diagnostics);
  if (combinations.length > 0) {
    return combinations.map((values) => ({ suffix: suffixOf(values), values }));
  }
  diagnostics.add(
    matrix.at,
    "empty-matrix",
    product.length > 0
      ? 'nothing is left of the matrix: "exclude" takes every combination away'
      : "the matrix is empty: give names with lists of values, as seed: [1, 2, 3]",
  );
  return undefined;
}

/** Reports the names of a stage's matrix that cannot be named in an expression. */
export function checkNames(
  matrix: TreeNode | undefined,
  stage: string,
  diagnostics: Diagnostics,
): void {
  if (matrix?.kind !== "map") return;
  for (const [name, { key }] of matrix.entries) {
    const problem = nameProblem(name);
    if (problem === undefined) continue;
    diagnostics.add(key, "bad-name", `key "matrix.${name}" of stage "${stage}": ${problem}`);
  }
}

/**
 * Reports names of a matrix that nothing of its stage mentions: instances would differ in nothing but
 * their names.
 * @param places what the stage may mention names in
 * @param variables names that variables of the file mention
 */
export function checkUses(
  matrix: MapNode,
  stage: string,
  places: readonly (TreeNode | undefined)[],
  variables: ReadonlySet<string>,
  diagnostics: Diagnostics,
): void {
  const keys = [...matrix.entries].filter(([name]) => name !== "include" && name !== "exclude")
    .map(([name, { key }]) => [name, key] as const);
  const added = mapsAt(matrix, "include").flatMap(({ entries }) =>
    [...entries].map(([name, { key }]) => [name, key] as const)
  );
  const used = new Set(places.flatMap((place) => place ? [...matrixMentions(place)] : []));
  const names = new Set([...keys, ...added].map(([name]) => name));
  // A name that the matrix lacks is reported where it stands, and may be what was meant.
  if (![...used].every((name) => names.has(name))) return;
  const reported = new Set<string>();
  // What is added to combinations makes no more of them: it may be there to name them.
  for (const [name, key] of keys.length > 0 ? keys : added) {
    if (name === "seed" || used.has(name) || variables.has(name) || reported.has(name)) continue;
    reported.add(name);
    const message =
      `nothing in stage "${stage}" uses "matrix.${name}", so its instances would do ` +
      'the same work: name it in "with", "if" or "seed", or take it out of the matrix';
    diagnostics.add(key, "unused-matrix", message);
  }
}

/** Names of matrix values that a tree's texts mention. */
export function matrixMentions(node: TreeNode): Set<string> {
  const found = new Set<string>();
  mapScalars(node, (scalar) => {
    if (typeof scalar.value !== "string") return scalar;
    for (const [, name] of scalar.value.matchAll(/\bmatrix\.([\w-]+)/g)) found.add(name!);
    return scalar;
  });
  return found;
}

type Axes = ReadonlyMap<string, readonly TreeNode[]>;

function multiply(axes: Axes): Values[] {
  if (axes.size === 0) return [];
  let combinations: Values[] = [new Map()];
  for (const [name, items] of axes) {
    combinations = combinations.flatMap((combination) =>
      items.map((item) => new Map([...combination, [name, item]]))
    );
  }
  return combinations;
}

function exclude(
  combinations: Values[],
  entries: readonly MapNode[],
  axes: Axes,
  diagnostics: Diagnostics,
): Values[] {
  return entries.reduce((left, entry) => {
    for (const [name, { key }] of entry.entries) {
      if (axes.has(name)) continue;
      diagnostics.add(
        key,
        "unknown-matrix",
        `the matrix has no "${name}" to exclude${suggest(name, [...axes.keys()])}`,
      );
      return left;
    }
    const matches = (values: Values) =>
      [...entry.entries].every(([name, { value }]) => isSame(values.get(name), value));
    if (!combinations.some(matches)) {
      const wanted = suffixOf(valuesOf(entry)).trim();
      const message = `the matrix has no combination ${wanted}, so this excludes nothing`;
      diagnostics.add(entry.at, "excludes-nothing", message);
    }
    return left.filter((values) => !matches(values));
  }, combinations);
}

function include(
  combinations: Values[],
  entries: readonly MapNode[],
  axes: Axes,
  diagnostics: Diagnostics,
): Values[] {
  const all = combinations.map((values) => new Map(values));
  const added: { values: Values; entry: MapNode }[] = [];
  for (const entry of entries) {
    const values = valuesOf(entry);
    const joined = all.filter((combination) =>
      [...values].every(([name, value]) => !axes.has(name) || isSame(combination.get(name), value))
    );
    for (const combination of joined) {
      for (const [name, value] of values) {
        if (!axes.has(name)) combination.set(name, value);
      }
    }
    if (joined.length === 0) added.push({ values, entry });
  }
  const seen = new Set(all.map(suffixOf));
  for (const { values, entry } of added) {
    const name = suffixOf(values);
    if (seen.has(name)) {
      const message = `the matrix has${name} twice: two instances would have the same name`;
      diagnostics.add(entry.at, "duplicate-value", message);
    }
    seen.add(name);
  }
  return [...all, ...added.map(({ values }) => values)];
}

function mapsAt(matrix: MapNode, key: string): MapNode[] {
  const node = matrix.entries.get(key)?.value;
  return node?.kind === "list" ? node.items.filter((item) => item.kind === "map") : [];
}

function valuesOf({ entries }: MapNode): Values {
  return new Map([...entries].map(([name, { value }]) => [name, value]));
}

function isSame(one: TreeNode | undefined, other: TreeNode): boolean {
  return one !== undefined && plain(one) === plain(other);
}

function suffixOf(values: Values): string {
  return ` (${[...values].map(([name, item]) => `${name}=${words(item)}`).join(", ")})`;
}

function words(item: TreeNode): string {
  return item.kind === "scalar" ? String(item.value) : item.kind;
}

function refuseRepeats(axes: Axes, diagnostics: Diagnostics): void {
  for (const [name, items] of axes) {
    const seen = new Set<string>();
    for (const item of items) {
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
