/**
 * Cache keys: SHA-256 over everything a stage's result depends on.
 * @module
 */
import { resolve } from "node:path";
import { type Artifact, ArtifactReference } from "./artifact.ts";
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

/** Computes keys for one workflow; remembers hashes of sources and literal paths. */
export class KeyMaker {
  readonly #sources = new Map<string, Promise<SourceHash>>();
  readonly #paths = new Map<string, string>();
  #lock: Promise<string | undefined> | undefined;

  /** For one workflow on one class of device. */
  constructor(
    readonly workflow: Workflow,
    readonly deviceClass: string | undefined,
  ) {}

  /** SHA-256 of a literal path's file or folder, once a key was made of it. */
  pathHash(path: string): string | undefined {
    return this.#paths.get(path);
  }

  /** The parts of an instance's key. */
  async parts(
    instance: StageInstance,
    outputHash: OutputHash,
  ): Promise<KeyParts> {
    const { module } = instance;
    await this.#hashPaths(instance.input);
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
    const obstacle = input.obstacle ?? source.obstacle ??
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
        return { $artifact: this.#paths.get(output) ?? null };
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

  async #hashPaths(input: unknown): Promise<void> {
    const paths = new Set<string>();
    try {
      canonical(input, (reference) => {
        if (
          reference instanceof ArtifactReference &&
          reference.instance === undefined
        ) paths.add(reference.output);
        return null;
      });
    } catch (error) {
      if (!(error instanceof NotCanonicalError)) throw error;
    }
    for (const path of paths) {
      if (this.#paths.has(path)) continue;
      this.#paths.set(
        path,
        await hashPath(resolve(this.workflow.folder, path)),
      );
    }
  }

  #source(url: string): Promise<SourceHash> {
    const known = this.#sources.get(url) ?? hashSource(url);
    this.#sources.set(url, known);
    return known;
  }
}
