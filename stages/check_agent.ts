/**
 * `deno task check-agent MODULE`: checks a reflection agent against the contract and says what is wrong.
 * @module
 */
import { checkAgent } from "../agents/check.ts";
import { runCheckCommand } from "./check_command.ts";

const USAGE =
  `usage: deno task check-agent MODULE [--with JSON] [--patience N] [--call-limit N] [--json]

  MODULE           a registered reflection agent (onnx), or the path of a module: ./my_agent.ts
  --with JSON      the agent's options: --with '{"model":"runs/latest/…"}'
  --patience N     milliseconds in which it must hear that it is to stop (default 2000)
  --call-limit N   seconds after which a promise counts as one that never settles (default 300)
  --json           print the report as one JSON object

Exit: 0 the contract holds, 1 it does not, 2 the arguments or the module are wrong.`;

/** Runs the command. Returns the exit code that its usage tells. */
export function checkAgentCommand(args: readonly string[]): Promise<number> {
  return runCheckCommand({
    usage: USAGE,
    numbers: { patience: 2000, "call-limit": 300 },
    example: '{"model":"reflector"}',
    check: (
      module,
      { with: options, numbers: { patience = 2000, "call-limit": callLimit = 300 } },
    ) => checkAgent(module, { with: options, patience, callLimit }),
    nameOf: ({ agent }) => agent,
  }, args);
}
