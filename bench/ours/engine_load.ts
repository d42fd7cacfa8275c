/**
 * One measurement of the engine in a process of its own, so that memory is its own and nothing is
 * warm: loads and plans the file that is its argument, with `run` behind it also runs it twice, and
 * prints what that took as JSON.
 * @module
 */
import process from "node:process";
import { ArtifactStore } from "../../engine/artifact_store.ts";
import { KeyMaker } from "../../engine/cache_key.ts";
import { loadWorkflow, runWorkflow } from "../../engine/engine.ts";
import { Planner } from "../../engine/plan.ts";
import { ResultIndex } from "../../engine/result_index.ts";
import { select } from "../../engine/selection.ts";
import { stage } from "./pass_stage.ts";

/** What one load and one plan took. */
export interface EngineCost {
  /** Instances of the workflow. */
  readonly stages: number;
  /** Seconds from the file to the checked workflow. */
  readonly loadSeconds: number;
  /** Seconds from there to the plan, with nothing in the cache. */
  readonly planSeconds: number;
  /** Most memory the process had, MiB. */
  readonly memoryMiB: number;
}

/** What two runs took. */
export interface RunCost {
  /** Seconds of the first run, which computes everything, in this process. */
  readonly runSeconds: number;
  /** Seconds of the second run, which takes everything from the cache. */
  readonly cachedSeconds: number;
}

const stages = new Map([[stage.name, stage]]);

/** Loads and plans a workflow of stages `pass`. */
export async function measureLoad(file: string, runsFolder: string): Promise<EngineCost> {
  const began = performance.now();
  const workflow = await loadWorkflow(file, { stages });
  const loaded = performance.now();
  using index = await ResultIndex.openForPlan(runsFolder);
  const selection = select(workflow, undefined, []);
  const keys = new KeyMaker(workflow, undefined);
  const store = new ArtifactStore(runsFolder);
  const decisions = await new Planner(workflow, keys, index, store, selection).plan();
  const planned = performance.now();
  return {
    stages: decisions.length,
    loadSeconds: (loaded - began) / 1000,
    planSeconds: (planned - loaded) / 1000,
    // Kilobytes, whatever the system.
    memoryMiB: process.resourceUsage().maxRSS / 1024,
  };
}

/** Runs a workflow of stages `pass` twice. */
export async function measureRuns(file: string, runsFolder: string): Promise<RunCost> {
  const device = {
    choice: "auto",
    describe: () => Promise.reject(new Error("no stage computes on it")),
  } as const;
  const secondsUntilAll = async (wanted: "done" | "cached") => {
    const began = performance.now();
    const run = await runWorkflow(file, { stages, runsFolder, device });
    const other = run.stages.find(({ state }) => state !== wanted);
    if (other !== undefined) {
      throw new Error(
        `${other.instance}: expected ${wanted}, got ${other.state} (${other.reason})`,
      );
    }
    return (performance.now() - began) / 1000;
  };
  return {
    runSeconds: await secondsUntilAll("done"),
    cachedSeconds: await secondsUntilAll("cached"),
  };
}

if (import.meta.main) {
  const [file = "", runsFolder = "", runs] = Deno.args;
  const cost = await measureLoad(file, runsFolder);
  console.log(JSON.stringify({
    ...cost,
    ...runs === "run" && await measureRuns(file, runsFolder),
  }));
}
