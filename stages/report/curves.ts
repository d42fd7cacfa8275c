/**
 * Learning curves: reading `metrics` artifacts, averaging over seeds, smoothing.
 * @module
 */
import { z } from "zod";

/** One metric of one training stage instance. */
export interface Curve {
  /** What the workflow calls it; several seeds share a label. */
  readonly label: string;
  /** Position among the artifacts of that label. */
  readonly replicate: number;
  /** Name of the metric, as the stage reports it. */
  readonly metric: string;
  /** Ascending. */
  readonly steps: readonly number[];
  /** One per step. */
  readonly values: readonly number[];
}

/** A line of points, ready to draw. */
export interface Line {
  /** Ascending. */
  readonly steps: readonly number[];
  /** One per step. */
  readonly values: readonly number[];
}

const lineSchema = z.object({
  step: z.number(),
  values: z.record(z.string(), z.number().nullable()),
});

/**
 * Reads a `metrics` artifact: lines `{"step":n,"values":{"loss":1.2}}`. Of a step written twice (a
 * stage that resumed from a checkpoint) the last line counts. A null, which stands for a number that
 * was not finite, is left out.
 *
 * @returns One curve a metric, in the order metrics first appear.
 * @throws Error naming the file and the line.
 */
export function parseMetrics(
  text: string,
  file: string,
  label: string,
  replicate: number,
): Curve[] {
  const metrics = new Map<string, Map<number, number>>();
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const { step, values } = parseLine(line, `${file}:${index + 1}`);
    for (const [metric, value] of Object.entries(values)) {
      let points = metrics.get(metric);
      if (points === undefined) metrics.set(metric, points = new Map());
      if (value === null) points.delete(step);
      else points.set(step, value);
    }
  }
  return [...metrics].map(([metric, points]) => {
    const sorted = [...points].toSorted(([a], [b]) => a - b);
    return {
      label,
      replicate,
      metric,
      steps: sorted.map(([step]) => step),
      values: sorted.map(([, value]) => value),
    };
  });
}

function parseLine(line: string, where: string): z.infer<typeof lineSchema> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  const parsed = lineSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(
    `${where}: expected {"step":n,"values":{"loss":1.2,…}} with numbers or null, got ${
      line.slice(0, 80)
    }. Run the stage again to write it anew.`,
  );
}

/** Mean over seeds, at the steps that all of them have. */
export function meanLine(lines: readonly Line[]): Line {
  const [first, ...others] = lines.map((line) =>
    new Map(line.steps.map((step, index) => [step, line.values[index] ?? 0]))
  );
  const steps: number[] = [];
  const values: number[] = [];
  for (const [step, value] of first ?? []) {
    const here = others.map((other) => other.get(step));
    if (here.includes(undefined)) continue;
    steps.push(step);
    values.push(
      here.reduce<number>((sum, one) => sum + (one ?? 0), value) /
        lines.length,
    );
  }
  return { steps, values };
}

/**
 * Whether the line jumps about so much that the eye needs help to see the trend: it travels up and
 * down more than three times as far as from its lowest to its highest point.
 */
export function isNoisy({ values }: Line): boolean {
  if (values.length < 12) return false;
  let travelled = 0;
  let low = Infinity;
  let high = -Infinity;
  for (const [index, value] of values.entries()) {
    travelled += Math.abs(value - (values[index - 1] ?? value));
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return travelled > 3 * (high - low);
}

/** Odd number of points that {@linkcode smooth} looks at: about a tenth of the line, at least 5. */
export function smoothingWindow(points: number): number {
  return Math.max(5, 2 * Math.floor(points / 20) + 1);
}

/**
 * Local linear fit: each point becomes the value there of the straight line fitted to its
 * neighbours. Unlike a running mean it neither flattens a slope at the ends nor leaves the last
 * point, which readers look at most, as noisy as it was.
 */
export function smooth(line: Line): Line {
  const half = (smoothingWindow(line.values.length) - 1) / 2;
  const values = line.values.map((_, index) => {
    const from = Math.max(0, index - half);
    return fitAt(line.values.slice(from, index + half + 1), index - from);
  });
  return { steps: line.steps, values };
}

/** Value at a position of the least-squares line through values one apart. */
function fitAt(values: readonly number[], position: number): number {
  const centre = (values.length - 1) / 2;
  let mean = 0;
  let slope = 0;
  let spread = 0;
  for (const [index, value] of values.entries()) {
    mean += value / values.length;
    slope += (index - centre) * value;
    spread += (index - centre) ** 2;
  }
  return spread === 0 ? mean : mean + (position - centre) * slope / spread;
}
