/**
 * One measurement of the engine in a process of its own, so that memory is its own and nothing is
 * warm: loads and plans the file that is its argument, and prints what that took as JSON.
 * @module
 */
import process from "node:process";
import { z } from "zod";
import { artifact } from "../../engine/artifact.ts";
import { ArtifactStore } from "../../engine/artifact_store.ts";
import { KeyMaker } from "../../engine/cache_key.ts";
import { loadWorkflow } from "../../engine/engine.ts";
import type { StageModule } from "../../engine/module.ts";
import { Planner } from "../../engine/plan.ts";
import { ResultIndex } from "../../engine/result_index.ts";
import { select } from "../../engine/selection.ts";

/** Takes up to many data sets and leaves one; nothing of it is run here. */
const stage: StageModule = {
  name: "pass",
  version: "1",
  description: "Passes on.",
  url: import.meta.url,
  usesDevice: false,
  outputs: { data: { kind: "dataset", description: "What it was given." } },
  with: z.object({ data: z.array(artifact("dataset")).default([]) }),
  run: () => Promise.resolve(),
};

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

/** Loads and plans a workflow of stages `pass`. */
export async function measureLoad(file: string, runsFolder: string): Promise<EngineCost> {
  const began = performance.now();
  const workflow = await loadWorkflow(file, { stages: new Map([[stage.name, stage]]) });
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

if (import.meta.main) {
  const [file = "", runsFolder = ""] = Deno.args;
  console.log(JSON.stringify(await measureLoad(file, runsFolder)));
}
