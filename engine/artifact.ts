/**
 * Artifacts: what one stage leaves and another reads, addressed by content.
 * @module
 */
import { z } from "zod";
import { isPackageFolder, packageFolder } from "./package_folder.ts";

/** A committed output: a file or folder on disk whose hash was verified. */
export class Artifact {
  /** Creates a handle; the store does this after verifying. */
  constructor(
    /** "dataset", "model", "onnx", "results", "metrics"… */
    readonly kind: string,
    /** Absolute path of the file or folder. Read-only. */
    readonly path: string,
    /**
     * SHA-256 of the file, or of a folder's sorted listing of paths and hashes. Lower-case hex; "" for a
     * path of the user's own that cannot be hashed, whose stage is then not cached.
     */
    readonly hash: string,
    /** Stage instance and output it came from, as `policy.model`; or the path as the user wrote it. */
    readonly origin: string,
  ) {}
}

/** SHA-256, lower-case hex, of what matters of a file or folder. */
export type Fingerprint = (path: string) => string | Promise<string>;

/** Stands for an output that is not computed yet, while a workflow is validated and planned. */
export class ArtifactReference {
  /** Created by the loader for `${{ stages.X.outputs.Y }}` and for literal paths. */
  constructor(
    /** Kind the upstream stage declares; undefined for a path the user wrote. */
    readonly kind: string | undefined,
    /** Stage instance it comes from; undefined for a path. */
    readonly instance: string | undefined,
    /** Output name, or the path. */
    readonly output: string,
    /** What of a path matters; undefined where all of it does. */
    readonly fingerprint?: Fingerprint | undefined,
  ) {}
}

/**
 * Schema of an input that takes an artifact of one of the given kinds. A workflow gives a reference
 * (`${{ stages.X.outputs.Y }}`) or the path of a file or folder; the stage gets an
 * {@linkcode Artifact}. Code that makes modules without a workflow passes the path itself.
 */
export function artifact(...kinds: string[]): z.ZodType<Artifact | string> {
  const expected = kinds.join(" or ");
  return z.custom<Artifact | string>((value) => {
    if (value instanceof Artifact) return true;
    if (typeof value === "string") return value.length > 0;
    return value instanceof ArtifactReference &&
      (value.kind === undefined || kinds.includes(value.kind));
  }, {
    error: (issue) => {
      const got = issue.input instanceof ArtifactReference
        ? `output "${issue.input.output}" of stage "${issue.input.instance}", which is a ${issue.input.kind}`
        : issue.input === undefined
        ? "nothing"
        : JSON.stringify(issue.input);
      return `expected a ${expected} (a reference like \${{ stages.NAME.outputs.OUTPUT }}, or a path), got ${got}`;
    },
  }).meta({ artifact: kinds, description: `a ${expected}` });
}

const fingerprints = new WeakMap<z.core.$ZodType, Fingerprint>();

/**
 * Schema of an input that takes a folder of the user's own, of which not everything matters: a
 * repository with its build outputs, say. The cache key has `fingerprint` of it in place of the hash of
 * all its files. Otherwise as {@linkcode artifact}.
 */
export function sourceFolder(fingerprint: Fingerprint): z.ZodType<Artifact | string> {
  const schema = artifact("folder");
  fingerprints.set(schema, fingerprint);
  return schema;
}

/** The fingerprint of a schema that {@linkcode sourceFolder} made. */
export function fingerprintOf(schema: z.core.$ZodType): Fingerprint | undefined {
  // A schema that was given a description is a copy whose parent is the original.
  let original: z.core.$ZodType | undefined = schema;
  while (original !== undefined && !fingerprints.has(original)) {
    original = original._zod.parent;
  }
  return original && fingerprints.get(original);
}

/**
 * The path behind an input of {@linkcode artifact}'s type. Throws an Error where a text names a module
 * of a package that is not installed (`package_folder.ts`).
 */
export function artifactPath(value: Artifact | string): string {
  if (typeof value !== "string") return value.path;
  return isPackageFolder(value) ? packageFolder(value) : value;
}
