/**
 * Runs a plan: each instance is taken from the cache, computed or skipped; then stages publish.
 * @module
 */
import { join, resolve } from "node:path";
import { StageFailure } from "./attempts.ts";
import type { Loss } from "./conditions.ts";
import type { Executor } from "./executors/executor.ts";
import { InstanceRun } from "./instance_run.ts";
import { stageFolderName } from "./layout.ts";
import type { Leases } from "./leases.ts";
import type { DeviceChoice } from "./module.ts";
import type { Planner } from "./plan.ts";
import type { RunRecorder } from "./record.ts";
import { RunResults } from "./results.ts";
import { type Room, Schedule } from "./schedule.ts";
import type { Secrets } from "./secrets.ts";
import { codeOf, messageOf } from "./storage_error.ts";
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
  /** Who computes what, of all runs on this folder. */
  readonly leases: Leases;
  /** How much runs at a time. */
  readonly room: Room;
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
    const { planner, room, signal } = this.#parts;
    const schedule = new Schedule(planner.workflow.instances, room);
    await schedule.run((instance) => this.#step(instance), signal);
    if (signal.aborted) return "interrupted";
    for (const instance of planner.workflow.instances) {
      await this.#callPublish(instance);
    }
    return this.#failed ? "failed" : "done";
  }

  async #step(instance: StageInstance): Promise<void> {
    const decide = () => this.#parts.planner.decide(instance, this.#results.known, this.#losses);
    const decision = await decide();
    if (decision.parts === undefined) return this.#skip(instance, decision.reason);
    const folder = await this.#makeFolder(instance);
    try {
      const work = new InstanceRun(this.#parts, this.#results, instance, folder, decide);
      await work.carryOut(decision, decision.parts);
    } catch (error) {
      this.#fail(instance, folder, error);
    }
  }

  #skip(instance: StageInstance, reason: string): void {
    this.#losses.set(instance.name, "was skipped");
    this.#parts.recorder.emit({
      type: "stage-skipped",
      stage: instance.name,
      reason,
    });
  }

  #fail(instance: StageInstance, folder: string, error: unknown): void {
    const failure = error instanceof StageFailure
      ? error
      : new StageFailure(messageOf(error), 1, false, { cause: error });
    this.#losses.set(instance.name, "failed");
    if (!failure.interrupted && !instance.continueOnError) this.#failed = true;
    if (!failure.interrupted && failure.cause instanceof Error) {
      this.#leaveTrace(join(folder, "log.txt"), `${failure.cause.stack}\n`);
    }
    this.#parts.recorder.emit({
      type: "stage-failed",
      stage: instance.name,
      state: failure.interrupted ? "interrupted" : "failed",
      message: failure.message,
      attempts: failure.attempts,
    });
  }

  /** As far as the disk lets it: what is wrong with a stage, its event says too. */
  #leaveTrace(log: string, trace: string): void {
    try {
      Deno.writeTextFileSync(log, this.#parts.secrets.mask(trace), { append: true });
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
    }
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
