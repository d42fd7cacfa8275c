/**
 * What stands under tables and figures: how the numbers were made.
 * @module
 */
import type { StageSummary } from "../../engine/summary.ts";
import type { CurveChart } from "./curve_charts.ts";
import type { PooledMethod } from "./pool.ts";
import { duration, enumerate, metricWords, place } from "./words.ts";

/** `taxi pickup` */
export function places(methods: readonly PooledMethod[]): string {
  return enumerate([
    ...new Set(methods.map(place)),
  ]);
}

/** Where episodes start, when they are cut, what the interval assumes. */
export function tableCaption(methods: readonly PooledMethod[]): string {
  const setups = [
    ...new Set(
      methods.map((one) =>
        `${place(one)}: ${one.split === "all" ? "all starts" : `starts of the ${one.split} split`}${
          one.horizon === undefined ? "" : `, at most ${one.horizon} steps`
        }`
      ),
    ),
  ];
  const pooled = methods.some((one) => one.seeds > 1)
    ? " Episodes of several seeds are pooled; the interval takes them as independent and does not cover how much training differs from seed to seed."
    : " One training seed each; the interval covers the choice of episodes, not of seeds.";
  return `${
    setups.join("; ")
  }. Intervals are Wilson score intervals (Wilson 1927). Return is undiscounted.${pooled}`;
}

/** What the lines of a learning curve are. */
export function curvesCaption(chart: CurveChart): string {
  const parts = [
    `${capitalised(metricWords(chart.metric))} against training step.`,
  ];
  if (chart.averaged) parts.push("Thin: each seed; thick: their mean.");
  if (chart.smoothing !== undefined) {
    const [low, high] = chart.smoothing;
    const window = low === high ? `${low}` : `${low} to ${high}`;
    parts.push(
      `${
        chart.averaged ? "Noisy lines" : "Faint: as measured; bold"
      }: local linear fit over ${window} points.`,
    );
  }
  return parts.join(" ");
}

/** The total, and what the time of a cached stage means. */
export function timeCaption(
  stages: readonly StageSummary[],
  wallSeconds: number,
): string {
  const cached = stages.filter((stage) => stage.state === "cached").length;
  const note = cached === 0
    ? ""
    : ` ${cached} of ${stages.length} stages came from the cache and show the time of the run that computed them.`;
  return `${duration(wallSeconds)} of computing in all.${note}`;
}

function capitalised(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
