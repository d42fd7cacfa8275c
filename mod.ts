/**
 * reflect-rl as a library: run and load workflows, make environments and agents, load models.
 *
 * ```ts
 * import { loadModel, makeEnvironment, requestDevice } from "./mod.ts";
 *
 * const device = await requestDevice();
 * const environment = await makeEnvironment("taxi", { task: "pickup" });
 * const model = loadModel("path/to/a/model/folder", { device });
 * const [logits] = await model.logits([model.tokenizer.encode("Taxi row 2 column 3.")]);
 * ```
 * @module
 */
export { checkAgent } from "./agents/check.ts";
export { makeReflectionAgent } from "./agents/make.ts";
export { checkEnvironment } from "./envs/check.ts";
export { makeEnvironment } from "./envs/make.ts";
export { requestDevice } from "./kernels/kernels.ts";
export { type LanguageModel, loadModel } from "./models/language_model.ts";
export { loadWorkflow, runWorkflow, type WorkflowOptions } from "./stages/workflow.ts";
