/**
 * Results as Markdown, and their place in README.md.
 * @module
 */
import { type Compared, type Results, type ScalingRow, type Section, sections } from "./results.ts";
import { growth } from "./statistics.ts";

const BEGIN = "<!-- results: written by deno task bench -->";
const END = "<!-- end of results -->";

/** README.md with these results between its markers. Throws a TypeError where the markers are not there. */
export function writeTables(readme: string, results: Results): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) {
    throw new TypeError(`README.md needs a line "${BEGIN}" and behind it a line "${END}"`);
  }
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${tablesOf(results)}\n\n${readme.slice(end)}`;
}

/** All tables of the results, with the machine before them. */
export function tablesOf(results: Results): string {
  const { machine, peak } = results;
  const parts = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB; ${machine.system}; ` +
    `adapter ${machine.adapter}; Deno ${machine.deno}.`,
  ];
  if (results.matmul.length > 0) {
    parts.push(heading(results, "matmul", "Matrix product, GFLOP/s"), matmulTable(results));
    if (peak !== undefined) {
      parts.push(`The adapter's peak was measured as ${number(peak)} GFLOP/s.`);
    }
  }
  if (results.trainingStep.length > 0) {
    parts.push(heading(results, "training", "Training step, tokens/s"), trainingTable(results));
  }
  if (results.decode.length > 0) {
    parts.push(heading(results, "decode", "Writing, tokens/s"), decodeTable(results));
  }
  if (results.scaling.length > 0) {
    parts.push(heading(results, "scaling", "Growth of a training step"), scalingTable(results));
  }
  if (results.envs.length > 0) {
    parts.push(heading(results, "envs", "Environments, steps/s"), environmentTable(results));
  }
  if (results.engine.length > 0) {
    parts.push(heading(results, "engine", "Loading and planning a workflow"), engineTable(results));
  }
  const problems = problemsOf(results);
  if (problems.length > 0) parts.push(problems.map((problem) => `- ${problem}`).join("\n"));
  return parts.join("\n\n");
}

/** Each problem once, in the order of the sections. */
function problemsOf({ measured }: Results): string[] {
  return [...new Set(sections.flatMap((section) => measured[section]?.problems ?? []))];
}

function heading({ measured }: Results, section: Section, title: string): string {
  const how = measured[section];
  if (how === undefined) return `### ${title}`;
  const { date, quick, versions } = how;
  const warning = quick ? " **A quick run: too short to quote.**" : "";
  const others = Object.entries(versions).filter(([name]) => name !== "ours")
    .map(([name, version]) => `${name}: ${version}`);
  const against = others.length > 0 ? ` Against ${others.join("; ")}.` : "";
  return `### ${title}\n\nMeasured ${date.slice(0, 10)}.${warning}${against}`;
}

/** Three digits that matter. */
function number(value: number): string {
  return value >= 100 ? Math.round(value).toString() : Number(value.toPrecision(3)).toString();
}

/** A table of Markdown, laid out as `deno fmt` would: the first column as text, the others as numbers. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => {
    return Math.max(3, title.length, ...rows.map((row) => row[column]!.length));
  });
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, i) => {
      return i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!);
    });
    return `| ${padded.join(" | ")} |`;
  };
  const rule = widths.map((width, i) => i === 0 ? "-".repeat(width) : "-".repeat(width - 1) + ":");
  return [line(head), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}

/** Names of all peers in these rows. */
function peersIn(rows: readonly Compared[]): string[] {
  return [...new Set(rows.flatMap(({ peers }) => Object.keys(peers)))];
}

/** `1234 (1200–1300)`, then each peer's with how many times as fast ours is. */
function cells(row: Compared, peers: readonly string[]): string[] {
  const rated = (name: string, rate: number) => {
    const range = row.ranges?.[name];
    return number(rate) +
      (range === undefined ? "" : ` (${number(range.min)}–${number(range.max)})`);
  };
  return [
    rated("ours", row.ours),
    ...peers.flatMap((name) => {
      const rate = row.peers[name];
      const ratio = row.ratios?.[name];
      return [
        rate === undefined ? "–" : rated(name, rate),
        ratio === undefined ? "–" : `${number(ratio)}×`,
      ];
    }),
  ];
}

function comparedHead(first: string, peers: readonly string[]): string[] {
  return [first, "ours", ...peers.flatMap((name) => [name, "ours is"])];
}

function matmulTable({ matmul }: Results): string {
  const peers = peersIn(matmul);
  const rows = matmul.map((row) => {
    const [ours, ...others] = cells(row, peers);
    const share = row.shareOfPeak === undefined ? "–" : `${Math.round(row.shareOfPeak * 100)}%`;
    return [`${row.transposes} ${row.shape.join(" × ")}`, ours!, share, ...others];
  });
  const [first, ours, ...others] = comparedHead("M × K × N", peers);
  return table([first!, ours!, "of peak", ...others], rows);
}

function trainingTable({ trainingStep }: Results): string {
  const peers = peersIn(trainingStep);
  const rows = trainingStep.map((row) => [
    `${row.model}, sequence ${row.sequence}, batch ${row.batch}`,
    ...cells(row, peers),
  ]);
  return table(comparedHead("model", peers), rows);
}

function decodeTable({ decode }: Results): string {
  const peers = peersIn(decode);
  const rows = decode.map((row) => [`${row.model}, batch ${row.batch}`, ...cells(row, peers)]);
  return table(comparedHead("model", peers), rows);
}

function environmentTable({ envs }: Results): string {
  const peers = peersIn(envs);
  const rows = envs.map((row) => [`${row.environment} × ${row.instances}`, ...cells(row, peers)]);
  return table(comparedHead("environment × instances", peers), rows);
}

function engineTable({ engine }: Results): string {
  const rows = engine.map(({ shape, stages, loadSeconds, planSeconds, memoryMiB }) => [
    shape,
    String(stages),
    number(loadSeconds * 1000),
    number(planSeconds * 1000),
    number(memoryMiB),
  ]);
  return table(["workflow", "stages", "load, ms", "plan, ms", "memory, MiB"], rows);
}

function scalingTable({ scaling }: Results): string {
  const rows = scaling.map(({ what, value, secondsPerStep, tokensPerSecond }) => [
    what,
    String(value),
    number(secondsPerStep * 1000),
    number(tokensPerSecond),
  ]);
  const exponents = growthsOf(scaling).map(({ what, exponent }) => {
    return `${what} ${exponent.toFixed(2)}`;
  });
  return `${table(["what grows", "to", "ms a step", "tokens/s"], rows)}

Time of a step grows with the power of: ${exponents.join(", ")}.`;
}

/** The exponent of each curve that has two points. */
export function growthsOf(
  scaling: readonly ScalingRow[],
): { what: ScalingRow["what"]; exponent: number }[] {
  const curves = Object.entries(Object.groupBy(scaling, ({ what }) => what));
  return curves.flatMap(([what, rows]) => {
    const points = rows.map(({ value, secondsPerStep: cost }) => ({ value, cost }));
    return points.length < 2
      ? []
      : [{ what: what as ScalingRow["what"], exponent: growth(points) }];
  });
}

/** What must hold on a software adapter, each as a sentence that says whether it does. */
export function barsOf({ machine, matmul, trainingStep }: Results): string[] {
  if (!machine.softwareAdapter) return [];
  const cube = matmul.find(({ shape, transposes }) => {
    return transposes === "NN" && shape.every((extent) => extent === 1024);
  });
  const bars = [
    ...(cube === undefined ? [] : [{ what: "product at 1024³", row: cube, least: 5 }]),
    ...trainingStep.map((row) => ({ what: `training ${row.model}`, row, least: 4 })),
  ];
  return bars.map(({ what, row, least }) => {
    const ratio = row.ratios?.["jax-js-webgpu"];
    const bar = `bar: ${what} at least ${least}× jax-js-webgpu`;
    if (ratio === undefined) return `${bar}: not measured`;
    return `${bar}: ${ratio >= least ? "met" : "missed"} (${number(ratio)}×)`;
  });
}
