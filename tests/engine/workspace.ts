/**
 * A folder of a test's own, with a workflow in it, removed afterwards.
 * @module
 */
import { join } from "node:path";
import {
  type DeviceProvider,
  type PlannedStage,
  planWorkflow,
  type RunOptions,
  runWorkflow,
} from "../../engine/engine.ts";
import type { EngineEvent } from "../../engine/events.ts";
import type { RunSummary } from "../../engine/summary.ts";
import { stages } from "./modules.ts";

/** A device that is always there. */
export function device(name = "software test"): DeviceProvider {
  return {
    choice: "auto",
    describe: () => Promise.resolve({ class: name, info: { description: name } }),
  };
}

/** A temporary folder with `flow.yaml` and `runs`. */
export class Workspace implements AsyncDisposable {
  /** Everything that happened in the newest run. */
  events: EngineEvent[] = [];

  constructor(readonly folder: string) {}

  /** Makes one with a workflow. */
  static async with(workflow: string): Promise<Workspace> {
    const workspace = new Workspace(await Deno.makeTempDir({ prefix: "engine-" }));
    await workspace.write("flow.yaml", workflow);
    return workspace;
  }

  get file(): string {
    return join(this.folder, "flow.yaml");
  }

  get runsFolder(): string {
    return join(this.folder, "runs");
  }

  async write(name: string, text: string): Promise<void> {
    await Deno.writeTextFile(join(this.folder, name), text);
  }

  async run(options: Partial<RunOptions> = {}): Promise<RunSummary> {
    this.events = [];
    return await runWorkflow(this.file, this.#options(options));
  }

  async plan(options: Partial<RunOptions> = {}): Promise<PlannedStage[]> {
    return await planWorkflow(this.file, this.#options(options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }

  #options(options: Partial<RunOptions>): RunOptions {
    return {
      stages,
      device: device(),
      runsFolder: this.runsFolder,
      listener: (event) => this.events.push(event),
      ...options,
    };
  }
}

/** Instance → state. */
export function states(run: RunSummary): Record<string, string> {
  return Object.fromEntries(run.stages.map(({ instance, state }) => [instance, state]));
}

/** Instance → "state: reason". */
export function reasons(
  plan: readonly { instance: string; state: string; reason: string }[],
): Record<string, string> {
  return Object.fromEntries(
    plan.map(({ instance, state, reason }) => [instance, `${state}: ${reason}`]),
  );
}
