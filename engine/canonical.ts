/**
 * Values as canonical JSON: the same value always gives the same text, and what has no such text is
 * an error, never a guess.
 * @module
 */
import { Artifact, ArtifactReference } from "./artifact.ts";
import { isPlainObject } from "./inputs.ts";
import { ModuleChoice } from "./slot.ts";

/** What JSON can say. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** A value that cannot be a part of a cache key. */
export class NotCanonicalError extends Error {}

/**
 * A stage's input as JSON, keys sorted, absent values left out. `artifact` says what stands for an
 * artifact or a reference to one, and is told its path. Throws a {@linkcode NotCanonicalError}.
 */
export function canonical(
  value: unknown,
  artifact: (value: Artifact | ArtifactReference, path: string) => Json,
  path = "",
): Json {
  const inner = (key: string, item: unknown) =>
    canonical(item, artifact, path === "" ? key : `${path}.${key}`);
  if (value instanceof Artifact || value instanceof ArtifactReference) {
    return artifact(value, path);
  }
  if (value instanceof ModuleChoice) return choiceJson(value, inner, path);
  if (
    value === null || typeof value === "boolean" || typeof value === "string"
  ) {
    return value;
  }
  if (typeof value === "number" && Number.isFinite(value)) {
    return value === 0 ? 0 : value;
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => inner(String(index), item ?? null));
  }
  if (isPlainObject(value)) {
    const keys = Object.keys(value).filter((key) => value[key] !== undefined);
    return Object.fromEntries(
      keys.sort().map((key) => [key, inner(key, value[key])]),
    );
  }
  throw new NotCanonicalError(
    `input ${path} has a value that JSON cannot say (a ${describe(value)})`,
  );
}

/** A registered module is told by its version, a user's own by its source as well. */
function choiceJson(
  choice: ModuleChoice,
  inner: (key: string, item: unknown) => Json,
  path: string,
): Json {
  const options = inner("with", choice.with);
  if (choice.source === undefined) {
    return { uses: choice.uses, version: choice.version, with: options };
  }
  if (choice.source === "") {
    throw new NotCanonicalError(
      `the source of ${path}, ${choice.uses}, cannot be hashed`,
    );
  }
  const file = choice.uses.slice(choice.uses.lastIndexOf("/") + 1);
  return {
    source: choice.source,
    uses: file,
    version: choice.version,
    with: options,
  };
}

function describe(value: unknown): string {
  if (typeof value === "number") return String(value);
  return value instanceof Object ? value.constructor.name : typeof value;
}
