/** A reflection agent of one's own: reads the bounds in the situation and does the arithmetic. */
import { z } from "zod";
import type { ReflectionAgentModule } from "../../agents/agent.ts";

function comment({ state }: { state: string }): string {
  const [, least, most] = /from (\d+) to (\d+)/.exec(state) ?? [];
  return most ? `Half of them are below ${Math.floor((Number(least) + Number(most)) / 2)}.` : "";
}

const halving: ReflectionAgentModule<Record<string, never>> = {
  name: "halving",
  version: "1",
  description: "Says which number halves what is left.",
  with: z.strictObject({}),
  make: () => ({
    reflect: (batch, { signal }) =>
      signal.aborted ? Promise.reject(signal.reason) : Promise.resolve(batch.map(comment)),
  }),
};
export default halving;
