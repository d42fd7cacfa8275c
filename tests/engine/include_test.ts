import { join } from "node:path";
import { loadWorkflow } from "../../engine/engine.ts";
import { stageFolderName } from "../../engine/layout.ts";
import { MAX_INCLUDE_DEPTH } from "../../engine/limits.ts";
import { assert, assertEquals, assertStringIncludes } from "../../std/assert.ts";
import { ARM, errorsOf, load, MAIN, withFiles } from "./including.ts";
import { stages } from "./modules.ts";

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

Deno.test("a default may name variables and inputs above it, given or not", async () => {
  const inner = `
vars: { sizes: { small: 4 } }
inputs:
  size: { type: number, default: "\${{ vars.sizes.small }}" }
  second: { type: number, default: "\${{ inputs.size }}" }
  note: { type: string, required: false }
  name: { type: string, default: "\${{ inputs.note }}" }
stages:
  one: { uses: make, with: { size: "\${{ inputs.second }}", name: "\${{ inputs.name }}" } }
`;
  const values = async (given: string) => {
    const flow = `stages: { in: { uses: ./in.yaml, with: { ${given} } } }`;
    return (await load({ "flow.yaml": flow, "in.yaml": inner })).get("in/one")?.values;
  };
  assertEquals(await values(""), { size: 4 });
  assertEquals(await values("size: 6, note: hello"), { size: 6, name: "hello" });
  assertEquals(await values("size: 6, second: 7"), { size: 7 });
  const alone = await load({ "flow.yaml": inner });
  assertEquals(alone.get("one")?.values, { size: 4 });
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
