/**
 * `deno task runs prune`: removes runs, and what no remaining run has made or used.
 * @module
 */
import { type Pruned, type PruneReport, pruneRuns } from "../engine/prune.ts";
import { readArguments, UsageError } from "./arguments.ts";
import { size, table } from "./words.ts";

const USAGE = `usage: deno task runs prune [options]

  --keep N          keep the N newest runs that are over, remove the others
  --older-than AGE  remove only runs that ended longer ago: 30d, 12h, 90m, 2w
  --dry-run         remove nothing: print what would go, and how many bytes
  --json            print JSON instead of text
  --runs FOLDER     where the runs are (default: runs)

Then removes the artifacts and results that no remaining run has made or used, what was damaged and set
aside, and what killed processes left half done. With neither --keep nor --older-than, only that. Runs
that are going on are never touched; while there is one, artifacts and results stay.`;

/** Prunes, and prints what went. @throws StorageError */
export async function pruneCommand(args: string[]): Promise<void> {
  const given = readArguments(args, {
    usage: USAGE,
    flags: ["json", "dry-run"],
    texts: ["runs", "keep", "older-than"],
    positional: [0, 0],
  });
  if (given === undefined) return;
  const dryRun = given.flag("dry-run");
  const report = await pruneRuns(given.text("runs") ?? "runs", {
    keep: readCount(given.text("keep")),
    olderThan: readAge(given.text("older-than")),
    dryRun,
  });
  console.log(
    given.flag("json") ? JSON.stringify({ dryRun, ...report }) : describe(report, dryRun),
  );
}

function describe(report: PruneReport, dryRun: boolean): string {
  const { runs, artifacts, results, leftovers, bytes, obstacle } = report;
  const rows = (kind: string, all: readonly Pruned[]) =>
    all.map((one) => [kind, one.name, size(one.bytes)]);
  const all = [
    ...rows("run", runs),
    ...rows("artifact", artifacts),
    ...results === 0 ? [] : [["results", String(results), ""]],
    ...rows("leftover", leftovers),
  ];
  const said = all.length === 0
    ? ["nothing to remove"]
    : [table(all), `${dryRun ? "would free" : "freed"} ${size(bytes)} (${bytes} bytes)`];
  if (obstacle !== null) said.push(`artifacts and results stay: ${obstacle}`);
  return said.join("\n");
}

function readCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`--keep: expected a number of runs, like 10, got "${text}"`);
}

const HOUR = 3600 * 1000;
const UNITS: Readonly<Record<string, number>> = {
  w: 7 * 24 * HOUR,
  d: 24 * HOUR,
  h: HOUR,
  m: HOUR / 60,
  s: 1000,
};

/** Milliseconds. */
function readAge(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([wdhms])$/.exec(text) ?? [];
  const factor = UNITS[unit ?? ""];
  if (amount !== undefined && factor !== undefined) return Number(amount) * factor;
  throw new UsageError(`--older-than: expected an age like 30d, 12h, 90m or 2w, got "${text}"`);
}
