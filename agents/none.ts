/**
 * No reflection: the policy decides on history and state alone.
 * @module
 */
import { z } from "zod";
import type { ReflectionAgentModule } from "./agent.ts";

/** The agent that says nothing, for the comparison without reflection. */
export const none: ReflectionAgentModule<Record<string, never>> = {
  name: "none",
  version: "1",
  description: "No reflection: the policy decides on history and state alone.",
  with: z.strictObject({}),
  make: () => ({
    // Async, so that an abort rejects the promise like every other failure of an agent.
    // deno-lint-ignore require-await
    reflect: async (batch, { signal }) => {
      signal.throwIfAborted();
      return batch.map(() => "");
    },
  }),
};
