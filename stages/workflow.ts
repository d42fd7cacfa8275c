/**
 * Workflows with everything this program brings: the engine, its stages, and the device.
 * @module
 */
import {
  type LoadOptions,
  loadWorkflow as load,
  type RunOptions,
  runWorkflow as run,
  type Workflow,
} from "../engine/engine.ts";
import type { DeviceChoice } from "../engine/module.ts";
import type { RunSummary } from "../engine/summary.ts";
import { deviceProvider } from "./device.ts";
import { stageExecutor } from "./executor.ts";
import { stages } from "./stages.ts";

/** How to run a workflow; what is left out takes its default. */
export interface WorkflowOptions extends Partial<Omit<RunOptions, "device">> {
  /** Which adapter to compute on. Default "auto". */
  readonly device?: DeviceChoice;
}

/**
 * Reads and checks a workflow file; runs nothing. Options default to the stages of this program.
 * Throws a WorkflowError that lists every mistake with its line and column.
 */
export function loadWorkflow(file: string, options: Partial<LoadOptions> = {}): Promise<Workflow> {
  return load(file, { stages, ...options });
}

/**
 * Runs a workflow file and returns the run as it ended. Options default to the stages of this
 * program, the folder `runs` and whatever device there is; each stage has a process of its own where
 * this program may start processes (`--allow-run`).
 * Throws a WorkflowError or a SetupError where nothing was run.
 */
export async function runWorkflow(
  file: string,
  options: WorkflowOptions = {},
): Promise<RunSummary> {
  const { device = "auto", ...others } = options;
  const defaults = { stages, runsFolder: "runs", executor: await stageExecutor() };
  return await run(file, { ...defaults, ...others, device: deviceProvider(device) });
}
