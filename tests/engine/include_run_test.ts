import { join } from "node:path";
import { z } from "zod";
import { loadWorkflow, WorkflowError } from "../../engine/engine.ts";
import { readRunRecord } from "../../engine/history.ts";
import { mermaid } from "../../engine/mermaid.ts";
import type { StageModule } from "../../engine/module.ts";
import { stageGraph } from "../../engine/stage_graph.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../../std/assert.ts";
import { ARM, load, MAIN, withFiles } from "./including.ts";
import { make, stages } from "./modules.ts";
import { reasons, states } from "./workspace.ts";

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
