/**
 * `deno task runs`: a table of the runs there are; `show`, `compare` and `prune` look closer at them.
 * @module
 */
import { suggest } from "../engine/diagnostics.ts";
import { listRuns, RunNotFoundError } from "../engine/history.ts";
import { isStorageFailure, StorageError, storageError } from "../engine/storage_error.ts";
import type { RunSummary, StageState } from "../engine/summary.ts";
import { readArguments, UsageError } from "./arguments.ts";
import { clock, duration, table } from "./words.ts";

const USAGE = `usage: deno task runs [options]
       deno task runs show RUN [options]
       deno task runs compare RUN RUN [options]
       deno task runs prune [--keep N] [--older-than 30d] [--dry-run] [options]

  --json          print JSON instead of text
  --runs FOLDER   where the runs are (default: runs)

RUN is a run's id, the beginning of one, or "latest". Exit: 0 done, 2 the arguments are wrong, there is
no such run, or the folder cannot be used.`;

type Command = (args: string[]) => Promise<void>;

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  show: async () => (await import("./runs_show.ts")).showCommand,
  compare: async () => (await import("./runs_compare.ts")).compareCommand,
  prune: async () => (await import("./runs_prune.ts")).pruneCommand,
};

/** Lists the runs, or does what the first argument says. Returns the exit code. */
export async function runsCommand(args: string[]): Promise<number> {
  const [name = "", ...rest] = args;
  try {
    if (name === "" || name.startsWith("-")) await list(args);
    else {
      const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
      if (load === undefined) {
        const hint = suggest(name, Object.keys(commands));
        throw new UsageError(`there is no command "runs ${name}"${hint}`);
      }
      await (await load())(rest);
    }
    return 0;
  } catch (error) {
    const known = isStorageFailure(error) ? storageError(error, "look at", "the runs") : error;
    if (!(known instanceof StorageError || known instanceof RunNotFoundError)) throw error;
    console.error(`error: ${known.message}`);
    return 2;
  }
}

async function list(args: string[]): Promise<void> {
  const given = readArguments(args, {
    usage: USAGE,
    flags: ["json"],
    texts: ["runs"],
    positional: [0, 0],
  });
  if (given === undefined) return;
  const folder = given.text("runs") ?? "runs";
  const runs = await listRuns(folder);
  if (given.flag("json")) console.log(JSON.stringify({ runs }));
  else if (runs.length === 0) console.log(`no runs in ${folder}`);
  else {
    const head = ["RUN", "WORKFLOW", "STATUS", "STAGES", "STARTED (UTC)", "TIME"];
    console.log(table([head, ...runs.map(toRow)]));
  }
}

function toRow(run: RunSummary): string[] {
  return [
    run.id,
    run.workflow,
    run.status,
    countStates(run),
    clock(run.startedAt),
    duration(secondsOf(run)),
  ];
}

/** Seconds of wall time, so far where the run goes on. */
export function secondsOf({ startedAt, endedAt }: RunSummary): number {
  const end = endedAt === null ? Date.now() : Date.parse(endedAt);
  return (end - Date.parse(startedAt)) / 1000;
}

/** `3 done, 2 cached` */
export function countStates(run: RunSummary): string {
  const counts = new Map<StageState, number>();
  for (const { state } of run.stages) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
}
