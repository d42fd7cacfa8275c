/**
 * Players: what comments on a situation, and what acts on it.
 *
 * - `agent.ts` the contract of a reflection agent
 * - `prompt.ts` the one place where prompts are composed, for the reflection model and for the policy
 * - `registry.ts` the reflection agents there are; `make.ts` makes one by name or path
 * - `check.ts` the contract as a suite of checks, for the built-in agents and the user's own
 * - `none.ts` says nothing; `oracle.ts` the teacher while data is collected; `onnx.ts` a trained reflection
 *   model in ONNX Runtime; `openai.ts` a model on a server; `memory.ts` what was said already
 * - `teachers.ts` who writes other texts; `openai_client.ts` asks the servers of both
 * - `policy.ts` the player itself: one label for each observation; `labels.ts` the tokens of the labels
 * - `random.ts` a player without a model, to compare with
 *
 * An agent sees observations, never an environment. Not here: the forward pass (models/) and everything that
 * learns (training/).
 * @module
 */
export * from "./agent.ts";
export * from "./prompt.ts";
export { type AgentCheckOptions, type AgentCheckReport, checkAgent } from "./check.ts";
export { findReflectionAgent, makeReflectionAgent } from "./make.ts";
export { reflectionAgents } from "./registry.ts";
