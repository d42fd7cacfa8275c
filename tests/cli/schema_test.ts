/**
 * The JSON Schema and the reference page are up to date, and the schema agrees with the loader on what
 * is right.
 */
import { Ajv } from "ajv";
import { parse } from "yaml";
import { generatedFiles } from "../../cli/schema.ts";
import { workflowJsonSchema } from "../../engine/json_schema.ts";
import { referencePage } from "../../engine/reference_page.ts";
import { stages as shipped } from "../../stages/stages.ts";
import { assert, assertEquals, assertStringIncludes } from "../../std/assert.ts";
import { stages } from "../engine/modules.ts";

const root = new URL("../..", import.meta.url);

for (const [file, text] of await generatedFiles()) {
  Deno.test(`${file} is up to date (deno task schema writes it)`, async () => {
    assertEquals(await Deno.readTextFile(new URL(file, root)), text);
  });
}

/** Whether the editor's schema takes a workflow, and what it says of it. */
function validator(modules: typeof stages) {
  const validate = new Ajv({ strict: false, allErrors: true, formats: { uri: true } })
    .compile(workflowJsonSchema(modules));
  return (text: string) => validate(parse(text)) ? "" : JSON.stringify(validate.errors);
}

Deno.test("shipped and documented workflows name the schema or pass it", async () => {
  const faults = validator(shipped);
  const folder = new URL("workflows/", root);
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.endsWith(".yaml")) continue;
    const text = await Deno.readTextFile(new URL(name, folder));
    assert(text.startsWith("# yaml-language-server: $schema=workflow.schema.json\n"), name);
    assertEquals(faults(text), "", name);
  }
  for (const page of ["README.md", "docs/workflows.md"]) {
    const text = await Deno.readTextFile(new URL(page, root));
    assertEquals(faults(/```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? ""), "", page);
  }
});

Deno.test("the schema takes what the loader takes, and refuses what is plainly wrong", () => {
  const faults = validator(stages);
  const stage = (keys: string) => faults(`stages: { one: { ${keys} } }`);
  const right = [
    "uses: make, with: { size: 1 }",
    'uses: make, with: { size: "${{ vars.size }}" }, seed: "${{ vars.seed }}", if: false',
    'uses: make, with: "${{ vars.all }}", matrix: { a: [1], include: [{ a: 2, b: x }] }',
    "uses: ./my_stage.ts, with: { anything: 1 }, needs: [one], retry: { attempts: 2, delay: 5s }",
    "uses: play, with: { env: taxi, models: [a, b] }",
    'uses: play, with: { env: { uses: taxi, with: { task: "${{ vars.task }}", speed: 2 } } }',
    "uses: play, with: { env: { uses: ./my_env.ts, with: { a: 1 } } }",
    'uses: play, with: { env: "${{ vars.env }}", models: "${{ stages.a.outputs.model }}" }',
    'uses: make, with: { size: 1, parts: [{ task: a, until: "${{ vars.until }}" }] }',
  ];
  for (const keys of right) assertEquals(stage(keys), "", keys);
  const wrong = [
    "uses: make",
    "uses: mak, with: { size: 1 }",
    "uses: make, with: { size: many }",
    "uses: make, with: { size: 1, sise: 1 }",
    "uses: make, whith: { size: 1 }",
    "uses: play, with: { env: taksi }",
    "uses: play, with: { env: { uses: taxi, with: { task: none } } }",
    "uses: play, with: { env: { uses: taxi, wiht: {} } }",
    "uses: make, with: { size: 1 }, retry: { attempts: 0 }",
    "uses: make, with: { size: 1 }, timeout: soon",
    "uses: make, with: { size: 1 }, if: 3",
  ];
  for (const keys of wrong) assert(stage(keys) !== "", keys);
});

Deno.test("the schema takes expressions in lists of a fixed length, too", () => {
  const faults = validator(shipped);
  const of = (range: string) =>
    faults(`stages:
  one:
    uses: collect
    with: { env: { uses: auto-explore, with: { root: ., leaveOut: ${range} } }, episodes: 1 }`);
  for (const range of ["0.5", "[0, 0.5]", '["${{ vars.least }}", 0.5]']) {
    assertEquals(of(range), "", range);
  }
  for (const range of ["[a, 0.5]", "[0, 2]", "2"]) assert(of(range) !== "", range);
});

Deno.test("the page has a remark below the modules it is made of", () => {
  const page = referencePage(
    stages,
    ({ name }) => name === "frozen-lake" ? "It is cold." : undefined,
  );
  assertStringIncludes(page, "It takes no options.\n\nIt is cold.\n");
  assertEquals(page.split("It is cold.").length, 2);
});

Deno.test("the page tells of every stage, output, module and option", () => {
  const page = referencePage(stages);
  for (
    const line of [
      "### `make`\n\nMakes a data set.",
      "| `size` | whole number, at least 1 | _required_ | how much |",
      '| `mode` | `fast`, `slow` | `"fast"` |  |',
      "| `dataset` | dataset artifact | _required_ | a dataset |",
      "| `parts` | list of { `task`: text; `until`: number } |  |  |",
      "| `model` | model | A folder. |",
      "## Environments\n\n### `taxi`",
      "### `frozen-lake`\n\nFor slots.\n\nIt takes no options.",
    ]
  ) assertStringIncludes(page, line);
});
