/** A reflection agent of one's own: reads the bounds in the situation and does the arithmetic. */
import { z } from "zod";
import type { ReflectionAgentModule } from "../../agents/agent.ts";

function comment(state: string): string {
  const bounds = /from (\d+) to (\d+)/.exec(state);
  if (bounds === null) return "";
  return `Half of them are below ${Math.floor((Number(bounds[1]) + Number(bounds[2])) / 2)}.`;
}

const halving: ReflectionAgentModule<Record<string, never>> = {
  name: "halving",
  version: "1",
  description: "Says which number halves what is left.",
  with: z.strictObject({}),
  make: () => ({
    // deno-lint-ignore require-await
    reflect: async (batch, { signal }) => {
      signal.throwIfAborted();
      return batch.map(({ state }) => comment(state));
    },
  }),
};
export default halving;
