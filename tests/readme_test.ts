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

Deno.test("every task the README names exists", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const named = [...readme.matchAll(/deno task ([a-z-]+)/g)].map(([, name]) => name!);
  assert(named.length > 0, "README.md names no task");
  for (const name of named) assert(name in tasks, `there is no task ${name}`);
});
