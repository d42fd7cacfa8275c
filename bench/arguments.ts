/**
 * The bench's command line.
 * @module
 */
import { readArguments, UsageError } from "../cli/arguments.ts";
import { suggest } from "../engine/diagnostics.ts";
import { type Section, sections } from "./results.ts";

/** What to measure and where to put it. */
export interface BenchOptions {
  /** Sections to measure, in their own order. */
  readonly sections: readonly Section[];
  /** Fewer and shorter measurements. */
  readonly quick: boolean;
  /** Whether peers take part. */
  readonly peers: boolean;
  /** File of the results; the table of README.md is written only where this is not given. */
  readonly out: string | undefined;
}

const usage = `deno task bench [${sections.join("|")}]… [--quick] [--no-peers] [--out FILE]

  SECTION         measures this section alone, or these; the same as --only SECTION
  --quick         fewer and shorter measurements, to see that everything works
  --no-peers      measures this project alone
  --out FILE      writes the results there, and leaves bench/results.json and bench/README.md alone`;

/** Reads the command line; undefined where `--help` was answered. Throws a UsageError. */
export function readBenchArguments(args: readonly string[]): BenchOptions | undefined {
  const parsed = readArguments(args, {
    usage,
    flags: ["quick", "no-peers"],
    texts: ["out"],
    lists: ["only"],
    positional: [0, sections.length],
  });
  if (parsed === undefined) return undefined;
  const only = [...parsed.positional, ...parsed.list("only")];
  for (const name of only) {
    if (!sections.some((section) => section === name)) {
      throw new UsageError(`there is no section "${name}"${suggest(name, sections)}`);
    }
  }
  return {
    sections: only.length === 0 ? sections : sections.filter((section) => only.includes(section)),
    quick: parsed.flag("quick"),
    peers: !parsed.flag("no-peers"),
    out: parsed.text("out"),
  };
}
