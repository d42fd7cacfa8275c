import type { ArtifactReference } from "../../engine/artifact.ts";
import { loadWorkflow, type Workflow, WorkflowError } from "../../engine/engine.ts";
import { ExpressionError, parseTemplate } from "../../engine/expressions.ts";
import { ModuleChoice } from "../../engine/slot.ts";
import { assertEquals, assertInstanceOf, assertRejects, assertThrows } from "../../std/assert.ts";
import { stages } from "./modules.ts";
import { Workspace } from "./workspace.ts";

async function load(text: string, overrides: string[] = []): Promise<Workflow> {
  await using workspace = await Workspace.with(text);
  return await loadWorkflow(workspace.file, { stages, overrides });
}

function inputs(workflow: Workflow): Record<string, unknown> {
  return Object.fromEntries(workflow.instances.map(({ name, input }) => [name, input]));
}

Deno.test("a template is split into texts and references", () => {
  assertEquals(parseTemplate("a ${{ vars.x }}/${{seed}}"), [
    "a ",
    { kind: "reference", path: ["vars", "x"], text: "vars.x", offset: 6 },
    "/",
    { kind: "reference", path: ["seed"], text: "seed", offset: 19 },
  ]);
  const error = assertThrows(() => parseTemplate("${{ seed }} ${{ a b }}"), ExpressionError);
  assertEquals(error.index, 1);
});

Deno.test("a reference alone keeps its type, inside a text it is written out", async () => {
  const workflow = await load(`
seed: 7
vars: { size: 3, deep: { name: abc } }
stages:
  one:
    uses: make
    with: { size: "\${{ vars.size }}", name: "\${{ vars.deep.name }}-\${{ seed }}-\${{ vars.size }}" }
`);
  assertEquals(inputs(workflow)["one"], { size: 3, name: "abc-7-3", mode: "fast" });
});

Deno.test("a variable may be a whole module choice and name other variables", async () => {
  const workflow = await load(`
vars:
  task: pickup
  env: { uses: taxi, with: { task: "\${{ vars.task }}" } }
stages:
  one: { uses: play, with: { env: "\${{ vars.env }}" } }
  two: { uses: play, with: { env: frozen-lake } }
`);
  const { one, two } = inputs(workflow) as Record<string, { env: unknown }>;
  assertInstanceOf(one?.env, ModuleChoice);
  assertEquals({ ...one.env }, {
    uses: "taxi",
    version: "1",
    with: { task: "pickup", speed: 1 },
    source: undefined,
  });
  assertEquals((two?.env as ModuleChoice).with, {});
});

Deno.test("a matrix makes instances in order, and a reference to it is a list that is spliced", async () => {
  const workflow = await load(`
seed: 5
stages:
  data: { uses: make, with: { size: 1 } }
  one: { uses: train, with: { dataset: "\${{ stages.data.outputs.data }}" } }
  many:
    uses: train
    matrix: { seed: [2, 1], note: [a, b] }
    with: { dataset: "\${{ stages.data.outputs.data }}", note: "\${{ matrix.note }}\${{ seed }}" }
  all:
    uses: play
    with:
      env: taxi
      models: ["\${{ stages.one.outputs.model }}", "\${{ stages.many.outputs.model }}"]
`);
  assertEquals(workflow.instances.map(({ name, seed }) => [name, seed]), [
    ["data", 5],
    ["one", 5],
    ["many (seed=2, note=a)", 2],
    ["many (seed=2, note=b)", 2],
    ["many (seed=1, note=a)", 1],
    ["many (seed=1, note=b)", 1],
    ["all", 5],
  ]);
  const { models } = inputs(workflow)["all"] as { models: ArtifactReference[] };
  assertEquals(models.map(({ instance }) => instance), [
    "one",
    "many (seed=2, note=a)",
    "many (seed=2, note=b)",
    "many (seed=1, note=a)",
    "many (seed=1, note=b)",
  ]);
  assertEquals(
    (inputs(workflow)["many (seed=1, note=b)"] as { note: string }).note,
    "b1",
  );
});

Deno.test("needs orders stages without data, and a stage may come before what it needs in the file", async () => {
  const workflow = await load(`
stages:
  last: { uses: make, needs: first, with: { size: 1 } }
  first: { uses: make, with: { size: 1 }, seed: 9, timeout: 1h30m, retry: { attempts: 3 } }
`);
  assertEquals(workflow.instances.map(({ name }) => name), ["first", "last"]);
  const [first, last] = workflow.instances;
  assertEquals([first?.seed, first?.timeout, first?.retry.attempts], [9, 5400, 3]);
  assertEquals([last?.needs, last?.reads], [["first"], []]);
});

Deno.test("overrides are typed, reach into lists, and are recorded", async () => {
  const workflow = await load(
    `
vars: { model: { size: 1 } }
stages:
  one: { uses: make, with: { size: "\${{ vars.model.size }}", parts: [{ task: a }, { task: b }] } }
`,
    ["vars.model.size=12", "seed=4", "stages.one.with.parts.1.task=c", 'stages.one.with.name="7"'],
  );
  assertEquals(inputs(workflow)["one"], {
    size: 12,
    name: "7",
    mode: "fast",
    parts: [{ task: "a" }, { task: "c" }],
  });
  assertEquals(workflow.overrides, {
    "vars.model.size": 12,
    seed: 4,
    "stages.one.with.parts.1.task": "c",
    "stages.one.with.name": "7",
  });
});

Deno.test("wrong overrides are all reported at themselves", async () => {
  const error = await assertRejects(
    () =>
      load("stages:\n  one: { uses: make, with: { size: 1 } }\n", [
        "stages.oen.with.size=2",
        "stages.one.with.size=many",
        "stages.one.uses.deep=1",
        "nothing",
        "sed=1",
      ]),
    WorkflowError,
  );
  assertEquals(error.message.split("\n").sort(), [
    "--set nothing: error[bad-override]: expected path=value, as stages.rl.with.steps=500",
    '--set sed=1: error[unknown-key]: the workflow has no key "sed"; did you mean "seed"? (valid: name, description, seed, vars, inputs, outputs, secrets, stages)',
    '--set stages.oen.with.size=2: error[bad-override]: the workflow has no stage "oen"; did you mean "one"? (valid: one)',
    '--set stages.one.uses.deep=1: error[bad-override]: "stages.one.uses" is "make", which has nothing below it to set',
    '--set stages.one.with.size=many: error[wrong-type]: input "size" of stage "one": expected a number, got "many"',
  ]);
});

Deno.test("hostile files cost an error, not the machine", async () => {
  const bombs = {
    "too-large": `name: x # ${"a".repeat(1_100_000)}`,
    "too-deep": `a: ${"[".repeat(200)}${"]".repeat(200)}`,
    "too-many-aliases": `a: &a 1\nb: [${"*a, ".repeat(200)}]`,
  };
  for (const [code, text] of Object.entries(bombs)) {
    const error = await assertRejects(() => load(text), WorkflowError);
    assertEquals(error.diagnostics.map((found) => found.code), [code]);
  }
  const stack = await assertRejects(() => load("- ".repeat(100_000)), WorkflowError);
  assertEquals(stack.diagnostics.map((found) => found.code), ["too-deep"]);
  const laughs = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 9; level++) {
    const inner = Array(9).fill(`*a${level - 1}`).join(", ");
    laughs.push(`a${level}: &a${level} [${inner}]`);
  }
  const error = await assertRejects(() => load(laughs.join("\n")), WorkflowError);
  assertEquals(error.diagnostics[0]?.code, "too-many-aliases");
});

Deno.test("a file that is not there is an error that names those that are", async () => {
  await using workspace = await Workspace.with("");
  const error = await assertRejects(
    () => loadWorkflow(`${workspace.folder}/flwo.yaml`, { stages }),
    WorkflowError,
  );
  assertEquals(
    error.message,
    `${workspace.folder}/flwo.yaml: error[file-not-found]: there is no such file; did you mean "flow.yaml"? (valid: flow.yaml)`,
  );
});
