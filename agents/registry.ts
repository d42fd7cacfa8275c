/**
 * The reflection agents that come with this program, by name.
 * @module
 */
import type { ReflectionAgentModule } from "./agent.ts";
import { none } from "./none.ts";
import { onnx } from "./onnx.ts";
import { openai } from "./openai.ts";
import { oracle } from "./oracle.ts";

/** Every agent that comes with this program. */
const builtIn: readonly ReflectionAgentModule[] = [none, onnx, openai, oracle];

/** The reflection agents a workflow can name, by name. */
export const reflectionAgents: ReadonlyMap<string, ReflectionAgentModule> = new Map(
  builtIn.map((module) => [module.name, module]),
);
