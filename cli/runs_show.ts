/**
 * `deno task runs show RUN`: one run with its stages, outputs, versions and device.
 * @module
 */
import { findRun, readRunRecord, type RunRecord } from "../engine/history.ts";
import type { StageSummary } from "../engine/summary.ts";
import { readArguments } from "./arguments.ts";
import { countStates, secondsOf } from "./runs.ts";
import { clock, duration, table } from "./words.ts";

const USAGE = `usage: deno task runs show RUN [--json] [--runs runs]

RUN is a run's id, the beginning of one, or "latest".`;

/** Prints a run. @throws RunNotFoundError */
export async function showCommand(args: string[]): Promise<void> {
  const given = readArguments(args, {
    usage: USAGE,
    flags: ["json"],
    texts: ["runs"],
    positional: [1, 1],
  });
  if (given === undefined) return;
  const folder = given.text("runs") ?? "runs";
  const record = await readRunRecord(folder, await findRun(folder, given.positional[0] ?? ""));
  if (given.flag("json")) {
    const { eventsEnd: _, ...shown } = record;
    console.log(JSON.stringify(shown));
  } else console.log(describe(record));
}

function describe(record: RunRecord): string {
  const { id, workflow, file, status, seed, startedAt, device, versions, overrides } = record;
  const pairs = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([name, value]) => `${name} ${value}`).join(", ");
  const facts = [
    ["run", id],
    ["workflow", `${workflow} (${file})`],
    ["status", `${status}: ${countStates(record)}`],
    ["seed", String(seed)],
    ["started", `${clock(startedAt)} UTC`],
    ["time", duration(secondsOf(record))],
    ["device", pairs(device) || "none was needed"],
    ["versions", pairs(versions)],
    ...Object.entries(overrides).map((
      [path, value],
    ) => ["--set", `${path}=${JSON.stringify(value)}`]),
  ];
  const head = ["STAGE", "USES", "STATE", "SECONDS", "REASON"];
  const outputs = record.stages.flatMap((stage) =>
    Object.entries(stage.outputs).map(([name, hash]) => [`${stage.instance}.${name}`, hash])
  );
  return [
    table(facts),
    "",
    table([head, ...record.stages.map(toRow)]),
    ...outputs.length === 0 ? [] : ["", table([["OUTPUT", "SHA-256"], ...outputs])],
  ].join("\n");
}

function toRow({ instance, uses, state, computeSeconds, reason }: StageSummary): string[] {
  return [instance, uses, state, computeSeconds?.toFixed(1) ?? "", reason];
}
