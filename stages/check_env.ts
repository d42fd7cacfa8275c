/**
 * `deno task check-env MODULE`: checks an environment against the contract and says what is wrong.
 * @module
 */
import { parseArgs } from "node:util";
import { checkEnvironment, type CheckReport } from "../envs/check.ts";
import { ModuleError } from "../std/modules.ts";

const USAGE = `usage: deno task check-env MODULE [--with JSON] [--episodes N] [--json]

  MODULE        a registered environment (taxi), or the path of a module: ./my_env.ts
  --with JSON   the environment's options: --with '{"task":"pickup"}'
  --episodes N  episodes of each task in each check (default 10)
  --json        print the report as one JSON object

Exit: 0 the contract holds, 1 it does not, 2 the arguments or the module are wrong.`;

/** Arguments that cannot be understood. */
class UsageError extends Error {}

interface Arguments {
  readonly module: string;
  readonly with: unknown;
  readonly episodes: number;
  readonly json: boolean;
}

/**
 * Runs the command and prints the report on stdout, errors on stderr. Returns the exit code: 0 where the
 * contract holds, 1 where it does not, 2 where the arguments or the module are wrong.
 */
export async function checkEnvCommand(args: string[]): Promise<number> {
  try {
    if (args.includes("--help") || args.includes("-h")) {
      console.log(USAGE);
      return 0;
    }
    const { module, json, ...options } = readArguments(args);
    const report = await checkEnvironment(module, options);
    console.log(json ? JSON.stringify(report) : format(report));
    return report.passed ? 0 : 1;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`error: ${error.message}\n\n${USAGE}`);
      return 2;
    }
    if (error instanceof ModuleError) {
      console.error(`error: ${error.message}`);
      return 2;
    }
    throw error;
  }
}

function readArguments(args: string[]): Arguments {
  const { values, positionals } = parse(args);
  const [module, ...more] = positionals;
  if (module === undefined || more.length > 0) {
    throw new UsageError(
      `expected one module, got ${positionals.length}${
        more.length > 0 ? ` (${positionals.join(" ")})` : ""
      }`,
    );
  }
  const episodes = Number(values.episodes);
  if (!Number.isSafeInteger(episodes) || episodes < 1) {
    throw new UsageError(
      `--episodes: expected a positive whole number, got "${values.episodes}"`,
    );
  }
  return { module, with: readJson(values.with), episodes, json: values.json };
}

/** Leaves the arguments' types to the compiler. Throws a UsageError for an unknown flag. */
function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        with: { type: "string", default: "{}" },
        episodes: { type: "string", default: "10" },
        json: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : `${error}`);
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `--with: expected JSON like {"task":"pickup"}, got ${text} (${
        error instanceof Error ? error.message : error
      })`,
    );
  }
}

function format(report: CheckReport): string {
  const lines = report.checks.map(({ name, status, message }) => {
    const mark = { passed: "ok  ", failed: "FAIL", skipped: "skip" }[status];
    const separator = status === "failed" ? "\n       " : " · ";
    return `${mark} ${name}${separator}${message}`;
  });
  const count = (status: string) => report.checks.filter((check) => check.status === status).length;
  const verdict = report.passed ? "keeps the contract" : "does not keep the contract";
  return [
    ...lines,
    "",
    `${report.environment} ${verdict}: ${count("passed")} passed, ${count("failed")} failed, ${
      count("skipped")
    } skipped`,
  ].join("\n");
}
