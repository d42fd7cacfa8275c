/**
 * What the README shows works: its workflow loads, its commands are tasks.
 */
import { assert, assertEquals } from "../std/assert.ts";
import { loadWorkflow } from "../mod.ts";

const root = new URL("..", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", root));

Deno.test("the README's workflow is valid", async () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1];
  assert(example !== undefined, "README.md shows no workflow");
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await Deno.writeTextFile(file, example);
    const { instances } = await loadWorkflow(file);
    assertEquals(instances.map(({ name }) => name), [
      "demos",
      "policy",
      "rl (seed=1)",
      "rl (seed=2)",
      "rl (seed=3)",
    ]);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("the workflow of docs/workflows.md is valid, and its if and matrix do what it says", async () => {
  const page = await Deno.readTextFile(new URL("docs/workflows.md", root));
  const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1];
  assert(example !== undefined, "docs/workflows.md shows no workflow");
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await Deno.writeTextFile(file, example);
    const { instances } = await loadWorkflow(file);
    assertEquals(instances.map(({ name, gates }) => [name, gates[0]?.condition?.success]), [
      ["demos", undefined],
      ["policy", undefined],
      ["rl (seed=1, entropy=0)", true],
      ["rl (seed=1, entropy=0.01)", true],
      ["rl (seed=2, entropy=0)", false],
      ["rl (seed=2, entropy=0.01)", false],
      ["rl (seed=3, entropy=0)", false],
    ]);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("the files of docs/workflows.md that include one another are valid", async () => {
  const page = await Deno.readTextFile(new URL("docs/workflows.md", root));
  const folder = await Deno.makeTempDir();
  try {
    for (const [, name, text] of page.matchAll(/```yaml\n# (\w+\.yaml)\n([\s\S]*?)```/g)) {
      await Deno.writeTextFile(`${folder}/${name}`, text!);
    }
    const { instances } = await loadWorkflow(`${folder}/compare.yaml`);
    assertEquals(instances.filter(({ stage }) => stage === "arm/rl").length, 3);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the workflow of docs/reflection_agents.md is valid", async () => {
  assertEquals(await instancesIn("docs/reflection_agents.md", "secrets:"), ["demos"]);
});

Deno.test("the workflow of docs/auto-explore.md is valid", async () => {
  assertEquals(await instancesIn("docs/auto-explore.md", "secrets:"), ["ask", "demos"]);
});

Deno.test("every task the README names exists", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const named = [...readme.matchAll(/deno task ([a-z-]+)/g)].map(([, name]) => name!);
  assert(named.length > 0, "README.md names no task");
  for (const name of named) assert(name in tasks, `there is no task ${name}`);
});

/** Stage instances of a page's workflow, the one that begins so; beside a folder that it may explore. */
async function instancesIn(page: string, beginning: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(page, root));
  const example = text.split("```yaml\n").find((part) => part.startsWith(beginning))?.split(
    "```",
  )[0];
  assert(example !== undefined, `${page} shows no workflow`);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/my-repo`);
    await Deno.writeTextFile(`${folder}/my-repo/README.md`, "# Mine\n");
    await Deno.writeTextFile(`${folder}/flow.yaml`, example);
    const { instances } = await loadWorkflow(`${folder}/flow.yaml`);
    return instances.map(({ name }) => name);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
