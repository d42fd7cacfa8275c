/**
 * The charts of a report: success rates, learning curves, wall time.
 * @module
 */
import type { StageSummary } from "../../engine/summary.ts";
import { base, heading, nameAxis, nameWidth, valueAxis } from "./axes.ts";
import type { PooledMethod } from "./pool.ts";
import type { ChartSpec } from "./svg.ts";
import { light } from "./theme.ts";
import { duration, percent, testPlace } from "./words.ts";

/** Width of a chart in the page's column, CSS pixels. */
export const COLUMN = 760;

/** Success rate of each method with its 95% interval; with several seeds, each seed's rate too. */
export function successChart(methods: readonly PooledMethod[]): ChartSpec {
  const places = methods.map(testPlace(methods));
  const several = new Set(places).size > 1;
  const names = methods.map((one, row) => several ? `${one.name}, ${places[row]}` : one.name);
  const height = 66 + 34 * methods.length;
  const bySeed = methods.flatMap((one, row) =>
    one.seeds > 1 ? one.rateBySeed.map((rate) => [100 * rate, row]) : []
  );
  return {
    name: "success-rate",
    description: `Success rate with 95% confidence interval: ${
      methods.map((one, row) => `${names[row]} ${percent(one.successRate)}`)
        .join(", ")
    }.`,
    width: COLUMN,
    height,
    option: {
      ...base,
      title: heading("Success rate (%), 95% confidence interval"),
      grid: { left: nameWidth(names), right: 64, top: 34, bottom: 28 },
      xAxis: valueAxis({ min: 0, max: 100, interval: 20 }),
      yAxis: nameAxis(names),
      series: [
        whiskers(methods),
        {
          type: "scatter",
          data: bySeed,
          symbolSize: 6,
          itemStyle: {
            color: light.surface,
            borderColor: light.muted,
            borderWidth: 1,
          },
        },
        {
          type: "scatter",
          data: methods.map((one, row) => ({
            value: [100 * one.successRate, row],
            itemStyle: { color: markColour(row) },
          })),
          symbolSize: 10,
          z: 4,
        },
      ],
    },
  };
}

function markColour(row: number): string {
  return row === 0 ? light.accent : light.soft;
}

/** Interval lines with caps, and the rate as a number in the right margin. */
function whiskers(methods: readonly PooledMethod[]): Record<string, unknown> {
  const draw = (
    params: { dataIndex: number },
    api: { coord(point: number[]): number[] },
  ) => {
    const row = params.dataIndex;
    const method = methods[row];
    if (method === undefined) return null;
    const [low = 0, y = 0] = api.coord([100 * method.ci95[0], row]);
    const [high = 0] = api.coord([100 * method.ci95[1], row]);
    const [right = 0] = api.coord([100, row]);
    const stroke = { stroke: markColour(row), lineWidth: 1.75, fill: "none" };
    const line = (x1: number, y1: number, x2: number, y2: number) => ({
      type: "line",
      shape: { x1, y1, x2, y2 },
      style: stroke,
    });
    return {
      type: "group",
      children: [
        line(low, y, high, y),
        line(low, y - 5, low, y + 5),
        line(high, y - 5, high, y + 5),
        {
          type: "text",
          style: {
            x: right + 60,
            y,
            text: percent(method.successRate),
            align: "right",
            verticalAlign: "middle",
            fill: light.ink,
            font: `${row === 0 ? "600 " : ""}12.5px ${base.textStyle.fontFamily}`,
          },
        },
      ],
    };
  };
  return {
    type: "custom",
    renderItem: draw,
    data: methods.map((one, row) => [100 * one.successRate, row]),
    encode: { x: 0, y: 1 },
    z: 3,
  };
}

/** Seconds each stage computed, in the order of the run; without stages that computed nothing. */
export function wallTimeChart(stages: readonly StageSummary[]): ChartSpec {
  const timed = stages.flatMap(({ instance, computeSeconds: seconds }) =>
    seconds === null ? [] : [{ instance, seconds }]
  );
  const names = timed.map((stage) => stage.instance);
  return {
    name: "wall-time",
    description: `Seconds of computing by stage: ${
      timed.map((one) => `${one.instance} ${duration(one.seconds)}`).join(", ")
    }.`,
    width: COLUMN,
    height: 62 + 24 * timed.length,
    option: {
      ...base,
      title: heading("Wall time by stage (s)"),
      grid: { left: nameWidth(names), right: 84, top: 34, bottom: 28 },
      xAxis: valueAxis({ min: 0, splitNumber: 5 }),
      yAxis: nameAxis(names),
      series: [{
        type: "bar",
        data: timed.map((stage) => stage.seconds),
        barWidth: 11,
        itemStyle: { color: light.accent, borderRadius: [0, 3, 3, 0] },
        label: {
          show: true,
          position: "right",
          color: light.soft,
          fontSize: 11.5,
          formatter: (item: { dataIndex: number }) => duration(timed[item.dataIndex]?.seconds ?? 0),
        },
      }],
    },
  };
}
