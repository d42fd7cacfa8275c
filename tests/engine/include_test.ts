import { join } from "node:path";
import { z } from "zod";
import { loadWorkflow, WorkflowError } from "../../engine/engine.ts";
import { readRunRecord } from "../../engine/history.ts";
import { stageFolderName } from "../../engine/layout.ts";
import { MAX_INCLUDE_DEPTH } from "../../engine/limits.ts";
import { mermaid } from "../../engine/mermaid.ts";
import type { StageModule } from "../../engine/module.ts";
import { stageGraph } from "../../engine/stage_graph.ts";
import type { StageInstance } from "../../engine/workflow.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../std/assert.ts";
import { make, stages } from "./modules.ts";
import { reasons, states, Workspace } from "./workspace.ts";

const ARM = `
description: trains on what it is given
inputs:
  dataset: { kind: dataset, description: what it imitates }
  steps: { type: number, default: 3 }
  note: { type: string, required: false }
outputs:
  model: "\${{ stages.train.outputs.model }}"
  report: { description: what it made, value: "\${{ stages.extra.outputs.data }}" }
vars: { size: 2 }
stages:
  train:
    uses: train
    with:
      dataset: "\${{ inputs.dataset }}"
      steps: "\${{ inputs.steps }}"
      note: "\${{ inputs.note }}"
  extra: { uses: make, needs: train, with: { size: "\${{ vars.size }}" } }
`;

const MAIN = `
name: main
vars: { size: 5 }
stages:
  demos: { uses: make, with: { size: "\${{ vars.size }}" } }
  arm:
    uses: ./arm.yaml
    matrix: { seed: [7, 8] }
    with: { dataset: "\${{ stages.demos.outputs.data }}" }
  compare:
    uses: play
    with: { env: taxi, models: ["\${{ stages.arm.outputs.model }}"] }
  end: { uses: make, needs: arm, with: { size: 1 } }
`;

async function withFiles(files: Record<string, string>): Promise<Workspace> {
  const { "flow.yaml": flow = "", ...others } = files;
  const work = await Workspace.with(flow);
  for (const [name, text] of Object.entries(others)) {
    await Deno.mkdir(join(work.folder, name, ".."), { recursive: true });
    await work.write(name, text);
  }
  return work;
}

async function load(
  files: Record<string, string>,
  overrides: string[] = [],
): Promise<Map<string, StageInstance>> {
  await using work = await withFiles(files);
  const { instances } = await loadWorkflow(work.file, { stages, overrides });
  return new Map(instances.map((instance) => [instance.name, instance]));
}

/** The errors of a workflow, the folder of its files left out. */
async function errorsOf(files: Record<string, string>, overrides: string[] = []) {
  await using work = await withFiles(files);
  const error = await assertRejects(
    () => loadWorkflow(work.file, { stages, overrides }),
    WorkflowError,
  );
  return error.message.replaceAll(`${work.folder}/`, "").split("\n");
}

/** A stage `fail` that throws, beside the others. */
const failing: ReadonlyMap<string, StageModule> = new Map([...stages, [
  "fail",
  {
    ...make,
    name: "fail",
    with: z.object({}),
    run: () => Promise.reject(new Error("as it should")),
  } as StageModule,
]]);

Deno.test("an included file's stages become instances of the plan, and edges run through", async () => {
  const instances = await load({ "flow.yaml": MAIN, "arm.yaml": ARM });
  assertEquals([...instances.keys()], [
    "demos",
    "arm (seed=7)/train",
    "arm (seed=7)/extra",
    "arm (seed=8)/train",
    "arm (seed=8)/extra",
    "compare",
    "end",
  ]);
  const needs = (name: string) => instances.get(name)?.needs;
  assertEquals(needs("arm (seed=7)/train"), ["demos"]);
  assertEquals(needs("arm (seed=7)/extra"), ["arm (seed=7)/train"]);
  assertEquals(needs("compare"), ["arm (seed=7)/train", "arm (seed=8)/train"]);
  assertEquals(needs("end"), [...instances.keys()].slice(1, 5));
  assertEquals(instances.get("arm (seed=8)/train")?.stage, "arm/train");
  assertEquals(instances.get("arm (seed=8)/train")?.seed, 8);
  // Each file has variables of its own.
  assertEquals(instances.get("arm (seed=7)/extra")?.values, { size: 2 });
});

Deno.test("inputs take what the stage gives, then their default; one that need not be given is left out", async () => {
  const values = async (given: string) => {
    const flow = `
stages:
  demos: { uses: make, with: { size: 1 } }
  arm: { uses: ./arm.yaml, with: { dataset: "\${{ stages.demos.outputs.data }}"${given} } }
`;
    const instances = await load({ "flow.yaml": flow, "arm.yaml": ARM });
    const { dataset: _, ...others } = instances.get("arm/train")?.values as Record<string, unknown>;
    return others;
  };
  assertEquals(await values(""), { steps: 3 });
  assertEquals(await values(", steps: 9, note: hello"), { steps: 9, note: "hello" });
});

Deno.test("inputs reach matrices, conditions, variables, texts and the choice of a module", async () => {
  const instances = await load({
    "flow.yaml": `
stages:
  in: { uses: ./in.yaml, with: { seeds: [3, 4], full: false, module: make, more: { size: 6 } } }
`,
    "in.yaml": `
inputs: { seeds: { type: list }, full: { type: boolean }, module: {}, more: { type: map } }
vars: { name: "all-\${{ inputs.module }}" }
stages:
  one:
    uses: "\${{ inputs.module }}"
    matrix: { seed: "\${{ inputs.seeds }}" }
    if: inputs.full || matrix.seed == 3
    with: { size: "\${{ inputs.more.size }}", name: "\${{ vars.name }}" }
`,
  });
  assertEquals([...instances.keys()], ["in/one (seed=3)", "in/one (seed=4)"]);
  const success = [...instances.values()].map(({ gates }) => gates.at(-1)?.condition?.success);
  assertEquals(success, [true, false]);
  assertEquals(instances.get("in/one (seed=3)")?.values, { size: 6, name: "all-make" });
});

Deno.test("the stage's own seed goes before the file's, the file's before the workflow's", async () => {
  const inner = (seed: string) => `${seed}\nstages: { one: { uses: make, with: { size: 1 } } }`;
  const instances = await load({
    "flow.yaml": `
seed: 5
stages:
  a: { uses: ./plain.yaml }
  b: { uses: ./stated.yaml }
  c: { uses: ./stated.yaml, seed: 9 }
`,
    "plain.yaml": inner(""),
    "stated.yaml": inner("seed: 6"),
  });
  const seeds = [...instances.values()].map(({ seed }) => seed);
  assertEquals(seeds, [5, 6, 9]);
});

Deno.test("paths and modules are relative to the file that names them", async () => {
  await using work = await withFiles({
    "flow.yaml": `
stages:
  in: { uses: ./sub/in.yaml, with: { data: data.txt } }
`,
    "data.txt": "outer",
    "sub/data.txt": "inner",
    "sub/in.yaml": `
inputs: { data: { kind: dataset }, other: { default: data.txt } }
stages:
  given: { uses: train, with: { dataset: "\${{ inputs.data }}" } }
  preset: { uses: train, with: { dataset: "\${{ inputs.other }}" } }
  own: { uses: train, with: { dataset: data.txt } }
  mine: { uses: ./mine.ts }
  nested: { uses: ../third.yaml }
`,
    "sub/mine.ts": `
import { z } from "${import.meta.resolve("zod")}";
export default {
  name: "mine", version: "1", description: "Mine.", usesDevice: false, outputs: {}, with: z.object({}),
  run: () => Promise.resolve(),
};
`,
    "third.yaml": "stages: { last: { uses: train, with: { dataset: data.txt } } }",
  });
  const run = await work.run();
  assertEquals(run.status, "done");
  const weights = async (name: string) => {
    const folder = join(work.runsFolder, run.id, "stages", stageFolderName(name));
    const outputs = JSON.parse(await Deno.readTextFile(join(folder, "outputs.json")));
    return await Deno.readTextFile(join(outputs.model.path, "weights", "all"));
  };
  assertEquals(await weights("in/given"), "oute");
  assertEquals(await weights("in/preset"), "inne");
  assertEquals(await weights("in/own"), "inne");
  assertEquals(await weights("in/nested/last"), "oute");
});

Deno.test("a result is the same whether its stage is included or written out", async () => {
  await using work = await withFiles({ "flow.yaml": MAIN, "arm.yaml": ARM });
  await work.run();
  await work.write(
    "flow.yaml",
    `
name: flat
vars: { size: 5 }
stages:
  demos: { uses: make, with: { size: "\${{ vars.size }}" } }
  train:
    uses: train
    matrix: { seed: [8, 9] }
    with: { dataset: "\${{ stages.demos.outputs.data }}", steps: 3 }
`,
  );
  assertEquals(reasons(await work.plan()), {
    demos: "cached: same inputs",
    "train (seed=8)": "cached: same inputs",
    "train (seed=9)": "run: no earlier result",
  });
});

Deno.test("a run keeps the included texts, and its stages' files have folders of their own", async () => {
  await using work = await withFiles({ "flow.yaml": MAIN, "arm.yaml": ARM });
  const run = await work.run();
  assertEquals(new Set(Object.values(states(run))), new Set(["done"]));
  const record = await readRunRecord(work.runsFolder, run.id);
  assertEquals(record.included, { [join(work.folder, "arm.yaml")]: ARM });
  const folders = [...Deno.readDirSync(join(work.runsFolder, run.id, "stages"))];
  assertEquals(folders.length, 7);
});

Deno.test("--only and --force take the including stage, its instances and the stages inside", async () => {
  await using work = await withFiles({ "flow.yaml": MAIN, "arm.yaml": ARM });
  await work.run();
  const wanted = async (only: string) =>
    (await work.plan({ only })).filter(({ state }) => state !== "skipped")
      .map(({ instance }) => instance);
  const [one, other] = [
    ["arm (seed=7)/train", "arm (seed=7)/extra"],
    ["arm (seed=8)/train", "arm (seed=8)/extra"],
  ];
  assertEquals(await wanted("arm"), ["demos", ...one!, ...other!]);
  assertEquals(await wanted("arm (seed=8)"), ["demos", ...other!]);
  assertEquals(await wanted("arm/train"), ["demos", one![0]!, other![0]!]);
  assertEquals(await wanted("arm (seed=7)/extra"), ["demos", ...one!]);
  const forced = async (name: string) =>
    (await work.plan({ force: [name] })).filter(({ reason }) => reason === "--force").length;
  assertEquals([await forced("arm"), await forced("arm/extra")], [4, 2]);
  const error = await assertRejects(() => work.plan({ only: "arm/trian" }), WorkflowError);
  assertStringIncludes(error.message, 'did you mean "arm/train"?');
});

Deno.test("--set changes what the including stage gives", async () => {
  const files = { "flow.yaml": MAIN, "arm.yaml": ARM };
  const instances = await load(files, ["stages.arm.with.steps=4"]);
  const { steps } = instances.get("arm (seed=7)/train")?.values as { steps: number };
  assertEquals(steps, 4);
  assertEquals(await errorsOf(files, ["stages.arm.with.steps=many"]), [
    '--set stages.arm.with.steps=many: error[wrong-type]: input "steps" of stage "arm" (arm.yaml ' +
    'declares it): expected a number, got "many"',
  ]);
  // A file with inputs runs alone once they have values.
  const alone = { "flow.yaml": ARM, "data.txt": "x" };
  assertEquals(await errorsOf(alone), [
    'flow.yaml:4:3: error[missing-key]: the input "dataset" has no default, so only a stage can ' +
    "include this file: to run it alone, --set inputs.dataset.default=…",
  ]);
  assertEquals([...(await load(alone, ["inputs.dataset.default=data.txt"])).keys()], [
    "train",
    "extra",
  ]);
});

Deno.test("if, needs, cache and continue-on-error of the including stage hold for all its stages", async () => {
  await using work = await withFiles({
    "flow.yaml": `
stages:
  broken: { uses: fail }
  off: { uses: ./in.yaml, if: false }
  behind: { uses: ./in.yaml, needs: broken }
  rescue: { uses: ./in.yaml, needs: broken, if: failure() }
  loose: { uses: ./in.yaml, with: { wrong: true }, continue-on-error: true }
  after-loose: { uses: make, needs: loose, with: { size: 1 } }
  after-off: { uses: make, needs: off, with: { size: 1 } }
  fresh: { uses: ./in.yaml, cache: false }
  after-fresh: { uses: make, needs: fresh, with: { size: 1 } }
`,
    "in.yaml": `
inputs: { wrong: { default: false } }
stages:
  bad: { uses: fail, if: inputs.wrong }
  one: { uses: make, if: "!inputs.wrong", with: { size: 1 } }
  two: { uses: make, needs: [bad, one], if: inputs.wrong, with: { size: 1 } }
  clean: { uses: make, needs: one, if: failure(), with: { size: 2 } }
`,
  });
  const run = await work.run({ stages: failing, concurrency: 1 });
  const ended = reasons(run.stages);
  const inner = (name: string) =>
    ["bad", "one", "two", "clean"].map((stage) => ended[`${name}/${stage}`]);
  assertEquals(inner("off"), Array(4).fill("skipped: if: false"));
  assertEquals(ended["after-off"], "skipped: needs off/one, which was skipped");
  assertEquals(inner("behind")[1], "skipped: needs broken, which failed");
  assertEquals(inner("rescue")[1], "done: no earlier result");
  // Inside, a failure stops what needs it; outside, it is tolerated.
  assertEquals(inner("loose").slice(0, 3), [
    "failed: as it should",
    "skipped: if: !inputs.wrong",
    "skipped: needs loose/bad, which failed",
  ]);
  assertEquals(ended["after-loose"], "cached: same inputs");
  // A clean-up that was not needed keeps nothing from running behind the file.
  assertEquals(inner("fresh"), [
    "skipped: if: inputs.wrong",
    "done: cache: false",
    "skipped: if: inputs.wrong",
    "skipped: if: failure()",
  ]);
  assertEquals(ended["after-fresh"], "cached: same inputs");
});

Deno.test("a failure in a file that is included with continue-on-error does not fail the run", async () => {
  const flow = (more: string) => `stages: { in: { uses: ./in.yaml${more} } }`;
  await using work = await withFiles({
    "flow.yaml": flow(""),
    "in.yaml": "stages: { bad: { uses: fail } }",
  });
  assertEquals((await work.run({ stages: failing })).status, "failed");
  await work.write("flow.yaml", flow(", continue-on-error: true"));
  assertEquals((await work.run({ stages: failing })).status, "done");
});

Deno.test("an if that asks how needs ended waits for what the file is given", async () => {
  const instances = await load({
    "flow.yaml": MAIN.replace("matrix: { seed: [7, 8] }", "if: always()"),
    "arm.yaml": ARM,
  });
  assertEquals(instances.get("arm/extra")?.needs, ["demos", "arm/train"]);
  assertEquals(instances.get("arm/extra")?.gates[0]?.needs, ["demos"]);
});

Deno.test("secrets are declared in the file that uses them", async () => {
  const files = {
    "flow.yaml": "secrets: [OUTER]\nstages: { in: { uses: ./in.yaml } }",
    "in.yaml":
      'secrets: [INNER, OUTER]\nstages: { one: { uses: make, with: { size: 1, name: "${{ secrets.INNER }}" } } }',
  };
  await using work = await withFiles(files);
  const { secrets } = await loadWorkflow(work.file, { stages });
  assertEquals(secrets.map(({ name, at }) => [name, at.line]), [["OUTER", 1], ["INNER", 1]]);
  assert(secrets[1]?.at.source.endsWith("in.yaml"));
  const undeclared = { ...files, "in.yaml": files["in.yaml"].replace("INNER, ", "") };
  assertStringIncludes((await errorsOf(undeclared))[0]!, "in.yaml:2:54: error[unknown-secret]");
});

Deno.test("files that include each other are told with the way round, the nesting is bounded", async () => {
  const including = (file: string) => `stages:\n  on: { uses: ./${file} }\n`;
  const circle = {
    "flow.yaml": including("a.yaml"),
    "a.yaml": including("b/b.yaml"),
    "b/b.yaml": including("../a.yaml"),
  };
  assertEquals(await errorsOf(circle), [
    "b/b.yaml:2:15: error[cycle]: workflow files include each other: a.yaml → b/b.yaml → a.yaml",
  ]);
  const files: Record<string, string> = { "flow.yaml": including("f1.yaml") };
  for (let depth = 1; depth <= MAX_INCLUDE_DEPTH; depth++) {
    files[`f${depth}.yaml`] = including(`f${depth + 1}.yaml`);
  }
  files[`f${MAX_INCLUDE_DEPTH}.yaml`] = "stages: { one: { uses: make, with: { size: 1 } } }";
  assertEquals((await load(files)).size, 1);
  files[`f${MAX_INCLUDE_DEPTH}.yaml`] = including("last.yaml");
  files["last.yaml"] = "stages: { one: { uses: make, with: { size: 1 } } }";
  assertEquals(await errorsOf(files), [
    `f8.yaml:2:15: error[too-deep]: workflow files may be included at most ${MAX_INCLUDE_DEPTH} levels deep`,
  ]);
});

Deno.test("stages that need one another through what they include are a cycle", async () => {
  const files = {
    "flow.yaml": `
stages:
  one: { uses: ./arm.yaml, with: { dataset: "\${{ stages.two.outputs.report }}" } }
  two: { uses: ./arm.yaml, with: { dataset: "\${{ stages.one.outputs.report }}" } }
`,
    "arm.yaml": ARM,
  };
  assertEquals(await errorsOf(files), [
    "flow.yaml:3:46: error[cycle]: stages need each other: one → two → one",
  ]);
});

Deno.test("the graph shows the stages inside, and what passes through", async () => {
  await using work = await withFiles({ "flow.yaml": MAIN, "arm.yaml": ARM });
  const graph = stageGraph(await loadWorkflow(work.file, { stages }));
  assertEquals(
    mermaid(graph),
    `flowchart LR
  s0["demos<br/>uses make"]
  s1["arm/train<br/>uses train, 2 instances"]
  s2["arm/extra<br/>uses make, 2 instances"]
  s3["compare<br/>uses play"]
  s4["end<br/>uses make"]
  s0 -->|"data"| s1
  s1 -.-> s2
  s1 -->|"model"| s3
  s1 -.-> s4
  s2 -.-> s4
`,
  );
});
