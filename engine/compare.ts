/**
 * Two runs side by side: what they were given, and what came of it. Only reads.
 * @module
 */
import { join } from "node:path";
import { parse } from "yaml";
import { type Difference, differencesOf } from "./differences.ts";
import { readMetrics, readRunRecord, type RunRecord, type StageMetrics } from "./history.ts";
import { runFiles, stageFolderName } from "./layout.ts";
import type { StageSummary } from "./summary.ts";

/** What differs for one stage instance. */
export interface StageDifferences {
  /** Instance name: `rl (seed=2)`. */
  readonly stage: string;
  /** Where, what, and what now. */
  readonly differences: readonly Difference[];
}

/** What a method of a report reached in one run. */
export interface MethodRate {
  /** Share of episodes that succeeded, 0 to 1. */
  readonly successRate: number;
  /** Its 95% interval. */
  readonly ci95: readonly [number, number];
  /** Episodes it is of. */
  readonly episodes: number;
}

/** A method in both reports. */
export interface MethodComparison {
  /** Its name, with environment, task, and split where that is not `test`: `reflect-rl (taxi, pickup)`. */
  readonly method: string;
  /** Null where the first run's report has no such method. */
  readonly before: MethodRate | null;
  /** Null where the second run's report has no such method. */
  readonly now: MethodRate | null;
}

/** What differs between two runs. */
export interface Comparison {
  /** Ids of the two runs, first `before`, then `now`. */
  readonly runs: readonly [string, string];
  /** What they were given. */
  readonly config: {
    /** Seed, file, versions, device. */
    readonly run: readonly Difference[];
    /** The workflow files, as data: comments and layout do not count. */
    readonly workflow: readonly Difference[];
    /** What `--set` changed. */
    readonly overrides: readonly Difference[];
    /** What each stage was given in the end; artifacts count by their hashes. */
    readonly inputs: readonly StageDifferences[];
  };
  /** What came of it. */
  readonly results: {
    /** How the run and its stages ended. */
    readonly states: readonly Difference[];
    /** Hashes of outputs, by stage and output. */
    readonly outputs: readonly StageDifferences[];
    /** The last value of each metric. */
    readonly metrics: readonly StageDifferences[];
    /** Every method of the two reports, also where nothing differs. */
    readonly methods: readonly MethodComparison[];
  };
}

/**
 * Compares two runs.
 * @throws RunNotFoundError
 */
export async function compareRuns(
  runsFolder: string,
  before: string,
  now: string,
): Promise<Comparison> {
  const [one, two] = await Promise.all([before, now].map((id) => readSide(runsFolder, id)));
  if (one === undefined || two === undefined) throw new Error("two runs were read");
  const inputs = await Promise.all(
    instancesOf(one, two).map(async (stage) => ({
      stage,
      differences: differencesOf(
        await readInputs(runsFolder, one.record.id, stage),
        await readInputs(runsFolder, two.record.id, stage),
      ),
    })),
  );
  return {
    runs: [one.record.id, two.record.id],
    config: {
      run: differencesOf(circumstances(one.record), circumstances(two.record)),
      workflow: differencesOf(parse(one.record.text), parse(two.record.text)),
      // Paths have dots of their own: each is one key.
      overrides: differencesOf(one.record.overrides, two.record.overrides),
      inputs: inputs.filter(isDifferent),
    },
    results: {
      states: differencesOf(statesOf(one.record), statesOf(two.record)),
      outputs: eachStage(one, two, ({ stages }, name) => stages.get(name)?.outputs),
      metrics: eachStage(one, two, ({ metrics }, name) => metrics.get(name)),
      methods: compareMethods(one.methods, two.methods),
    },
  };
}

interface Side {
  readonly record: RunRecord;
  readonly stages: ReadonlyMap<string, StageSummary>;
  /** Instance → metric → last value. */
  readonly metrics: ReadonlyMap<string, Readonly<Record<string, number>>>;
  readonly methods: ReadonlyMap<string, MethodRate>;
}

async function readSide(runsFolder: string, id: string): Promise<Side> {
  const record = await readRunRecord(runsFolder, id);
  const metrics = await readMetrics(runsFolder, record.id);
  return {
    record,
    stages: new Map(record.stages.map((stage) => [stage.instance, stage])),
    metrics: new Map(metrics.map((one) => [one.stage, lastValues(one)])),
    methods: await readMethods(runsFolder, record.id),
  };
}

function instancesOf(one: Side, two: Side): string[] {
  return [...new Set([...one.stages.keys(), ...two.stages.keys()])];
}

function eachStage(
  one: Side,
  two: Side,
  look: (side: Side, stage: string) => unknown,
): StageDifferences[] {
  return instancesOf(one, two).map((stage) => ({
    stage,
    differences: differencesOf(look(one, stage) ?? {}, look(two, stage) ?? {}),
  })).filter(isDifferent);
}

function isDifferent({ differences }: StageDifferences): boolean {
  return differences.length > 0;
}

function circumstances({ workflow, file, seed, versions, device }: RunRecord) {
  return { workflow, file, seed, versions, device };
}

function statesOf({ status, stages }: RunRecord) {
  // A name with dots is one key.
  return { run: status, ...Object.fromEntries(stages.map((one) => [one.instance, one.state])) };
}

/** What a stage was given; an artifact by kind and hash, since its path says no more. */
async function readInputs(runsFolder: string, id: string, stage: string): Promise<unknown> {
  const folder = join(runFiles(runsFolder, id).stages, stageFolderName(stage));
  return withoutPaths(await readJson(join(folder, "inputs.json")) ?? {});
}

function withoutPaths(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPaths);
  if (typeof value !== "object" || value === null) return value;
  const isArtifact = "hash" in value && "path" in value && "origin" in value;
  const entries = Object.entries(value).filter(([key]) => !(isArtifact && key === "path"));
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutPaths(inner)]));
}

/** The last finite value of each metric. */
function lastValues({ points }: StageMetrics): Record<string, number> {
  const last: Record<string, number> = {};
  for (const { values } of points) {
    for (const [name, value] of Object.entries(values)) if (value !== null) last[name] = value;
  }
  return last;
}

function compareMethods(
  before: ReadonlyMap<string, MethodRate>,
  now: ReadonlyMap<string, MethodRate>,
): MethodComparison[] {
  return [...new Set([...before.keys(), ...now.keys()])].map((method) => ({
    method,
    before: before.get(method) ?? null,
    now: now.get(method) ?? null,
  }));
}

/** Methods of `report.json`; none where the run has no report, or another kind of one. */
async function readMethods(runsFolder: string, id: string): Promise<Map<string, MethodRate>> {
  const file = join(runFiles(runsFolder, id).folder, "report", "report.json");
  const report = await readJson(file) as { methods?: unknown } | undefined;
  const methods: unknown[] = Array.isArray(report?.methods) ? report.methods : [];
  return new Map(methods.flatMap((method) => {
    if (typeof method !== "object" || method === null) return [];
    const { name, env, task, split, successRate, ci95, episodes } = method as Record<
      string,
      unknown
    >;
    if (typeof successRate !== "number" || !Array.isArray(ci95)) return [];
    // Tests play the split "test" where nothing else is said, and older reports say nothing.
    const where = [env, task, split === "test" ? "" : split].filter((part) =>
      typeof part === "string" && part !== ""
    );
    const title = where.length === 0 ? String(name) : `${name} (${where.join(", ")})`;
    const [low, high] = ci95.map(Number);
    return [[title, {
      successRate,
      ci95: [low ?? NaN, high ?? NaN] as const,
      episodes: Number(episodes),
    }]];
  }));
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
