/**
 * Why a stage runs, in a few words: what differs from its newest earlier result.
 * @module
 */
import type { ArtifactReference } from "./artifact.ts";
import type { Components, KeyParts } from "./cache_key.ts";
import type { Json } from "./canonical.ts";

/**
 * What differs between an earlier result and now, the user's own changes first. Outputs that are not
 * computed yet are left out: nobody knows whether they differ.
 */
export function differences(before: Components, now: KeyParts): string[] {
  const { components, references } = now;
  const found = diff(before.with, components.with, "", references);
  const note = (key: keyof Components, words: string) => {
    if (before[key] !== components[key]) found.push(words);
  };
  note("seed", `seed: ${before.seed} → ${components.seed}`);
  note("module", `uses: ${before.module} → ${components.module}`);
  note(
    "device",
    `device changed: ${before.device ?? "none"} → ${components.device ?? "none"}`,
  );
  note("version", `stage version: ${before.version} → ${components.version}`);
  note("source", "stage code changed");
  note("lock", "dependencies changed");
  note("format", "engine changed");
  return found;
}

/** The first difference, and how many there are beside it. */
export function summarize(found: readonly string[]): string {
  const [first = "", ...rest] = found;
  return rest.length === 0 ? first : `${first} (and ${rest.length} more)`;
}

type References = ReadonlyMap<string, ArtifactReference>;

function diff(
  before: Json | undefined,
  now: Json | undefined,
  path: string,
  references: References,
): string[] {
  if (isArtifact(now) && now.$artifact === null) return [];
  if (JSON.stringify(before) === JSON.stringify(now)) return [];
  if (isArtifact(before) && isArtifact(now)) {
    const reference = references.get(path);
    const cause = reference?.instance === undefined
      ? `file ${reference?.output}`
      : `another output of stage ${reference.instance}`;
    return [`input ${path} changed (${cause})`];
  }
  const keys = commonKeys(before, now);
  if (keys === undefined) {
    return [`input ${path}: ${words(before)} → ${words(now)}`];
  }
  const isChoice = keys.includes("uses") && keys.includes("version");
  if (isChoice && at(before, "uses") !== at(now, "uses")) {
    return [
      `input ${path}: ${words(at(before, "uses"))} → ${words(at(now, "uses"))}`,
    ];
  }
  return keys.flatMap((key) => {
    if (isChoice && key === "source") {
      return at(before, key) === at(now, key) ? [] : [`input ${path}: code changed`];
    }
    const inner = path === "" ? key : `${path}.${key}`;
    return diff(at(before, key), at(now, key), inner, references);
  });
}

/** Keys to compare one by one; undefined where the two are compared as a whole. */
function commonKeys(
  before: Json | undefined,
  now: Json | undefined,
): string[] | undefined {
  if (!isContainer(before) || !isContainer(now)) return undefined;
  if (isArtifact(before) || isArtifact(now)) return undefined;
  if (Array.isArray(before) !== Array.isArray(now)) return undefined;
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
  const isList = Array.isArray(before);
  if (isList && Object.keys(before).length !== Object.keys(now).length) {
    return undefined;
  }
  return [...keys];
}

function isContainer(
  value: Json | undefined,
): value is readonly Json[] | { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null;
}

function isArtifact(
  value: Json | undefined,
): value is { readonly $artifact: Json } {
  return isContainer(value) && "$artifact" in value;
}

function at(value: Json | undefined, key: string): Json | undefined {
  return isContainer(value) ? Reflect.get(value, key) : undefined;
}

function words(value: Json | undefined): string {
  if (value === undefined) return "none";
  if (isArtifact(value)) return "an artifact";
  const text = typeof value === "string"
    ? value
    : JSON.stringify(value, (_, inner) => isArtifact(inner) ? "…" : inner);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
