/**
 * Environments: what an agent plays, behind one interface.
 *
 * - `environment.ts` the contract: reset, step, and for teachers expert and remark
 * - `labels.ts` what actions are enumerated with
 * - `registry.ts` the environments there are; `make.ts` makes one by name or path
 * - `check.ts` the contract as a suite of checks, for the built-in environments and the user's own
 * - `taxi/` DangerousTaxi; `frozen-lake/` FrozenLake
 * - `textworld/` the engine for games told in text; on it `household/`, generated homes, and
 *   `alfworld/`, the original games
 * - `auto-explore/` find the file that answers a question, in a read-only view of a folder
 *
 * An environment turns a situation into text and a label into the next situation. Not here: who plays
 * (agents/), how a prompt is composed (agents/prompt.ts), how episodes become data or gradients (training/).
 * @module
 */
export * from "./environment.ts";
export { findEnvironment, makeEnvironment } from "./make.ts";
export { environments } from "./registry.ts";
export { checkEnvironment, type CheckOptions, type CheckReport } from "./check.ts";
export type { CheckResult } from "../std/checks.ts";
