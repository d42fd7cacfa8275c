/**
 * The results a run has so far: what later instances read, and what is told of it in the run's folder.
 * @module
 */
import { join, resolve } from "node:path";
import { Artifact, type ArtifactReference } from "./artifact.ts";
import { canonical, NotCanonicalError } from "./canonical.ts";
import { parseInput, placeArtifacts } from "./inputs.ts";
import type { DeviceChoice } from "./module.ts";
import { hashesOf, type KnownOutputs, type Planner } from "./plan.ts";
import type { CommittedResult } from "./result_index.ts";
import type { Secrets } from "./secrets.ts";
import type { StageInstance } from "./workflow.ts";

/** Committed results by instance. Their artifacts were verified or just made. */
export class RunResults {
  readonly #planner: Planner;
  readonly #results = new Map<string, CommittedResult>();
  readonly #hashes = new Map<string, Readonly<Record<string, string>>>();

  readonly #secrets: Secrets;

  /** Empty. */
  constructor(planner: Planner, secrets: Secrets) {
    this.#planner = planner;
    this.#secrets = secrets;
  }

  /** Hashes of every output so far. */
  get known(): KnownOutputs {
    return this.#hashes;
  }

  /** Keeps a result and writes the instance's `outputs.json`. */
  add(
    instance: StageInstance,
    folder: string,
    result: CommittedResult,
  ): void {
    this.#results.set(instance.name, result);
    this.#hashes.set(instance.name, hashesOf(result));
    const outputs = Object.entries(result.outputs).map(([name, output]) => {
      const path = this.#planner.artifacts.path(output.hash);
      return [name, { ...output, path }];
    });
    writeJson(join(folder, "outputs.json"), Object.fromEntries(outputs));
  }

  /** An instance's outputs as artifacts; undefined where it has no result. */
  outputs({ name }: StageInstance): Record<string, Artifact> | undefined {
    const result = this.#results.get(name);
    return result && Object.fromEntries(
      Object.keys(result.outputs).map((
        output,
      ) => [output, this.#artifact({ kind: undefined, instance: name, output })]),
    );
  }

  /** The values of the instance's `with`, artifacts in place, secrets as placeholders. */
  values(instance: StageInstance): unknown {
    return placeArtifacts(instance.values, (reference) => this.#artifact(reference));
  }

  /** What the instance's module is given: its `with`, artifacts and secrets in place. */
  input(instance: StageInstance): unknown {
    return parseInput(instance.module, this.values(instance), this.#secrets);
  }

  /** Writes the instance's `inputs.json`. */
  writeInputs(
    instance: StageInstance,
    folder: string,
    device: DeviceChoice,
  ): void {
    const { module } = instance;
    writeJson(join(folder, "inputs.json"), {
      uses: instance.uses,
      version: module.version,
      seed: instance.seed,
      ...(module.usesDevice &&
        { device, class: this.#planner.keys.deviceClass }),
      with: this.#describeInput(instance),
    });
  }

  #describeInput(instance: StageInstance): unknown {
    try {
      return canonical(instance.input, (reference) => {
        const artifact = reference instanceof Artifact ? reference : this.#artifact(reference);
        const { kind, hash, path, origin } = artifact;
        return { kind, hash, path, origin };
      });
    } catch (error) {
      if (error instanceof NotCanonicalError) return error.message;
      throw error;
    }
  }

  #artifact(reference: ArtifactReference): Artifact {
    const { instance, output } = reference;
    const { workflow, keys, artifacts } = this.#planner;
    if (instance === undefined) {
      const path = resolve(workflow.folder, output);
      return new Artifact("path", path, keys.pathHash(reference) ?? "", output);
    }
    const found = this.#results.get(instance)?.outputs[output];
    if (found === undefined) {
      throw new Error(`stage ${instance} has left no output "${output}"`);
    }
    const path = resolve(artifacts.path(found.hash));
    return new Artifact(found.kind, path, found.hash, `${instance}.${output}`);
  }
}

/** At once: handing a file this small to another thread would take many times as long. */
function writeJson(path: string, value: unknown): void {
  Deno.writeTextFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
