/**
 * Players: what comments on a situation before the policy acts.
 *
 * - `agent.ts` the contract of a reflection agent
 * - `prompt.ts` the one place where prompts are composed, for the reflection model and for the policy
 * - `registry.ts` reflection agents by name or path; `makeReflectionAgent` makes one
 * - `none.ts` says nothing; `oracle.ts` the teacher while data is collected; `onnx.ts` a trained reflection
 *   model in ONNX Runtime
 *
 * An agent sees observations, never an environment. Not here: the policy's own forward pass and everything
 * that learns (models/, training/).
 * @module
 */
export * from "./agent.ts";
export * from "./prompt.ts";
export {
  findReflectionAgent,
  makeReflectionAgent,
  reflectionAgents,
} from "./registry.ts";
