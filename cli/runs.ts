/**
 * `deno task runs`: a table of the runs there are.
 * @module
 */
import { listRuns } from "../engine/history.ts";
import type { RunSummary, StageState } from "../engine/summary.ts";
import { readArguments } from "./arguments.ts";
import { duration } from "./words.ts";

const USAGE = `usage: deno task runs [--runs runs]`;

/** Prints the runs, newest first. Returns the exit code. */
export async function runsCommand(args: string[]): Promise<number> {
  const given = readArguments(args, { usage: USAGE, texts: ["runs"], positional: [0, 0] });
  if (given === undefined) return 0;
  const folder = given.text("runs") ?? "runs";
  const runs = await listRuns(folder);
  if (runs.length === 0) {
    console.log(`no runs in ${folder}`);
    return 0;
  }
  const head = ["RUN", "WORKFLOW", "STATUS", "STAGES", "STARTED (UTC)", "TIME"];
  const rows = [head, ...runs.map(toRow)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) {
    console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
  }
  return 0;
}

function toRow(run: RunSummary): string[] {
  const end = run.endedAt === null ? Date.now() : Date.parse(run.endedAt);
  return [
    run.id,
    run.workflow,
    run.status,
    countStates(run),
    run.startedAt.slice(0, 19).replace("T", " "),
    duration((end - Date.parse(run.startedAt)) / 1000),
  ];
}

/** `3 done, 2 cached` */
export function countStates(run: RunSummary): string {
  const counts = new Map<StageState, number>();
  for (const { state } of run.stages) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
}
