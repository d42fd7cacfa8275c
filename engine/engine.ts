/**
 * The workflow engine: a YAML file becomes a plan, the plan a run, the run a record.
 *
 * `loadWorkflow` reads and checks the file ({@link load.ts}), `planWorkflow` says what would run and
 * why ({@link plan.ts}), `runWorkflow` does it ({@link run.ts}) and leaves a record ({@link record.ts})
 * and committed artifacts ({@link artifact_store.ts}). The engine knows stages only by their modules:
 * nothing of reinforcement learning, devices or models lives here.
 * @module
 */
import { ArtifactStore } from "./artifact_store.ts";
import { KeyMaker } from "./cache_key.ts";
import { mayRun } from "./conditions.ts";
import type { EngineEvent } from "./events.ts";
import type { Executor } from "./executors/executor.ts";
import { inline } from "./executors/inline.ts";
import { Leases } from "./leases.ts";
import { type LoadOptions, loadWorkflow } from "./load.ts";
import type { DeviceChoice } from "./module.ts";
import { Planner } from "./plan.ts";
import { RunRecorder } from "./record.ts";
import { ResultIndex } from "./result_index.ts";
import { Run } from "./run.ts";
import { Secrets } from "./secrets.ts";
import { select, type Selection } from "./selection.ts";
import type { RunSummary } from "./summary.ts";
import { unfinishedRun } from "./unfinished.ts";
import type { Workflow } from "./workflow.ts";

export { type LoadOptions, loadWorkflow } from "./load.ts";
export { type Diagnostic, type Position, WorkflowError } from "./diagnostics.ts";
export type { EngineEvent } from "./events.ts";
export type { Executor, StageJob } from "./executors/executor.ts";
export type { Secrets } from "./secrets.ts";
export type { DeviceChoice, StageModule } from "./module.ts";
export { StorageError } from "./storage_error.ts";
export type { RunSummary } from "./summary.ts";
export type { StageInstance, Workflow } from "./workflow.ts";

/** Tells the engine which device stages will compute on, without computing. */
export interface DeviceProvider {
  /** What `--device` said. */
  readonly choice: DeviceChoice;
  /** Class of the device (a part of cache keys) and what is known of it. Rejects where there is none. */
  describe(): Promise<{ class: string; info: Record<string, string> }>;
}

/** How to plan or run a workflow. */
export interface RunOptions extends LoadOptions {
  /** Folder of runs, artifacts and the cache index; made where it is missing. */
  readonly runsFolder: string;
  /** The device; asked only if a stage that is wanted computes on it. */
  readonly device: DeviceProvider;
  /** Run this stage (or instance) and what it needs, nothing else. */
  readonly only?: string | undefined;
  /** Stages (or instances) to run whatever the cache has. */
  readonly force?: readonly string[];
  /** Reads a variable of the environment, for secrets. Default `Deno.env.get`. */
  readonly environment?: (name: string) => string | undefined;
  /** Where stages' code runs. Default: this process. */
  readonly executor?: Executor;
  /** Instances that run at a time. Default: as many as the machine has processors. */
  readonly concurrency?: number | undefined;
  /** Of those, instances that compute on the device. Default 1. */
  readonly deviceSlots?: number | undefined;
  /** Told of every event. */
  readonly listener?: (event: EngineEvent) => void;
  /** Ends the run; it can be continued by running the same again. */
  readonly signal?: AbortSignal;
  /** Milliseconds that a stage gets to stop once it is asked to. Default 10,000. */
  readonly grace?: number;
}

/** What would be done with one instance. */
export interface PlannedStage {
  /** `rl (seed=2)` */
  readonly instance: string;
  /** The module: `sft`. */
  readonly uses: string;
  /** `run` may still turn into cached where the reason is "will check after …". */
  readonly state: "run" | "cached" | "skipped";
  /** Why, in a few words. */
  readonly reason: string;
}

/** Nothing was run because something outside the workflow is missing; the message says what to do. */
export class SetupError extends Error {
  /** The class's name, for messages. */
  override readonly name = "SetupError";
}

/**
 * What running the file would do, instance by instance in order. Runs and writes nothing.
 * @throws WorkflowError where the file or the options are wrong
 * @throws SetupError where there is no device
 * @throws StorageError where the index cannot be read
 */
export async function planWorkflow(
  file: string,
  options: RunOptions,
): Promise<PlannedStage[]> {
  const workflow = await loadWorkflow(file, options);
  const wanted = await prepare(workflow, options);
  using index = ResultIndex.openForPlan(options.runsFolder);
  const decisions = await makePlanner(workflow, options, wanted, index).plan();
  const isForced = (name: string) => wanted.selection.force.has(name);
  return await Promise.all(decisions.map(async (decision) => {
    const { instance, state, reason } = decision;
    const before = isForced(instance.name)
      ? undefined
      : await unfinishedRun(decision, index, options.runsFolder);
    return {
      instance: instance.name,
      uses: instance.uses,
      state,
      reason: before === undefined ? reason : `${reason}; goes on where run ${before} stopped`,
    };
  }));
}

/**
 * Runs a workflow file and returns the run as it ended: `done`, `failed` or `interrupted`. What a
 * stage throws is in the record, not thrown.
 * @throws WorkflowError where the file or the options are wrong; nothing was run
 * @throws SetupError where there is no device; nothing was run
 * @throws StorageError where the runs folder cannot be used: nothing was run, unless `listener` was
 * told of events
 */
export async function runWorkflow(
  file: string,
  options: RunOptions,
): Promise<RunSummary> {
  const workflow = await loadWorkflow(file, options);
  // Whatever may be wrong is found before anything is written.
  const wanted = await prepare(workflow, options);
  const secrets = Secrets.read(workflow.secrets, options.environment ?? readEnvironment);
  using index = await ResultIndex.open(options.runsFolder);
  const planner = makePlanner(workflow, options, wanted, index);
  await planner.artifacts.sweep();
  const recorder = RunRecorder.begin({
    runsFolder: options.runsFolder,
    workflow,
    decisions: await planner.plan(),
    device: wanted.device?.info ?? {},
    secrets,
    listener: options.listener,
  });
  let status: "done" | "failed" | "interrupted" = "failed";
  try {
    using leases = Leases.open(options.runsFolder, recorder.id);
    status = await new Run({
      planner,
      recorder,
      executor: options.executor ?? inline,
      leases,
      room: {
        instances: options.concurrency ?? navigator.hardwareConcurrency,
        onDevice: options.deviceSlots ?? 1,
      },
      secrets,
      device: options.device.choice,
      signal: options.signal ?? new AbortController().signal,
      grace: options.grace ?? 10_000,
    }).execute();
  } finally {
    recorder.finish(status);
  }
  return recorder.summary;
}

/** A variable of the process's environment; one that may not be read is a {@linkcode SetupError}. */
function readEnvironment(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotCapable)) throw cause;
    const message = `the secret ${name} may not be read: run deno with --allow-env=${name}`;
    throw new SetupError(message, { cause });
  }
}

/** What the options ask for, and the device it needs. */
interface Wanted {
  readonly selection: Selection;
  readonly device: { class: string; info: Record<string, string> } | undefined;
}

async function prepare(workflow: Workflow, options: RunOptions): Promise<Wanted> {
  const selection = select(workflow, options.only, options.force ?? []);
  const needsDevice = workflow.instances.some((instance) =>
    instance.module.usesDevice && mayRun(instance) &&
    (selection.only?.names.has(instance.name) ?? true)
  );
  return { selection, device: needsDevice ? await describe(options.device) : undefined };
}

function makePlanner(
  workflow: Workflow,
  options: RunOptions,
  { selection, device }: Wanted,
  index: ResultIndex,
): Planner {
  const keys = new KeyMaker(workflow, device?.class);
  return new Planner(workflow, keys, index, new ArtifactStore(options.runsFolder), selection);
}

async function describe(provider: DeviceProvider) {
  try {
    return await provider.describe();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new SetupError(message, { cause });
  }
}
