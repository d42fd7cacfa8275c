/**
 * The command line: `deno task workflow`, `runs`, `serve`, `schema`, `check-env`, `check-agent`,
 * `explore`.
 *
 * Each subcommand is imported when it is asked for, so that none pays for another's start.
 * @module
 */
import { UsageError } from "./cli/arguments.ts";
import { suggest } from "./engine/diagnostics.ts";

type Command = (args: string[]) => Promise<number>;

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  workflow: async () => (await import("./cli/workflow.ts")).workflowCommand,
  runs: async () => (await import("./cli/runs.ts")).runsCommand,
  serve: async () => (await import("./cli/serve.ts")).serveCommand,
  schema: async () => (await import("./cli/schema.ts")).schemaCommand,
  "check-agent": async () => (await import("./stages/check_agent.ts")).checkAgentCommand,
  "check-env": async () => (await import("./stages/check_env.ts")).checkEnvCommand,
  explore: async () => (await import("./cli/explore.ts")).exploreCommand,
};

/** Runs a subcommand. Returns the process's exit code: 2 where the arguments are wrong. */
export async function main(args: string[]): Promise<number> {
  const [name = "", ...rest] = args;
  try {
    const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (load === undefined) {
      const said = name === "" ? "no command given" : `there is no command "${name}"`;
      throw new UsageError(`${said}${suggest(name, Object.keys(commands))}`);
    }
    return await (await load())(rest);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`error: ${error.message}`);
    return 2;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
