/**
 * Writes a run's report folder: `index.html`, `report.json` and every picture as SVG.
 * @module
 */
import { join } from "node:path";
import type { RunSummary, StageState } from "../../engine/summary.ts";
import type { ReportContents } from "../report.ts";
import { successChart, wallTimeChart } from "./charts.ts";
import { curveCharts } from "./curve_charts.ts";
import type { Curve } from "./curves.ts";
import { reportPage } from "./page.ts";
import type { MethodSummary, PooledMethod } from "./pool.ts";
import { drawCharts, type Picture, standaloneSvg } from "./svg.ts";

/** What to publish, and where. */
export interface Publication {
  /** Heading of the page. */
  readonly title: string;
  /** The cached part of the report. */
  readonly contents: ReportContents;
  /** The stage instance a curve belongs to. */
  readonly stageOf: (curve: Curve) => string;
  /** The report goes to `report/` in it. */
  readonly runFolder: string;
  /** Stages, states, seconds, device. */
  readonly run: RunSummary;
}

/** `report.json`. */
export interface ReportJson {
  /** One entry a method. */
  readonly methods: readonly MethodSummary[];
  /** One entry a stage instance and metric. */
  readonly training: readonly {
    /** Stage instance. */
    readonly stage: string;
    readonly metric: string;
    readonly steps: readonly number[];
    readonly values: readonly number[];
  }[];
  /** The adapter the run computed on. */
  readonly device: Readonly<Record<string, string>>;
  /** Seconds of computing, summed over stages. */
  readonly wallSeconds: number;
  /** Every stage instance, in the order of the run. */
  readonly stages: readonly {
    readonly instance: string;
    readonly seconds: number | null;
    readonly state: StageState;
  }[];
}

/** Draws, writes, done: well under half a second. */
export async function publishReport(publication: Publication): Promise<void> {
  const { contents, run } = publication;
  const folder = join(publication.runFolder, "report");
  const numbers = reportJson(publication);
  const charts = curveCharts(contents.training);
  const timed = run.stages.some((stage) => stage.computeSeconds !== null);
  const [success, ...others] = await drawCharts([
    successChart(contents.methods),
    ...charts,
    ...(timed ? [wallTimeChart(run.stages)] : []),
  ]);
  if (success === undefined) throw new Error("report: no picture was drawn");
  const page = await reportPage({
    title: publication.title,
    methods: contents.methods,
    success,
    curves: charts.flatMap((chart, index) => {
      const picture = others[index];
      return picture === undefined ? [] : [{ chart, picture }];
    }),
    wallTime: others[charts.length],
    wallSeconds: numbers.wallSeconds,
    episodes: contents.transcripts,
    run,
    versions: await readVersions(publication.runFolder),
  });
  await Deno.mkdir(folder, { recursive: true });
  await Promise.all([
    Deno.writeTextFile(join(folder, "index.html"), page),
    Deno.writeTextFile(
      join(folder, "report.json"),
      JSON.stringify(numbers, null, 1) + "\n",
    ),
    ...[success, ...others].map((picture) => writePicture(folder, picture)),
  ]);
}

function writePicture(folder: string, picture: Picture): Promise<void> {
  return Deno.writeTextFile(
    join(folder, `${picture.name}.svg`),
    standaloneSvg(picture),
  );
}

function reportJson(publication: Publication): ReportJson {
  const { contents, run } = publication;
  return {
    methods: contents.methods.map(summary),
    training: contents.training.map((curve) => ({
      stage: publication.stageOf(curve),
      metric: curve.metric,
      steps: curve.steps,
      values: curve.values,
    })),
    device: run.device,
    wallSeconds: run.stages.reduce(
      (sum, stage) => sum + (stage.computeSeconds ?? 0),
      0,
    ),
    stages: run.stages.map(({ instance, computeSeconds, state }) => ({
      instance,
      seconds: computeSeconds,
      state,
    })),
  };
}

function summary(method: PooledMethod): MethodSummary {
  const { horizon: _horizon, rateBySeed: _rates, ...shown } = method;
  return shown;
}

/** `versions` of the run's `run.json`; nothing where the run was started without one. */
async function readVersions(
  runFolder: string,
): Promise<Record<string, string>> {
  let text: string;
  try {
    text = await Deno.readTextFile(join(runFolder, "run.json"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
  const record: { versions?: Record<string, unknown> } = JSON.parse(text);
  return Object.fromEntries(
    Object.entries(record.versions ?? {}).map((
      [name, value],
    ) => [name, String(value)]),
  );
}
