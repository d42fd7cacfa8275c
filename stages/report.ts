/**
 * The stage `report`: from evaluation results and training metrics to a page for people and
 * `report.json` for programs.
 *
 * What depends only on the inputs (the pooled table, the curves, which episodes are shown) is
 * computed once and cached. What belongs to a run (device, wall time, the page itself) is written
 * anew by `publish` at the end of every run. `report/` holds the parts: pooling, intervals, curves,
 * charts, page.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { Artifact, artifact, artifactPath } from "../engine/artifact.ts";
import type { PublishContext, StageContext, StageModule } from "../engine/module.ts";
import { readResults } from "../training/results.ts";
import { type Curve, parseMetrics } from "./report/curves.ts";
import { type PooledMethod, poolResults, repeatedSeeds } from "./report/pool.ts";
import { type PickedTranscript, pickTranscripts } from "./report/transcripts.ts";
import { publishReport } from "./report/publish.ts";

/** What `with` says. */
export interface ReportWith {
  /** Heading of the page. */
  readonly title: string;
  /** Results of evaluations; the method listed first is the one others are compared with. */
  readonly methods: readonly (Artifact | string)[];
  /** Learning curves to draw: a name for the legend, and the metrics of one or several seeds. */
  readonly training: Readonly<
    Record<string, Artifact | string | readonly (Artifact | string)[]>
  >;
}

/** The cached part: `report.json` and `transcripts.json` of the stage's output. */
export interface ReportContents {
  /** One row a method. */
  readonly methods: readonly PooledMethod[];
  /** All curves, of every metric. */
  readonly training: readonly Curve[];
  /** The episodes to show in full. */
  readonly transcripts: readonly PickedTranscript[];
}

const metrics = artifact("metrics");

/** The stage `report`. */
export const report: StageModule<ReportWith> = {
  name: "report",
  version: "2",
  description:
    "Pools evaluation results into a table with 95% intervals and draws learning curves, as a page, JSON and SVG.",
  url: import.meta.url,
  usesDevice: false,
  isolated: false,
  with: z.strictObject({
    title: z.string().min(1).default("Results").describe(
      "Heading of the page",
    ),
    methods: z.array(artifact("results")).min(1).describe(
      "Results to compare, the main method first; seeds of one method are pooled",
    ),
    training: z.record(z.string(), z.union([metrics, z.array(metrics)]))
      .default({}).describe(
        "Learning curves: name → metrics of one stage, or a list of them (seeds)",
      ),
  }),
  outputs: {
    report: {
      kind: "report",
      description: "The pooled results, curves and chosen episodes, as JSON",
    },
  },
  run,
  publish,
};

export default report;

async function run(input: ReportWith, context: StageContext): Promise<void> {
  refuseRepeats(input.methods);
  const read = await Promise.all(
    input.methods.map((one) => readResults(artifactPath(one))),
  );
  const methods = poolResults(read.map((one) => one.results));
  for (const words of repeatedSeeds(read.map((one) => one.results))) context.log(words);
  const transcripts = pickTranscripts(
    read.map(({ results: { name, env, task, split }, transcripts }) => ({
      ...{ name, env, task, split },
      transcripts,
    })),
  );
  const training = await readCurves(input.training);
  const folder = context.output("report");
  await Deno.mkdir(folder, { recursive: true });
  await writeJson(join(folder, "report.json"), { methods, training });
  await writeJson(join(folder, "transcripts.json"), transcripts);
  context.log(
    `${methods.length} methods, ${training.length} curves, ${transcripts.length} episodes in full`,
  );
}

/** The same episodes counted twice would make the interval too narrow. */
function refuseRepeats(methods: ReportWith["methods"]): void {
  const seen = new Set<string>();
  for (const one of methods) {
    const origin = typeof one === "string" ? one : one.origin;
    if (seen.has(origin)) {
      throw new Error(
        `report: "${origin}" is listed twice under methods, so its episodes would count twice. List each result once.`,
      );
    }
    seen.add(origin);
  }
}

async function readCurves(training: ReportWith["training"]): Promise<Curve[]> {
  const curves: Curve[] = [];
  for (const [label, replicates] of Object.entries(training)) {
    for (const [index, one] of asList(replicates).entries()) {
      const path = artifactPath(one);
      const text = await Deno.readTextFile(path);
      curves.push(...parseMetrics(text, path, label, index));
    }
  }
  return curves;
}

async function publish(
  input: ReportWith,
  context: PublishContext,
): Promise<void> {
  const folder = context.outputs["report"]?.path;
  if (folder === undefined) {
    throw new Error(
      `report: expected the output "report" to publish, got ${
        Object.keys(context.outputs).join(", ") || "none"
      }`,
    );
  }
  // The store has verified the hash: these are the bytes that `run` wrote.
  const cached: Omit<ReportContents, "transcripts"> = JSON.parse(
    await Deno.readTextFile(join(folder, "report.json")),
  );
  const transcripts: PickedTranscript[] = JSON.parse(
    await Deno.readTextFile(join(folder, "transcripts.json")),
  );
  await publishReport({
    title: input.title,
    contents: { ...cached, transcripts },
    stageOf: (curve) => stageName(input.training, curve),
    runFolder: context.runFolder,
    run: context.run,
  });
}

/** The stage instance a curve was measured in; its label where the workflow gave a path. */
function stageName(training: ReportWith["training"], curve: Curve): string {
  const source = asList(training[curve.label] ?? [])[curve.replicate];
  return source instanceof Artifact ? source.origin.replace(/\.metrics$/, "") : curve.label;
}

function asList(
  value: ReportWith["training"][string],
): readonly (Artifact | string)[] {
  return value instanceof Artifact || typeof value === "string" ? [value] : value;
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify(value, null, 1) + "\n");
}
