/**
 * reflect-rl as a library: run and load workflows, make environments and agents, load models.
 *
 * ```ts
 * import { loadModel, makeEnvironment, requestDevice } from "./mod.ts";
 *
 * const device = await requestDevice();
 * const model = loadModel("runs/latest/…/model", { device });
 * const environment = await makeEnvironment("taxi", { task: "pickup" });
 * ```
 * @module
 */
export { loadWorkflow, runWorkflow } from "./stages/workflow.ts";
export { makeReflectionAgent } from "./agents/make.ts";
export { checkEnvironment } from "./envs/check.ts";
export { makeEnvironment } from "./envs/make.ts";
export { requestDevice } from "./kernels/kernels.ts";
export { loadModel } from "./models/language_model.ts";
