/**
 * The `with` of one instance: references replaced, validated by the module's schema.
 * @module
 */
import { ArtifactReference } from "./artifact.ts";
import type { Position } from "./diagnostics.ts";
import { markPaths } from "./inputs.ts";
import { reportIssues } from "./issues.ts";
import { resolve } from "./resolve.ts";
import type { StageNames } from "./scope.ts";
import { strict } from "./schemas.ts";
import { type Draft, type FileContext, type Load, scopeOf, type Variant } from "./stage_draft.ts";
import type { ChosenModule } from "./stage_module.ts";
import { child, type MapNode, plain, type TreeNode } from "./tree.ts";

/** Where an instance's references are looked up. */
export interface Surroundings {
  /** Its file. */
  readonly context: FileContext;
  /** What the whole workflow shares. */
  readonly load: Load;
  /** The stages of its file. */
  readonly stages: StageNames;
  /** Told of each output that is named. */
  readonly onReference: (stage: string, at: Position) => void;
}

/** The instance's `with`, every reference replaced; undefined where it is no map. */
export function resolveWith(
  draft: Draft,
  variant: Variant,
  { context, load, stages, onReference }: Surroundings,
): MapNode | undefined {
  const { name, entry, tree } = draft;
  const node: TreeNode = child(tree, "with")?.value ??
    { kind: "map", entries: new Map(), at: entry.key };
  const resolved = resolve(node, {
    ...scopeOf(draft, variant, context, load),
    secrets: context.secrets,
    stages,
    onReference,
  }, load.diagnostics);
  if (resolved.kind === "map") return resolved;
  if (resolved.kind === "list" || !resolved.broken) {
    const message = `"with" of stage "${name}": expected a map of inputs`;
    load.diagnostics.add(node.at, "wrong-type", message);
  }
  return undefined;
}

/** What the module's schema makes of a resolved `with`; undefined where it refuses, which is reported. */
export function parseInput(
  { name, entry, tree }: Draft,
  { module }: ChosenModule,
  given: MapNode,
  { diagnostics, path }: Load,
): { values: unknown; input: unknown } | undefined {
  const schema = strict(module.with);
  const marked = markPaths(schema, given, path);
  const values = plain(marked);
  const parsed = schema.safeParse(values, { reportInput: true });
  if (parsed.success) return { values, input: parsed.data };
  reportIssues(parsed.error.issues, {
    name: `stage "${name}"`,
    word: "input",
    tree: marked,
    top: child(tree, "with")?.key ?? entry.key,
    schema,
  }, diagnostics);
  return undefined;
}

/** Instances whose outputs stand in a tree. */
export function readsOf(tree: TreeNode): Set<string> {
  const found = new Set<string>();
  const visit = (node: TreeNode) => {
    if (node.kind === "list") node.items.forEach(visit);
    else if (node.kind === "map") node.entries.forEach(({ value }) => visit(value));
    else if (node.value instanceof ArtifactReference && node.value.instance !== undefined) {
      found.add(node.value.instance);
    }
  };
  visit(tree);
  return found;
}
