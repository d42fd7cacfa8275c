/**
 * Artifacts among a stage's values: literal paths are found by the schema, and references become
 * artifacts once those exist.
 * @module
 */
import { z } from "zod";
import { type Artifact, ArtifactReference, type Fingerprint, fingerprintOf } from "./artifact.ts";
import type { StageModule } from "./module.ts";
import { childSchema, strict, unwrap } from "./schemas.ts";
import type { Secrets } from "./secrets.ts";
import { slotOptions } from "./slot.ts";
import { plain, type ScalarNode, type TreeNode } from "./tree.ts";

/** Makes the reference for a path: where it stands, and what of it matters. */
export type FoundPath = (
  path: string,
  node: ScalarNode,
  fingerprint?: Fingerprint,
) => ArtifactReference;

/**
 * The tree with every text that stands where the schema wants an artifact replaced by a reference to
 * that path, which `found` makes.
 */
export function markPaths(
  schema: z.ZodType,
  node: TreeNode,
  found: FoundPath,
): TreeNode {
  const options = unwrap(schema);
  if (node.kind === "scalar") {
    if (typeof node.value !== "string" || !options.some(isArtifact)) {
      return node;
    }
    // What a transform starts from may take anything; the transform itself decides, and is among them.
    const others = options.filter((option) =>
      !isArtifact(option) && !(option instanceof z.ZodUnknown)
    );
    if (others.some((option) => option.safeParse(node.value).success)) {
      return node;
    }
    const fingerprint = options.map(fingerprintOf).find((print) => print !== undefined);
    return { ...node, value: found(node.value, node, fingerprint) };
  }
  if (node.kind === "list") {
    const items = node.items.map((item, index) =>
      options.reduce((marked, option) => {
        const inner = childSchema(option, index);
        return inner ? markPaths(inner, marked, found) : marked;
      }, item)
    );
    return { ...node, items };
  }
  const entries = [...node.entries].map(([key, entry]) => {
    const value = options.reduce((marked, option) => {
      const inner = childSchema(option, key) ??
        (key === "with" ? slotOptions(option, plain(node)) : undefined);
      return inner ? markPaths(inner, marked, found) : marked;
    }, entry.value);
    return [key, { ...entry, value }] as const;
  });
  return { ...node, entries: new Map(entries) };
}

function isArtifact(schema: z.ZodType): boolean {
  return Array.isArray(schema.meta()?.["artifact"]);
}

/** The values with every reference replaced by its artifact. */
export function placeArtifacts(
  values: unknown,
  artifact: (reference: ArtifactReference) => Artifact,
): unknown {
  return change(values, (value) => value instanceof ArtifactReference ? artifact(value) : value);
}

/** What a module is given: its `with`, artifacts already in place, with secrets in place too. */
export function parseInput(module: StageModule, values: unknown, secrets: Secrets): unknown {
  const revealed = change(
    values,
    (value) => typeof value === "string" ? secrets.reveal(value) : value,
  );
  return strict(module.with).parse(revealed);
}

/** The values with every leaf changed. */
function change(values: unknown, leaf: (value: unknown) => unknown): unknown {
  if (Array.isArray(values)) return values.map((item) => change(item, leaf));
  if (!isPlainObject(values)) return leaf(values);
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, change(value, leaf)]),
  );
}

/** True for `{ … }`, false for instances of classes. */
export function isPlainObject(
  value: unknown,
): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
