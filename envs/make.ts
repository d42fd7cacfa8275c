/**
 * Environments by name, and by the path of a user's own module, for code without a workflow.
 * @module
 */
import { findModule, type ModuleFamily, parseOptions } from "../std/modules.ts";
import type { Environment, EnvironmentModule } from "./environment.ts";
import { environmentProblem } from "./module_shape.ts";
import { environments } from "./registry.ts";

const family: ModuleFamily<EnvironmentModule> = {
  noun: "environment",
  registry: environments,
  problem: environmentProblem,
};

/**
 * Finds an environment's module. `id` is a registered name, or the path (relative to the working folder)
 * or URL of a file whose default export is an {@linkcode EnvironmentModule}.
 * Throws a `ModuleError` where there is none.
 */
export function findEnvironment(id: string): Promise<EnvironmentModule> {
  return findModule(family, id);
}

/**
 * Makes an environment: `makeEnvironment("taxi", { task: "pickup" })`, or
 * `makeEnvironment("./my_env.ts")`. Options left out take the module's defaults.
 * Throws a `ModuleError` for an unknown module or wrong options.
 */
export async function makeEnvironment(
  id: string,
  options?: unknown,
): Promise<Environment> {
  const module = await findEnvironment(id);
  return await module.make(parseOptions("environment", module, options));
}
