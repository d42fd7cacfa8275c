/**
 * Cache keys: SHA-256 over everything a stage's result depends on.
 * @module
 */
import { resolve } from "node:path";
import { type Artifact, ArtifactReference, type Fingerprint } from "./artifact.ts";
import { canonical, type Json, NotCanonicalError } from "./canonical.ts";
import { hashPath, hashText } from "./hash.ts";
import { hashLockFile, hashSource, type SourceHash } from "./source_hash.ts";
import type { StageInstance, Workflow } from "./workflow.ts";

/** Raised whenever artifacts or keys are made in another way. */
export const ENGINE_FORMAT = 1;

/** What a key is made of. Kept with each result, so that a plan can tell what changed. */
export interface Components {
  /** {@linkcode ENGINE_FORMAT} */
  readonly format: number;
  /** Name of the stage module. */
  readonly module: string;
  /** The module's own version. */
  readonly version: string;
  /** Hash of the module's file and its local imports; null where it cannot be computed. */
  readonly source: string | null;
  /** Hash of the lock file; null where there is none. */
  readonly lock: string | null;
  /** The instance's seed. */
  readonly seed: number;
  /** Class of the device, for stages that compute on it; else null. */
  readonly device: string | null;
  /** The resolved `with`; an artifact is `{ "$artifact": hash }`, with null for one not computed yet. */
  readonly with: Json;
}

/** An instance's components, and what they lack. */
export interface KeyParts {
  /** What is known of them. */
  readonly components: Components;
  /** SHA-256 of the components; undefined where something is unknown or not computable. */
  readonly key: string | undefined;
  /** Instances whose outputs are not computed yet. */
  readonly pending: readonly string[];
  /** Why there can be no key at all, in a few words. */
  readonly obstacle: string | undefined;
  /** Path in `with` → reference, for messages. */
  readonly references: ReadonlyMap<string, ArtifactReference>;
}

/** Hash of an output of an instance; undefined while it is not computed. */
export type OutputHash = (
  instance: string,
  output: string,
) => string | undefined;

/** A literal path's hash, or what keeps it from being computed. */
interface PathHash {
  readonly hash?: string;
  readonly obstacle?: string;
}

/** Hashes of literal paths: of all their content, or of what matters of it. */
class PathHashes {
  readonly #known = new Map<Fingerprint, Map<string, PathHash>>();

  get({ output, fingerprint = hashPath }: ArtifactReference): PathHash {
    return this.#known.get(fingerprint)?.get(output) ?? {};
  }

  async hash(reference: ArtifactReference, folder: string): Promise<PathHash> {
    const { output, fingerprint = hashPath } = reference;
    const known = this.#known.get(fingerprint) ?? new Map<string, PathHash>();
    this.#known.set(fingerprint, known);
    const hashed = known.get(output) ?? await hashOf(resolve(folder, output), fingerprint);
    known.set(output, hashed);
    return hashed;
  }
}

async function hashOf(path: string, fingerprint: Fingerprint): Promise<PathHash> {
  try {
    return { hash: await fingerprint(path) };
  } catch (error) {
    return { obstacle: error instanceof Error ? error.message : String(error) };
  }
}

/** Computes keys for one workflow; remembers hashes of sources and literal paths. */
export class KeyMaker {
  readonly #sources = new Map<string, Promise<SourceHash>>();
  readonly #paths = new PathHashes();
  #lock: Promise<string | undefined> | undefined;

  /** For one workflow on one class of device. */
  constructor(
    readonly workflow: Workflow,
    readonly deviceClass: string | undefined,
  ) {}

  /** SHA-256 of a literal path's content, once a key was made of it; undefined where it has none. */
  pathHash(reference: ArtifactReference): string | undefined {
    return this.#paths.get(reference).hash;
  }

  /** The parts of an instance's key. */
  async parts(
    instance: StageInstance,
    outputHash: OutputHash,
  ): Promise<KeyParts> {
    const { module } = instance;
    const unhashed = await this.#hashPaths(instance.input);
    const input = this.#input(instance, outputHash);
    const source = await this.#source(instance.url);
    this.#lock ??= hashLockFile();
    const components: Components = {
      format: ENGINE_FORMAT,
      module: module.name,
      version: module.version,
      source: source.hash ?? null,
      lock: await this.#lock ?? null,
      seed: instance.seed,
      device: module.usesDevice ? this.deviceClass ?? null : null,
      with: input.with,
    };
    const obstacle = input.obstacle ?? unhashed ?? source.obstacle ??
      (module.usesDevice && this.deviceClass === undefined ? "the device is unknown" : undefined);
    const complete = obstacle === undefined && input.pending.size === 0;
    return {
      components,
      key: complete ? hashText(JSON.stringify(components)) : undefined,
      pending: [...input.pending],
      obstacle,
      references: input.references,
    };
  }

  #input(instance: StageInstance, outputHash: OutputHash) {
    const pending = new Set<string>();
    const references = new Map<string, ArtifactReference>();
    const artifact = (
      reference: Artifact | ArtifactReference,
      path: string,
    ): Json => {
      if (!(reference instanceof ArtifactReference)) {
        throw new NotCanonicalError(`input ${path} is no reference`);
      }
      references.set(path, reference);
      const { instance: from, output } = reference;
      if (from === undefined) {
        return { $artifact: this.pathHash(reference) ?? null };
      }
      const hash = outputHash(from, output);
      if (hash === undefined) pending.add(from);
      return { $artifact: hash ?? null };
    };
    try {
      const json = canonical(instance.input, artifact);
      return { with: json, pending, references, obstacle: undefined };
    } catch (error) {
      if (!(error instanceof NotCanonicalError)) throw error;
      return { with: null, pending, references, obstacle: error.message };
    }
  }

  /** Hashes every literal path in the input. Returns why one cannot be, if one cannot. */
  async #hashPaths(input: unknown): Promise<string | undefined> {
    const found: ArtifactReference[] = [];
    try {
      canonical(input, (reference) => {
        if (reference instanceof ArtifactReference && reference.instance === undefined) {
          found.push(reference);
        }
        return null;
      });
    } catch (error) {
      if (!(error instanceof NotCanonicalError)) throw error;
    }
    let obstacle: string | undefined;
    for (const reference of found) {
      const hashed = await this.#paths.hash(reference, this.workflow.folder);
      obstacle ??= hashed.obstacle;
    }
    return obstacle;
  }

  #source(url: string): Promise<SourceHash> {
    const known = this.#sources.get(url) ?? hashSource(url);
    this.#sources.set(url, known);
    return known;
  }
}
