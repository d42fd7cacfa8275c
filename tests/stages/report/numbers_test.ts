import { assertAlmostEquals, assertEquals, assertThrows } from "../../../std/assert.ts";
import { successChart } from "../../../stages/report/charts.ts";
import { isNoisy, meanLine, parseMetrics, smooth } from "../../../stages/report/curves.ts";
import { wilson95 } from "../../../stages/report/interval.ts";
import { poolResults, repeatedSeeds } from "../../../stages/report/pool.ts";
import { resultsTable } from "../../../stages/report/table.ts";
import { duration, findings, metricWords, place, signed } from "../../../stages/report/words.ts";
import type { Results } from "../../../training/results.ts";

Deno.test("wilson95: published values", () => {
  // R. G. Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, method 3; bounds to 4 digits.
  for (
    const [successes, trials, low, high] of [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
      [29, 29, 0.8830, 1],
    ] as const
  ) {
    const [lower, upper] = wilson95(successes, trials);
    assertAlmostEquals(lower, low, 5e-5);
    assertAlmostEquals(upper, high, 5e-5);
  }
});

Deno.test("wilson95: ends are exact, impossible counts are refused", () => {
  assertEquals(wilson95(0, 7)[0], 0);
  assertEquals(wilson95(7, 7)[1], 1);
  for (const [successes, trials] of [[0, 0], [3, 2], [-1, 2]] as const) {
    assertThrows(() => wilson95(successes, trials), RangeError);
  }
});

function results(
  name: string,
  seed: number,
  successes: number,
  trials: number,
  more: Partial<Results> = {},
): Results {
  const episodes = Array.from({ length: trials }, (_, index) => ({
    seed: index,
    success: index < successes,
    return: index < successes ? 1 : -1,
    steps: index + 1,
  }));
  return {
    name,
    env: "taxi",
    task: "pickup",
    seed,
    split: "test",
    horizon: 15,
    episodes,
    ...more,
  };
}

Deno.test("poolResults: seeds of a method are one row, tasks and splits are not", () => {
  const rows = poolResults([
    results("b", 1, 3, 4),
    results("a", 1, 1, 2),
    results("b", 2, 1, 2),
    results("b", 1, 0, 1, { task: "full" }),
    results("b", 1, 0, 1, { split: "train" }),
  ]);
  assertEquals(rows.map((row) => [row.name, row.task, row.split, row.seeds]), [
    ["b", "pickup", "test", 2],
    ["a", "pickup", "test", 1],
    ["b", "full", "test", 1],
    ["b", "pickup", "train", 1],
  ]);
  const [pooled] = rows;
  assertEquals(pooled, {
    name: "b",
    env: "taxi",
    task: "pickup",
    seeds: 2,
    episodes: 6,
    successes: 4,
    successRate: 4 / 6,
    ci95: wilson95(4, 6),
    meanReturn: 2 / 6,
    meanSteps: 13 / 6,
    split: "test",
    horizon: 15,
    rateBySeed: [0.75, 0.5],
  });
});

Deno.test("repeatedSeeds: results that may differ in more than the seed are told", () => {
  assertEquals(
    repeatedSeeds([results("a", 1, 1, 2), results("a", 2, 1, 2), results("b", 1, 1, 2)]),
    [],
  );
  assertEquals(
    repeatedSeeds([1, 1, 2, 2].map((seed) => results("a", seed, 1, 2))),
    [
      'results named "a" (taxi pickup) are pooled as 4 seeds, though they were evaluated with 2 seeds; where they differ in more than that, give them names of their own',
    ].map((text) => `4 ${text}`),
  );
  const places = [results("a", 1, 1, 2), results("a", 1, 1, 2, { split: "train" })];
  assertEquals(repeatedSeeds(places), []);
});

Deno.test("poolResults: episodes cut at different horizons are not pooled", () => {
  assertThrows(
    () => poolResults([results("a", 1, 1, 2), results("a", 2, 1, 2, { horizon: 30 })]),
    Error,
    "cannot be pooled: one has horizon 15, another 30",
  );
});

Deno.test("findings: rates, intervals and how they lie to each other", () => {
  const rows = poolResults([
    results("reflect-rl", 1, 194, 200),
    results("sft", 1, 120, 200),
    results("sft-rl", 1, 190, 200),
  ]);
  assertEquals(findings(rows), [
    "reflect-rl succeeded in 194 of 200 episodes (97.0%, 95% CI 93.6–98.6). " +
    "Its interval lies wholly above that of sft (60.0%, 53.1–66.5); " +
    "it overlaps that of sft-rl (95.0%, 91.0–97.3).",
  ]);
  const worse = findings(rows.toReversed().slice(1));
  assertEquals(
    worse[0]?.includes("lies wholly below that of reflect-rl"),
    true,
  );
});

Deno.test("findings: each task has its own paragraph", () => {
  const rows = poolResults([
    results("a", 1, 1, 2),
    results("a", 1, 1, 2, { task: "full" }),
  ]);
  assertEquals(findings(rows).map((text) => text.slice(0, 16)), [
    "On taxi pickup, ",
    "On taxi full, a ",
  ]);
});

Deno.test("findings: each split has its own paragraph, and is named where there are several", async () => {
  const rows = poolResults([
    results("a", 1, 1, 2, { split: "seen" }),
    results("a", 1, 1, 2, { split: "unseen" }),
    results("b", 1, 1, 2, { split: "unseen" }),
  ]);
  assertEquals(findings(rows).map((text) => text.split(" succeeded")[0]), [
    "On taxi pickup, seen, a",
    "On taxi pickup, unseen, a",
  ]);
  assertEquals(successChart(rows).description.match(/\w+, taxi pickup, \w+/g), [
    "a, taxi pickup, seen",
    "a, taxi pickup, unseen",
    "b, taxi pickup, unseen",
  ]);
  const headings = async (shown: typeof rows) =>
    [...String(await resultsTable(shown)).matchAll(/<th class="word">(\w+)/g)].map(([, name]) =>
      name
    );
  assertEquals(await headings(rows), ["Method", "Starts"]);
  assertEquals(await headings(rows.slice(1)), ["Method"]);
});

Deno.test("numbers in words", () => {
  assertEquals([0.04, 9.96, 59.4, 59.6, 200, 3599.6, 7500].map(duration), [
    "0.0 s",
    "10 s",
    "59 s",
    "1 min 00 s",
    "3 min 20 s",
    "1 h 00 min",
    "2 h 05 min",
  ]);
  assertEquals(["successRate", "kl_loss", "loss", "KL"].map(metricWords), [
    "success rate",
    "kl loss",
    "loss",
    "KL",
  ]);
  assertEquals(place({ env: "taxi", task: "" }), "taxi");
  assertEquals([signed(-0.5, 1), signed(-0.001, 2), signed(2, 0)], [
    "−0.5",
    "0.00",
    "2",
  ]);
});

Deno.test("parseMetrics: a curve a metric; a repeated step counts once, null not at all", () => {
  const text = '{"step":2,"values":{"loss":2}}\n' +
    '{"step":1,"values":{"loss":3,"success":0.5}}\n' +
    '{"step":2,"values":{"loss":1}}\n{"step":3,"values":{"loss":null}}\n';
  assertEquals(parseMetrics(text, "m.jsonl", "rl", 0), [
    {
      label: "rl",
      replicate: 0,
      metric: "loss",
      steps: [1, 2],
      values: [3, 1],
    },
    {
      label: "rl",
      replicate: 0,
      metric: "success",
      steps: [1],
      values: [0.5],
    },
  ]);
});

Deno.test("parseMetrics: errors name file and line", () => {
  for (const bad of ["{", '{"step":1}', '{"step":1,"values":{"loss":"1"}}']) {
    assertThrows(
      () => parseMetrics(`{"step":1,"values":{}}\n${bad}\n`, "m.jsonl", "a", 0),
      Error,
      "m.jsonl:2",
    );
  }
});

Deno.test("meanLine: over the steps that all seeds have", () => {
  const line = meanLine([
    { steps: [1, 2, 3], values: [1, 2, 3] },
    { steps: [2, 3, 4], values: [4, 9, 9] },
  ]);
  assertEquals(line, { steps: [2, 3], values: [3, 6] });
});

Deno.test("smooth: keeps straight lines, flattens a zigzag up to its ends", () => {
  const steps = Array.from({ length: 40 }, (_, index) => index);
  const straight = { steps, values: steps.map((step) => 2 * step) };
  const zigzag = { steps, values: steps.map((step) => step % 2) };
  assertEquals(isNoisy(straight), false);
  assertEquals(isNoisy(zigzag), true);
  for (const [index, value] of smooth(straight).values.entries()) {
    assertAlmostEquals(value, 2 * index, 1e-9);
  }
  for (const [index, value] of smooth(zigzag).values.entries()) {
    const middle = index >= 2 && index < 38;
    assertAlmostEquals(value, 0.5, middle ? 0.101 : 0.25);
  }
});
