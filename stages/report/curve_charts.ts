/**
 * Learning curves as charts: one a metric, labels told apart by colour.
 *
 * Several seeds are thin lines under their mean. A noisy line is drawn faint under a smoothed one:
 * the trend is visible and so is the noise.
 * @module
 */
import { base, heading, legend, stepAxis, valueAxis } from "./axes.ts";
import { COLUMN } from "./charts.ts";
import { type Curve, isNoisy, type Line, meanLine, smooth, smoothingWindow } from "./curves.ts";
import type { ChartSpec } from "./svg.ts";
import { curveColour } from "./theme.ts";
import { metricWords } from "./words.ts";

/** A chart of curves, with what its caption has to say. */
export interface CurveChart extends ChartSpec {
  /** Name of the metric drawn. */
  readonly metric: string;
  /** Whether it answers the first question of a reader: success, return, loss. */
  readonly primary: boolean;
  /** Labels with several seeds. */
  readonly averaged: boolean;
  /** Points behind each smoothed value, smallest and largest; undefined where none is. */
  readonly smoothing: readonly [number, number] | undefined;
}

/** Metrics whose axis is a share of episodes. */
const SHARE = /success|accuracy/i;
/** What a reader looks for first, in this order. */
const PRIMARY = [/success/i, /return|reward/i, /loss/i];

/**
 * One chart a metric: success, return and loss first. Labels share a chart only where their steps
 * range alike (within a factor of two), so that 60 iterations are not squeezed beside 400 steps.
 */
export function curveCharts(curves: readonly Curve[]): CurveChart[] {
  const labels = [...new Set(curves.map((curve) => curve.label))];
  const byMetric = [...Map.groupBy(curves, (curve) => curve.metric)]
    .toSorted(([a], [b]) => rank(a) - rank(b));
  const names = new Set<string>();
  return byMetric.flatMap(([metric, ofMetric]) =>
    shareSteps(ofMetric).map((group) => {
      const name = freeName(`curve-${slug(metric)}`, names);
      return curveChart(name, metric, group, labels);
    })
  );
}

function rank(metric: string): number {
  const found = PRIMARY.findIndex((pattern) => pattern.test(metric));
  return found === -1 ? PRIMARY.length : found;
}

function shareSteps(curves: readonly Curve[]): Curve[][] {
  const groups: { last: number; curves: Curve[] }[] = [];
  for (const ofLabel of Map.groupBy(curves, (one) => one.label).values()) {
    const last = Math.max(...ofLabel.map((curve) => curve.steps.at(-1) ?? 0));
    const fitting = groups.find((group) => last <= 2 * group.last && group.last <= 2 * last);
    if (fitting === undefined) groups.push({ last, curves: ofLabel });
    else fitting.curves.push(...ofLabel);
  }
  return groups.map((group) => group.curves);
}

function slug(metric: string): string {
  return metric.replace(/[^a-z0-9]+/gi, "-").replace(/^-|-$/g, "")
    .toLowerCase() || "metric";
}

function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let next = 2; taken.has(name); next++) name = `${wanted}-${next}`;
  taken.add(name);
  return name;
}

function curveChart(
  name: string,
  metric: string,
  curves: readonly Curve[],
  labels: readonly string[],
): CurveChart {
  const byLabel = [...Map.groupBy(curves, (curve) => curve.label)];
  const noisy = byLabel.some(([, lines]) => isNoisy(meanLine(lines)));
  const drawn = byLabel.map(([label, lines]) =>
    drawLabel(label, lines, curveColour(labels.indexOf(label)), noisy)
  );
  const windows = drawn.flatMap((one) => one.window ?? []);
  const names = byLabel.map(([label]) => label);
  const words = metricWords(metric);
  return {
    name,
    metric,
    primary: rank(metric) < PRIMARY.length,
    averaged: byLabel.some(([, lines]) => lines.length > 1),
    smoothing: windows.length === 0 ? undefined : [Math.min(...windows), Math.max(...windows)],
    description: `${words} against step for ${names.join(", ")}.`,
    width: COLUMN,
    height: 260,
    option: {
      ...base,
      title: heading(words),
      legend: legend(names),
      grid: { left: 48, right: 12, top: 38, bottom: 42 },
      xAxis: stepAxis(),
      yAxis: valueAxis({
        scale: true,
        splitNumber: 4,
        ...(SHARE.test(metric) && inUnit(curves) ? { min: 0, max: 1, interval: 0.25 } : {}),
      }),
      series: drawn.flatMap((one) => one.series),
    },
  };
}

function inUnit(curves: readonly Curve[]): boolean {
  return curves.every((curve) => curve.values.every((value) => value >= 0 && value <= 1));
}

interface DrawnLabel {
  readonly series: Record<string, unknown>[];
  /** Points behind each smoothed value, where lines are smoothed. */
  readonly window: number | undefined;
}

/** Lines of one chart are smoothed all or none, so that they compare. */
function drawLabel(
  label: string,
  lines: readonly Line[],
  colour: string,
  noisy: boolean,
): DrawnLabel {
  const whole = meanLine(lines);
  const thin = lines.length > 1 || noisy;
  return {
    window: noisy ? smoothingWindow(whole.values.length) : undefined,
    series: [
      // Raw lines carry no name: the legend would list each.
      ...(thin ? lines.map((line) => series(line, colour, { width: 1, opacity: 0.38 })) : []),
      {
        ...series(noisy ? smooth(whole) : whole, colour, { width: 2 }),
        name: label,
      },
    ],
  };
}

function series(
  line: Line,
  colour: string,
  style: { width: number; opacity?: number },
): Record<string, unknown> {
  return {
    type: "line",
    data: line.steps.map((step, index) => [step, line.values[index]]),
    showSymbol: line.steps.length === 1,
    sampling: "lttb",
    itemStyle: { color: colour },
    lineStyle: { color: colour, join: "round", ...style },
  };
}
