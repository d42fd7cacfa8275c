/**
 * reflect-rl as a library: run and load workflows, make environments and agents, load models; and the types
 * that environments, agents and stages of one's own implement.
 *
 * ```ts
 * import { loadModel, makeEnvironment, requestDevice } from "./mod.ts";
 *
 * const device = await requestDevice();
 * const environment = await makeEnvironment("taxi", { task: "pickup" });
 * const model = loadModel("path/to/a/model/folder", { device });
 * const [logits] = await model.logits([model.tokenizer.encode("Taxi row 2 column 3.")]);
 * ```
 *
 * A module of one's own takes the types with `import type`: nothing of the library is part of it then, and what
 * the module computes is found in the cache as long as the module stays the same.
 * @module
 */
export type { ReflectionAgent, ReflectionAgentModule, ReflectOptions } from "./agents/agent.ts";
export { checkAgent } from "./agents/check.ts";
export { makeReflectionAgent } from "./agents/make.ts";
export type { StageContext, StageModule } from "./engine/module.ts";
export { checkEnvironment } from "./envs/check.ts";
export type {
  Environment,
  EnvironmentModule,
  Info,
  Observation,
  ResetOptions,
  ResetResult,
  Split,
  StepResult,
} from "./envs/environment.ts";
export { makeEnvironment } from "./envs/make.ts";
export { requestDevice } from "./kernels/kernels.ts";
export { type LanguageModel, loadModel } from "./models/language_model.ts";
export { loadWorkflow, runWorkflow, type WorkflowOptions } from "./stages/workflow.ts";
