/**
 * The teacher: says what the environment's own planner remarks. It works only while data is collected, where
 * the collector hands it the spoilers; a player never has them.
 * @module
 */
import { z } from "zod";
import type { ReflectionAgent, ReflectionAgentModule, ReflectOptions } from "./agent.ts";
import type { Observation } from "../envs/environment.ts";

class OracleAgent implements ReflectionAgent {
  /** Async, so that what is missing rejects the promise like every other failure of an agent. */
  // deno-lint-ignore require-await
  async reflect(
    batch: readonly Observation[],
    { spoilers, signal }: ReflectOptions,
  ): Promise<string[]> {
    signal.throwIfAborted();
    if (spoilers?.length !== batch.length) {
      throw new Error(
        `the oracle reflects on what the environment's planner knows: expected ${batch.length} spoilers, one per observation, got ${
          spoilers?.length ?? "none"
        }; use it in a collect stage, and another reflection agent to play`,
      );
    }
    return spoilers.map(({ remark }, index) => {
      if (remark !== undefined) return remark;
      throw new Error(
        `the oracle reflects with the environment's own remarks, and there is none on observation ${index} of ${batch.length} (${
          JSON.stringify(batch[index]?.state)
        }): give the environment a remark() or use another reflection agent`,
      );
    });
  }
}

/** The teacher as a workflow names it. */
export const oracle: ReflectionAgentModule<Record<string, never>> = {
  name: "oracle",
  version: "1",
  description:
    "The teacher while data is collected: the environment's own remark on the situation.",
  with: z.strictObject({}),
  make: () => new OracleAgent(),
};
