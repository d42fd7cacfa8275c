import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "../../std/assert.ts";
import { Artifact } from "../../engine/artifact.ts";
import type { PublishContext, StageContext } from "../../engine/module.ts";
import type { RunSummary, StageSummary } from "../../engine/summary.ts";
import { report, type ReportWith } from "../../stages/report.ts";
import type { ReportJson } from "../../stages/report/publish.ts";
import { type Transcript, writeResults } from "../../training/results.ts";
import { noCheckpoints } from "./no_checkpoints.ts";

const EVIL = `<script>alert("x")</script><img src=x onerror=alert(1)>'&$&`;

function context(folder: string): StageContext {
  return {
    instance: "report",
    seed: 1,
    signal: new AbortController().signal,
    device: "auto",
    folder,
    checkpoints: noCheckpoints,
    output: (name) => `${folder}/${name}`,
    log: () => {},
    progress: () => {},
    metric: () => {},
    gauge: () => {},
  };
}

function stage(
  instance: string,
  computeSeconds: number | null,
  state: StageSummary["state"] = "done",
): StageSummary {
  return {
    instance,
    stage: instance,
    uses: "sft",
    state,
    reason: "",
    computeSeconds,
    startedAt: null,
    endedAt: null,
    progress: null,
    outputs: {},
  };
}

function runOf(text: string): RunSummary {
  return {
    id: "r1",
    workflow: text,
    file: text,
    status: "running",
    seed: 3,
    startedAt: "2026-08-01T10:00:00.000Z",
    endedAt: null,
    device: { description: text },
    stages: [
      stage("sft", 2.5),
      stage(text, 4, "cached"),
      stage("report", null, "waiting"),
    ],
  };
}

async function results(
  folder: string,
  name: string,
  seed: number,
  successes: number,
  text: string,
): Promise<Artifact> {
  const path = `${folder}/results-${seed}-${successes}`;
  const transcript = (success: boolean): Transcript => ({
    seed: success ? 1 : 2,
    success,
    return: 0.5,
    steps: [{
      prompt: `${text} # Analyze: go ${text} # Action:`,
      reflection: `go ${text}`,
      label: "1",
      action: text,
      reward: -0.05,
    }],
  });
  await writeResults(path, {
    name,
    env: "taxi",
    task: "pickup",
    seed,
    split: "test",
    horizon: 15,
    episodes: Array.from({ length: 10 }, (_, index) => ({
      seed: index,
      success: index < successes,
      return: 1,
      steps: 2,
    })),
  }, [transcript(true), transcript(false)]);
  return new Artifact("results", path, "0", `eval (seed=${seed}).results`);
}

async function metrics(folder: string, seed: number): Promise<Artifact> {
  const path = `${folder}/metrics-${seed}.jsonl`;
  const lines = Array.from({ length: 30 }, (_, step) =>
    JSON.stringify({
      step,
      values: { loss: (step * seed) % 7, "<b>odd": step },
    }) + "\n");
  await Deno.writeTextFile(path, lines.join(""));
  return new Artifact("metrics", path, "0", `rl (seed=${seed}).metrics`);
}

interface Published {
  readonly page: string;
  readonly json: ReportJson;
  /** File name → text, pictures only. */
  readonly pictures: Record<string, string>;
}

/** Runs the stage on two seeds and one comparison, with `text` wherever a name can stand. */
async function publish(text: string): Promise<Published> {
  const folder = await Deno.makeTempDir();
  const input: ReportWith = {
    title: text,
    methods: [
      await results(folder, text, 1, 9, text),
      await results(folder, text, 2, 8, text),
      await results(folder, "sft", 3, 2, text),
    ],
    training: { [text]: [await metrics(folder, 1), await metrics(folder, 2)] },
  };
  await report.run(input, context(folder));
  const runFolder = `${folder}/run`;
  await Deno.mkdir(runFolder);
  await Deno.writeTextFile(
    `${runFolder}/run.json`,
    JSON.stringify({ versions: { deno: `2.9.6${text}` } }),
  );
  const output = new Artifact("report", `${folder}/report`, "0", "x.report");
  const publishing: PublishContext = {
    runFolder,
    outputs: { report: output },
    run: runOf(text),
  };
  await report.publish?.(input, publishing);
  const read = (name: string) => Deno.readTextFile(`${runFolder}/report/${name}`);
  const pictures: Record<string, string> = {};
  for await (const entry of Deno.readDir(`${runFolder}/report`)) {
    if (entry.name.endsWith(".svg")) {
      pictures[entry.name] = await read(entry.name);
    }
  }
  return {
    page: await read("index.html"),
    json: JSON.parse(await read("report.json")),
    pictures,
  };
}

Deno.test("report: numbers for programs", async () => {
  const { json } = await publish("reflect-rl");
  assertEquals(Object.keys(json), [
    "methods",
    "training",
    "device",
    "wallSeconds",
    "stages",
  ]);
  const [pooled, other] = json.methods;
  assertAlmostEquals(pooled?.ci95[0] ?? NaN, 0.6396, 1e-4);
  assertAlmostEquals(pooled?.ci95[1] ?? NaN, 0.9476, 1e-4);
  assertEquals({ ...pooled, ci95: [] }, {
    name: "reflect-rl",
    env: "taxi",
    task: "pickup",
    split: "test",
    seeds: 2,
    episodes: 20,
    successes: 17,
    successRate: 0.85,
    ci95: [],
    meanReturn: 1,
    meanSteps: 2,
  });
  assertEquals([other?.name, other?.successes], ["sft", 2]);
  assertEquals(json.training.map((one) => [one.stage, one.metric]), [
    ["rl (seed=1)", "loss"],
    ["rl (seed=1)", "<b>odd"],
    ["rl (seed=2)", "loss"],
    ["rl (seed=2)", "<b>odd"],
  ]);
  assertEquals(json.training[2]?.values.slice(0, 4), [0, 2, 4, 6]);
  assertEquals(json.wallSeconds, 6.5);
  assertEquals(json.stages[2], {
    instance: "report",
    seconds: null,
    state: "waiting",
  });
});

Deno.test("report: the page tells the result, shows the pictures and whole episodes", async () => {
  const { page, pictures } = await publish("reflect-rl");
  assertStringIncludes(
    page,
    "reflect-rl succeeded in 17 of 20 episodes (85.0%, 95% CI 64.0–94.8). Its interval lies wholly above that of sft (20.0%, 5.7–51.0).",
  );
  assertStringIncludes(
    page,
    "<pre>reflect-rl # Analyze: <mark>go reflect-rl</mark> # Action:</pre>",
  );
  assertEquals(Object.keys(pictures).toSorted(), [
    "curve-b-odd.svg",
    "curve-loss.svg",
    "success-rate.svg",
    "wall-time.svg",
  ]);
  assertEquals(page.match(/<figure><svg /g)?.length, 4);
  assertStringIncludes(page, "local linear fit over 5 points");
});

Deno.test("report: nothing is fetched and nothing runs", async () => {
  const { page, pictures } = await publish("reflect-rl");
  for (const text of [page, ...Object.values(pictures)]) {
    const links = text.match(/(?:https?:)?\/\/[^\s"'<>]+/g) ?? [];
    assertEquals(
      links.filter((link) => !link.startsWith("http://www.w3.org/")),
      [],
    );
    assert(!/<script|<link|@import|url\((?!#)/.test(text));
  }
});

Deno.test("report: text from workflows and environments is escaped everywhere", async () => {
  const { page, pictures } = await publish(EVIL);
  for (const text of [page, ...Object.values(pictures)]) {
    assert(!/<script|<img|<b>odd/.test(text));
    assertStringIncludes(text, "&lt;");
  }
  assertStringIncludes(page, "&lt;script&gt;alert(&quot;x&quot;)");
});

Deno.test("report: the same inputs give the same bytes, whatever was drawn before", async () => {
  const one = await publish("reflect-rl");
  const two = await publish("reflect-rl");
  assertEquals(two.pictures, one.pictures);
  assertEquals(two.page, one.page);
});

Deno.test("report: ids are unique within the page, and references to them resolve", async () => {
  const { page } = await publish("reflect-rl");
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
  assert(ids.length > 0);
  assertEquals(new Set(ids).size, ids.length);
  for (const [, id] of page.matchAll(/url\(#([^)]+)\)/g)) {
    assert(ids.includes(id), `no element with id ${id}`);
  }
});

Deno.test("report: pictures carry both colour schemes", async () => {
  const { page, pictures } = await publish("reflect-rl");
  for (const svg of Object.values(pictures)) {
    assertMatch(
      svg,
      /^<svg [^>]*role="img"[^>]*>\n?<style>@media \(prefers-color-scheme:dark\)/,
    );
  }
  assertStringIncludes(page, 'figure [fill="#16161a"]{fill:#f0f0ee}');
});

Deno.test("report: a result listed twice is refused", async () => {
  const folder = await Deno.makeTempDir();
  const one = await results(folder, "sft", 1, 5, "");
  await assertRejects(
    () =>
      report.run(
        { title: "t", methods: [one, one], training: {} },
        context(folder),
      ),
    Error,
    '"eval (seed=1).results" is listed twice',
  );
});

Deno.test("report: with", () => {
  const parsed = report.with.parse({ methods: ["results"] });
  assertEquals(parsed, {
    title: "Results",
    methods: ["results"],
    training: {},
  });
  for (const bad of [{}, { methods: [] }, { methods: ["a"], traning: {} }]) {
    assertEquals(report.with.safeParse(bad).success, false);
  }
});
