/**
 * Runs a plan: each instance in order is taken from the cache, computed or skipped; then stages publish.
 * @module
 */
import { join, resolve } from "node:path";
import { type AttemptResult, runAttempts, StageFailure } from "./attempts.ts";
import type { KeyParts } from "./cache_key.ts";
import type { Loss } from "./conditions.ts";
import type { Executor } from "./executor.ts";
import { stageFolderName } from "./layout.ts";
import type { DeviceChoice } from "./module.ts";
import { hashesOf, type Planner } from "./plan.ts";
import type { RunRecorder } from "./record.ts";
import type { CommittedResult } from "./result_index.ts";
import { RunResults } from "./results.ts";
import type { Secrets } from "./secrets.ts";
import { messageOf } from "./storage_error.ts";
import type { RunStatus } from "./summary.ts";
import type { StageInstance } from "./workflow.ts";

/** What a run is made of. */
export interface RunParts {
  /** Decides once an instance's inputs are known. */
  readonly planner: Planner;
  /** Gets everything that happens. */
  readonly recorder: RunRecorder;
  /** Where stages' code runs. */
  readonly executor: Executor;
  /** What stages are given and no record may show. */
  readonly secrets: Secrets;
  /** What `--device` said. */
  readonly device: DeviceChoice;
  /** Aborts the run. */
  readonly signal: AbortSignal;
  /** Milliseconds that a stage gets to stop once it is asked to. */
  readonly grace: number;
}

/** One run; used once. */
export class Run {
  readonly #parts: RunParts;
  readonly #results: RunResults;
  readonly #losses = new Map<string, Loss>();
  #failed = false;

  /** Keeps what it needs; {@linkcode execute} does the work. */
  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#results = new RunResults(parts.planner, parts.secrets);
  }

  /** Runs everything. What a stage throws is recorded, not thrown. */
  async execute(): Promise<Exclude<RunStatus, "running">> {
    const { planner, signal } = this.#parts;
    for (const instance of planner.workflow.instances) {
      if (signal.aborted) return "interrupted";
      await this.#step(instance);
    }
    if (signal.aborted) return "interrupted";
    for (const instance of planner.workflow.instances) {
      await this.#callPublish(instance);
    }
    return this.#failed ? "failed" : "done";
  }

  async #step(instance: StageInstance): Promise<void> {
    const { reason, parts, result } = await this.#parts.planner.decide(
      instance,
      this.#results.known,
      this.#losses,
    );
    if (parts === undefined) return this.#skip(instance, reason);
    if (result === undefined) {
      return await this.#compute(instance, reason, parts);
    }
    const damaged = await this.#damagedOutput(instance, result);
    if (damaged === undefined) return await this.#take(instance, reason, result);
    const why = `the output ${damaged} of the earlier result is damaged`;
    await this.#compute(instance, why, parts);
  }

  #skip(instance: StageInstance, reason: string): void {
    this.#losses.set(instance.name, "was skipped");
    this.#parts.recorder.emit({
      type: "stage-skipped",
      stage: instance.name,
      reason,
    });
  }

  /** Name of an output that does not match its hash; it is set aside and a warning recorded. */
  async #damagedOutput(
    instance: StageInstance,
    result: CommittedResult,
  ): Promise<string | undefined> {
    const { artifacts } = this.#parts.planner;
    for (const [name, { hash }] of Object.entries(result.outputs)) {
      if (await artifacts.verify(hash)) continue;
      const place = await artifacts.quarantine(hash);
      this.#parts.recorder.emit({
        type: "log",
        stage: instance.name,
        level: "warning",
        message: `artifact ${hash} (${instance.name}.${name}) does not match its hash: ${
          place === undefined ? "it is gone" : `moved to ${place}`
        }, computing it again`,
      });
      return name;
    }
    return undefined;
  }

  async #take(
    instance: StageInstance,
    reason: string,
    result: CommittedResult,
  ): Promise<void> {
    const { planner, recorder, device } = this.#parts;
    const folder = await this.#makeFolder(instance);
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

  async #compute(
    instance: StageInstance,
    reason: string,
    parts: KeyParts,
  ): Promise<void> {
    const { recorder, device } = this.#parts;
    const folder = await this.#makeFolder(instance);
    try {
      const input = this.#results.input(instance);
      this.#results.writeInputs(instance, folder, device);
      const left = await runAttempts({
        ...this.#parts,
        instance,
        input,
        reason,
        stageFolder: folder,
        emit: (event) => recorder.emit(event),
      });
      const result = await this.#commit(instance, parts, left);
      this.#results.add(instance, folder, result);
      recorder.emit({
        type: "stage-finished",
        stage: instance.name,
        seconds: left.seconds,
        outputs: hashesOf(result),
      });
    } catch (error) {
      this.#fail(instance, folder, error);
    }
  }

  /** Artifacts first, then the index: a kill between the two leaves nothing that claims to be a result. */
  async #commit(
    instance: StageInstance,
    parts: KeyParts,
    left: AttemptResult,
  ): Promise<CommittedResult> {
    const { planner, recorder } = this.#parts;
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

  #fail(instance: StageInstance, folder: string, error: unknown): void {
    const failure = error instanceof StageFailure
      ? error
      : new StageFailure(messageOf(error), 1, false, { cause: error });
    this.#losses.set(instance.name, "failed");
    if (!failure.interrupted && !instance.continueOnError) this.#failed = true;
    if (!failure.interrupted && failure.cause instanceof Error) {
      const trace = this.#parts.secrets.mask(`${failure.cause.stack}\n`);
      Deno.writeTextFileSync(join(folder, "log.txt"), trace, { append: true });
    }
    this.#parts.recorder.emit({
      type: "stage-failed",
      stage: instance.name,
      state: failure.interrupted ? "interrupted" : "failed",
      message: failure.message,
      attempts: failure.attempts,
    });
  }

  async #callPublish(instance: StageInstance): Promise<void> {
    const { recorder, secrets } = this.#parts;
    const { module } = instance;
    const outputs = this.#results.outputs(instance);
    if (outputs === undefined || module.publish === undefined) return;
    try {
      await module.publish(this.#results.input(instance), {
        runFolder: resolve(recorder.folder),
        outputs,
        run: recorder.summary,
      });
    } catch (error) {
      this.#failed = true;
      recorder.emit({
        type: "stage-failed",
        stage: instance.name,
        state: "failed",
        message: `could not publish: ${messageOf(error)}`,
        attempts: 1,
      });
    } finally {
      const report = join(recorder.folder, "report");
      if (await exists(report)) await secrets.maskFiles(report);
    }
  }

  async #makeFolder({ name }: StageInstance): Promise<string> {
    const folder = join(
      this.#parts.recorder.stagesFolder,
      stageFolderName(name),
    );
    await Deno.mkdir(folder, { recursive: true });
    return folder;
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
