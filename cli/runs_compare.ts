/**
 * `deno task runs compare A B`: what differs between two runs, in what they were given and in what
 * came of it.
 * @module
 */
import {
  compareRuns,
  type Comparison,
  type MethodComparison,
  type MethodRate,
  type StageDifferences,
} from "../engine/compare.ts";
import type { Difference } from "../engine/differences.ts";
import { findRun } from "../engine/history.ts";
import { readArguments } from "./arguments.ts";
import { table } from "./words.ts";

const USAGE = `usage: deno task runs compare RUN RUN [--json] [--runs runs]

Prints what differs, as first run → second run. RUN is a run's id, the beginning of one, or "latest".`;

/** Prints what differs. @throws RunNotFoundError */
export async function compareCommand(args: string[]): Promise<void> {
  const given = readArguments(args, {
    usage: USAGE,
    flags: ["json"],
    texts: ["runs"],
    positional: [2, 2],
  });
  if (given === undefined) return;
  const folder = given.text("runs") ?? "runs";
  const [before = "", now = ""] = given.positional;
  const comparison = await compareRuns(
    folder,
    await findRun(folder, before),
    await findRun(folder, now),
  );
  console.log(given.flag("json") ? JSON.stringify(comparison) : describe(comparison));
}

function describe({ runs, config, results }: Comparison): string {
  const sections = [
    section("run", lines(config.run)),
    section("workflow file", lines(config.workflow)),
    section("--set", lines(config.overrides)),
    section("inputs of stages", byStage(config.inputs)),
    section("states", lines(results.states)),
    section("outputs", byStage(results.outputs)),
    section("last metrics", byStage(results.metrics)),
    section("success rates (95% interval)", methods(results.methods)),
  ].filter((text) => text !== "");
  if (sections.length === 0) sections.push("nothing differs");
  return [`${runs[0]} → ${runs[1]}`, ...sections].join("\n\n");
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : [title, ...lines.map((line) => `  ${line}`)].join("\n");
}

function lines(differences: readonly Difference[]): string[] {
  return differences.map(({ path, before, now }) => `${path}: ${words(before)} → ${words(now)}`);
}

function byStage(stages: readonly StageDifferences[]): string[] {
  return stages.flatMap(({ stage, differences }) => [
    stage,
    ...lines(differences).map((line) => `  ${line}`),
  ]);
}

function methods(methods: readonly MethodComparison[]): string[] {
  if (methods.length === 0) return [];
  const rows = methods.map(({ method, before, now }) => [method, rate(before), "→", rate(now)]);
  return table(rows).split("\n");
}

function rate(rate: MethodRate | null): string {
  if (rate === null) return "none";
  const percent = (share: number) => (100 * share).toFixed(1);
  const [low, high] = rate.ci95.map(percent);
  return `${percent(rate.successRate)}% (${low}–${high})`;
}

function words(value: unknown): string {
  if (value === undefined) return "none";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
