/**
 * What a run does about one instance: takes the earlier result, or computes one and commits it.
 * @module
 */
import { join, relative, resolve } from "node:path";
import { type AttemptResult, runAttempts, StageFailure } from "./attempts.ts";
import type { KeyParts } from "./cache_key.ts";
import { checkpointsFolder } from "./layout.ts";
import type { Lease } from "./leases.ts";
import { type Decision, hashesOf } from "./plan.ts";
import type { CommittedResult } from "./result_index.ts";
import type { RunResults } from "./results.ts";
import type { RunParts } from "./run.ts";
import type { StageInstance } from "./workflow.ts";

/** One instance in one run; used once. */
export class InstanceRun {
  readonly #run: RunParts;
  readonly #results: RunResults;
  readonly #instance: StageInstance;
  readonly #folder: string;
  readonly #decide: () => Promise<Decision>;

  /** `folder` is the instance's in the run; `decide` decides again, by what is there at that time. */
  constructor(
    run: RunParts,
    results: RunResults,
    instance: StageInstance,
    folder: string,
    decide: () => Promise<Decision>,
  ) {
    this.#run = run;
    this.#results = results;
    this.#instance = instance;
    this.#folder = folder;
    this.#decide = decide;
  }

  /** Does as decided. Throws a {@linkcode StageFailure}, or what kept the result from being committed. */
  async carryOut({ reason, result }: Decision, parts: KeyParts): Promise<void> {
    if (result === undefined) return await this.#compute(reason, parts);
    const damaged = await this.#damagedOutput(result);
    if (damaged === undefined) return this.#take(reason, result);
    await this.#compute(`the output ${damaged} of the earlier result is damaged`, parts);
  }

  /** Name of an output that does not match its hash; it is set aside and a warning recorded. */
  async #damagedOutput(
    result: CommittedResult,
  ): Promise<string | undefined> {
    const { artifacts } = this.#run.planner;
    for (const [name, { hash }] of Object.entries(result.outputs)) {
      if (await artifacts.verify(hash)) continue;
      const place = await artifacts.quarantine(hash);
      const now = place === undefined ? "it is gone" : `moved to ${place}`;
      this.#log(
        "warning",
        `artifact ${hash} (${this.#instance.name}.${name}) does not match its hash: ${now}, computing it again`,
      );
      return name;
    }
    return undefined;
  }

  #take(reason: string, result: CommittedResult): void {
    const { planner, recorder, device } = this.#run;
    const instance = this.#instance;
    const folder = this.#folder;
    this.#results.writeInputs(instance, folder, device);
    this.#results.add(instance, folder, result);
    // The newest result of this instance is the one that reasons compare with.
    const newest = planner.index.newest(planner.workflow.name, instance.name);
    if (newest?.key !== result.key) {
      planner.index.commit({
        ...result,
        workflow: planner.workflow.name,
        instance: instance.name,
      });
    }
    recorder.emit({
      type: "stage-cached",
      stage: instance.name,
      reason,
      seconds: result.seconds,
      outputs: hashesOf(result),
    });
  }

  /** Computes what no other run computes; where one does, takes its result once it is there. */
  async #compute(
    reason: string,
    parts: KeyParts,
  ): Promise<void> {
    const lease = await this.#acquire(parts);
    let finished = false;
    try {
      const result = lease && await this.#resultBy();
      if (result !== undefined) {
        this.#take("same inputs", result);
      } else {
        await this.#runStage(reason, parts, lease);
      }
      finished = true;
    } finally {
      lease?.release(finished || !await exists(checkpointsFolder(this.#folder)));
    }
  }

  /** Undefined where the result has no key: nobody else can want the same. */
  async #acquire(
    { key }: KeyParts,
  ): Promise<Lease | undefined> {
    const { leases, recorder, planner, signal } = this.#run;
    if (key === undefined) return undefined;
    const place = relative(planner.artifacts.runsFolder, this.#folder);
    const onWait = (run: string) => {
      const owner = run === recorder.id ? "another stage of this run" : `run ${run}`;
      this.#log("info", `waiting for ${owner}, which computes the same`);
    };
    try {
      return await leases.acquire(key, place, { signal, onWait });
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new StageFailure("interrupted", 0, true, { cause: error });
    }
  }

  /** What another run has committed since this one looked, whole. */
  async #resultBy(): Promise<CommittedResult | undefined> {
    const { result } = await this.#decide();
    if (result === undefined) return undefined;
    return await this.#damagedOutput(result) === undefined ? result : undefined;
  }

  async #runStage(
    reason: string,
    parts: KeyParts,
    lease: Lease | undefined,
  ): Promise<void> {
    const { recorder, device } = this.#run;
    const instance = this.#instance;
    const folder = this.#folder;
    const values = this.#results.values(instance);
    this.#results.writeInputs(instance, folder, device);
    const before = await this.#adoptCheckpoints(lease);
    const left = await runAttempts({
      ...this.#run,
      instance,
      values,
      reason: before === undefined ? reason : `${reason}; goes on where run ${before} stopped`,
      stageFolder: resolve(folder),
      report: (event) => recorder.emit(event),
    });
    const result = await this.#commit(parts, left);
    this.#results.add(instance, folder, result);
    await removeIfAny(checkpointsFolder(folder));
    recorder.emit({
      type: "stage-finished",
      stage: instance.name,
      seconds: left.seconds,
      outputs: hashesOf(result),
    });
  }

  /** Moves what an unfinished earlier run left of the same work here. Returns that run. */
  async #adoptCheckpoints(
    lease: Lease | undefined,
  ): Promise<string | undefined> {
    const { planner } = this.#run;
    if (lease?.unfinished === undefined || planner.selection.force.has(this.#instance.name)) {
      return undefined;
    }
    const { run, folder: place } = lease.unfinished;
    const left = checkpointsFolder(join(planner.artifacts.runsFolder, place));
    if (!await exists(left)) return undefined;
    await Deno.rename(left, checkpointsFolder(this.#folder));
    return run;
  }

  #log(level: "info" | "warning", message: string): void {
    this.#run.recorder.emit({ type: "log", stage: this.#instance.name, level, message });
  }

  /** Artifacts first, then the index: a kill between the two leaves nothing that claims to be a result. */
  async #commit(
    parts: KeyParts,
    left: AttemptResult,
  ): Promise<CommittedResult> {
    const { planner, recorder } = this.#run;
    const instance = this.#instance;
    const outputs: Record<string, { kind: string; hash: string }> = {};
    for (const [name, path] of Object.entries(left.outputs)) {
      const kind = instance.module.outputs[name]?.kind ?? "metrics";
      outputs[name] = { kind, hash: await planner.artifacts.publish(path) };
    }
    const result: CommittedResult = {
      key: instance.cache ? parts.key ?? null : null,
      workflow: planner.workflow.name,
      instance: instance.name,
      components: parts.components,
      outputs,
      seconds: left.seconds,
      run: recorder.id,
    };
    planner.index.commit(result);
    await Deno.remove(left.folder, { recursive: true });
    return result;
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function removeIfAny(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
