/**
 * Numbers and findings in words.
 * @module
 */
import type { MethodSummary } from "./pool.ts";

/** `97.0%` */
export function percent(rate: number): string {
  return `${(100 * rate).toFixed(1)}%`;
}

/** `93.6–98.6`, in percent. */
export function percentRange([low, high]: readonly [number, number]): string {
  return `${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)}`;
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min` */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const pad = (value: number) => String(value).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** With a real minus sign, which is as wide as the plus. */
export function signed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  const zero = Number(text) === 0;
  return zero ? text.replace("-", "") : text.replace("-", "−");
}

/** `successRate` → `success rate`, `kl_loss` → `kl loss` */
export function metricWords(metric: string): string {
  return metric.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replaceAll("_", " ")
    .replace(/[A-Z](?=[a-z])/g, (letter) => letter.toLowerCase());
}

/** `taxi pickup`, or `taxi` where results name no task. */
export function place(one: { env: string; task: string }): string {
  return one.task === "" ? one.env : `${one.env} ${one.task}`;
}

/** Where a method was tested. */
interface Tested {
  readonly env: string;
  readonly task: string;
  readonly split: string;
}

/** As {@linkcode place}, with the split where those compared have several: `household pick-and-place, unseen`. */
export function testPlace(compared: readonly Tested[]): (one: Tested) => string {
  const several = new Set(compared.map(({ split }) => split)).size > 1;
  return (one) => several ? `${place(one)}, ${one.split}` : place(one);
}

/** `a`, `a and b`, `a, b and c` */
export function enumerate(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}

/**
 * What the numbers say, a paragraph for each environment, task and split: the method listed first, and how
 * its interval lies to the others'.
 */
export function findings(methods: readonly MethodSummary[]): string[] {
  const groups = Map.groupBy(methods, testPlace(methods));
  return [...groups].map(([where, group]) => {
    const [main, ...others] = group;
    if (main === undefined) return "";
    const prefix = groups.size > 1 ? `On ${where}, ` : "";
    const opening =
      `${prefix}${main.name} succeeded in ${main.successes} of ${main.episodes} episodes (${
        percent(main.successRate)
      }, 95% CI ${percentRange(main.ci95)})`;
    return `${opening}. ${comparison(main, others)}`.trim();
  });
}

function comparison(
  main: MethodSummary,
  others: readonly MethodSummary[],
): string {
  const told = (one: MethodSummary) =>
    `${one.name} (${percent(one.successRate)}, ${percentRange(one.ci95)})`;
  const below = others.filter((one) => one.ci95[1] < main.ci95[0]);
  const above = others.filter((one) => one.ci95[0] > main.ci95[1]);
  const level = others.filter((one) => !below.includes(one) && !above.includes(one));
  const parts: string[] = [];
  if (below.length > 0) {
    parts.push(`lies wholly above ${those(below)} of ${list(below, told)}`);
  }
  if (above.length > 0) {
    parts.push(`lies wholly below ${those(above)} of ${list(above, told)}`);
  }
  if (level.length > 0) {
    parts.push(`overlaps ${those(level)} of ${list(level, told)}`);
  }
  return parts.length === 0 ? "" : `Its interval ${parts.join("; it ")}.`;
}

function those(methods: readonly MethodSummary[]): string {
  return methods.length === 1 ? "that" : "those";
}

function list(
  methods: readonly MethodSummary[],
  told: (one: MethodSummary) => string,
): string {
  return enumerate(methods.map(told));
}
