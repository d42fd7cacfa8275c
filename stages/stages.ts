/**
 * The stages a workflow can `use`: thin glue between YAML and the code that does the work.
 *
 * One file a stage: its schema, its outputs, and a `run` that calls agents, environments, models and
 * training. No algorithm lives here.
 * @module
 */
import type { StageModule } from "../engine/module.ts";
import { collect } from "./collect.ts";
import { evaluate } from "./evaluate.ts";
import { questions } from "./questions.ts";
import { report } from "./report.ts";
import { rl } from "./rl.ts";
import { sft } from "./sft.ts";

/** Every stage that comes with this program, by name. */
export const stages: ReadonlyMap<string, StageModule> = new Map(
  ([collect, questions, sft, rl, evaluate, report] as StageModule[]).map((
    module,
  ) => [module.name, module]),
);
