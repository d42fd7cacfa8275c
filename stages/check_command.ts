/**
 * The command line of `check-env` and `check-agent`: a module, its options, and a report of checks.
 * @module
 */
import { parseArgs } from "node:util";
import type { CheckResult } from "../std/checks.ts";
import { ModuleError } from "../std/modules.ts";

/** A command that checks modules of one sort. */
export interface CheckCommand<Report extends CheckedModule> {
  /** How to call it. */
  readonly usage: string;
  /** Options that take a positive whole number, and their defaults. */
  readonly numbers?: Readonly<Record<string, number>>;
  /** An example of `--with`, for messages. */
  readonly example: string;
  /** Checks; throws a ModuleError where the module cannot be found or takes other options. */
  check(module: string, options: CheckArguments): Promise<Report>;
  /** The name of what was checked. */
  nameOf(report: Report): string;
}

/** What every report of checks has. */
export interface CheckedModule {
  /** True where no check failed. */
  readonly passed: boolean;
  /** Every check, in a fixed order. */
  readonly checks: readonly CheckResult[];
}

/** What the command line says beside the module. */
export interface CheckArguments {
  /** The module's options. */
  readonly with: unknown;
  /** The command's own numbers, by name. */
  readonly numbers: Readonly<Record<string, number>>;
}

/** Arguments that cannot be understood. */
class UsageError extends Error {}

/**
 * Runs a command and prints the report on stdout, errors on stderr. Returns the exit code: 0 where the
 * contract holds, 1 where it does not, 2 where the arguments or the module are wrong.
 */
export async function runCheckCommand<Report extends CheckedModule>(
  command: CheckCommand<Report>,
  args: readonly string[],
): Promise<number> {
  try {
    if (args.includes("--help") || args.includes("-h")) {
      console.log(command.usage);
      return 0;
    }
    const { module, json, ...options } = readArguments(command, args);
    const report = await command.check(module, options);
    console.log(json ? JSON.stringify(report) : format(report, command.nameOf(report)));
    return report.passed ? 0 : 1;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`error: ${error.message}\n\n${command.usage}`);
      return 2;
    }
    if (error instanceof ModuleError) {
      console.error(`error: ${error.message}`);
      return 2;
    }
    throw error;
  }
}

function readArguments(
  { numbers = {}, example }: Pick<CheckCommand<CheckedModule>, "numbers" | "example">,
  args: readonly string[],
): CheckArguments & { module: string; json: boolean } {
  const { values, positionals } = parse(args, Object.keys(numbers));
  const [module, ...more] = positionals;
  if (module === undefined || more.length > 0) {
    throw new UsageError(
      `expected one module, got ${positionals.length}${
        more.length > 0 ? ` (${positionals.join(" ")})` : ""
      }`,
    );
  }
  const given = Object.entries(numbers).map(([name, preset]) => {
    const text = values[name] ?? String(preset);
    const number = Number(text);
    if (Number.isSafeInteger(number) && number >= 1) return [name, number] as const;
    throw new UsageError(`--${name}: expected a positive whole number, got "${text}"`);
  });
  return {
    module,
    with: readJson(values["with"] ?? "{}", example),
    numbers: Object.fromEntries(given),
    json: values["json"] === true,
  };
}

/** Throws a UsageError for an unknown flag. */
function parse(args: readonly string[], numbers: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...Object.fromEntries(["with", ...numbers].map((name) => [name, text])),
        json: { type: "boolean" },
      },
    });
    return { values: values as Readonly<Record<string, string | boolean>>, positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : `${error}`);
  }
}

function readJson(text: string | boolean, example: string): unknown {
  try {
    return JSON.parse(String(text));
  } catch (error) {
    throw new UsageError(
      `--with: expected JSON like ${example}, got ${text} (${
        error instanceof Error ? error.message : error
      })`,
    );
  }
}

function format({ checks, passed }: CheckedModule, name: string): string {
  const lines = checks.map(({ name, status, message }) => {
    const mark = { passed: "ok  ", failed: "FAIL", skipped: "skip" }[status];
    const separator = status === "failed" ? "\n       " : " · ";
    return `${mark} ${name}${separator}${message}`;
  });
  const count = (wanted: string) => checks.filter(({ status }) => status === wanted).length;
  const verdict = passed ? "keeps the contract" : "does not keep the contract";
  return [
    ...lines,
    "",
    `${name} ${verdict}: ${count("passed")} passed, ${count("failed")} failed, ${
      count("skipped")
    } skipped`,
  ].join("\n");
}
