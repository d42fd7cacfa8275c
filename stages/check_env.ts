/**
 * `deno task check-env MODULE`: checks an environment against the contract and says what is wrong.
 * @module
 */
import { checkEnvironment } from "../envs/check.ts";
import { runCheckCommand } from "./check_command.ts";

const USAGE =
  `usage: deno task check-env MODULE [--with JSON] [--episodes N] [--call-limit N] [--json]

  MODULE           a registered environment (taxi), or the path of a module: ./my_env.ts
  --with JSON      the environment's options: --with '{"task":"pickup"}'
  --episodes N     episodes of each task in each check (default 10)
  --call-limit N   seconds after which a promise counts as one that never settles (default 60)
  --json           print the report as one JSON object

Exit: 0 the contract holds, 1 it does not, 2 the arguments or the module are wrong.`;

/** Runs the command. Returns the exit code that its usage tells. */
export function checkEnvCommand(args: readonly string[]): Promise<number> {
  return runCheckCommand({
    usage: USAGE,
    numbers: { episodes: 10, "call-limit": 60 },
    example: '{"task":"pickup"}',
    check: (module, { with: options, numbers: { episodes = 10, "call-limit": callLimit = 60 } }) =>
      checkEnvironment(module, { with: options, episodes, callLimit }),
    nameOf: ({ environment }) => environment,
  }, args);
}
