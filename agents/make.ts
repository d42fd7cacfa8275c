/**
 * Reflection agents by name, and by the path of a user's own module, for code without a workflow.
 * @module
 */
import { findModule, type ModuleFamily, parseOptions } from "../std/modules.ts";
import { agentProblem } from "./module_shape.ts";
import type { ReflectionAgent, ReflectionAgentModule } from "./agent.ts";
import { reflectionAgents } from "./registry.ts";

const family: ModuleFamily<ReflectionAgentModule> = {
  noun: "reflection agent",
  registry: reflectionAgents,
  problem: agentProblem,
};

/**
 * Finds a reflection agent's module. `id` is a registered name, or the path (relative to the working folder)
 * or URL of a file whose default export is a {@linkcode ReflectionAgentModule}.
 * Throws a `ModuleError` where there is none.
 */
export function findReflectionAgent(
  id: string,
): Promise<ReflectionAgentModule> {
  return findModule(family, id);
}

/**
 * Makes a reflection agent: `makeReflectionAgent("onnx", { model: "reflector.onnx" })`, or
 * `makeReflectionAgent("./my_agent.ts")`. Options left out take the module's defaults.
 * Throws a `ModuleError` for an unknown module or wrong options.
 */
export async function makeReflectionAgent(
  id: string,
  options?: unknown,
): Promise<ReflectionAgent> {
  const module = await findReflectionAgent(id);
  return await module.make(parseOptions("reflection agent", module, options));
}
