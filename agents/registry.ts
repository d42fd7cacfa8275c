/**
 * The reflection agents that come with this program, and the players that are no models, by name.
 * @module
 */
import type { ReflectionAgentModule } from "./agent.ts";
import { none } from "./none.ts";
import { onnx } from "./onnx.ts";
import { openai } from "./openai.ts";
import { oracle } from "./oracle.ts";
import { type PlayerModule, random } from "./random.ts";

/** Every agent that comes with this program. */
const builtIn: readonly ReflectionAgentModule[] = [none, onnx, openai, oracle];

/** The reflection agents a workflow can name, by name. */
export const reflectionAgents: ReadonlyMap<string, ReflectionAgentModule> = new Map(
  builtIn.map((module) => [module.name, module]),
);

/** Players a workflow can name in place of a trained policy, by name. */
export const players: ReadonlyMap<string, PlayerModule> = new Map(
  ([random] as readonly PlayerModule[]).map((module) => [module.name, module]),
);
