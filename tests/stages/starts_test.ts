/** Tasks and splits that an environment does not have are told when a workflow is loaded, with their places. */
import { WorkflowError } from "../../engine/engine.ts";
import { loadWorkflow } from "../../mod.ts";
import { assertEquals, assertRejects } from "../../std/assert.ts";

const folder = await Deno.makeTempDir();
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** What is said of stages, without the folder. */
async function saidOf(stages: string): Promise<string> {
  const file = `${folder}/w.yaml`;
  await Deno.writeTextFile(file, `name: w\nstages:\n${stages}`);
  const error = await assertRejects(() => loadWorkflow(file), WorkflowError);
  return error.message.replaceAll(`${folder}/`, "");
}

const LOADED = "  demos: { uses: collect, with: { env: taxi, episodes: 1 } }\n" +
  "  model: { uses: sft, with: { model: gpt2, dataset: '${{ stages.demos.outputs.policy }}' } }\n";

Deno.test("a task that the environment does not have, in evaluate", async () => {
  assertEquals(
    await saidOf(
      "  test:\n    uses: evaluate\n    with:\n      { name: a, policy: random, env: taxi, task: pick-up }\n",
    ),
    'w.yaml:6:51: error[invalid-value]: input "task" of stage "test": expected a task of taxi (pickup, dropoff, full), got "pick-up"; did you mean "pickup"?',
  );
});

Deno.test("splits, those of the environment's own among them", async () => {
  const said = await saidOf(
    "  one: { uses: collect, with: { env: household, episodes: 1, split: sean } }\n" +
      "  two: { uses: collect, with: { env: taxi, episodes: 1, split: seen } }\n" +
      "  good: { uses: collect, with: { env: household, episodes: 1, split: seen } }\n",
  );
  assertEquals(said.split("\n"), [
    'w.yaml:3:69: error[invalid-value]: input "split" of stage "one": expected a split of household (train, test, all, seen, unseen), got "sean"; did you mean "seen"?',
    'w.yaml:4:64: error[invalid-value]: input "split" of stage "two": expected a split of taxi (train, test, all), got "seen"',
  ]);
});

Deno.test("tasks of a curriculum", async () => {
  const said = await saidOf(
    LOADED +
      "  rl:\n    uses: rl\n    with:\n      env: taxi\n      policy: ${{ stages.model.outputs.model }}\n" +
      "      curriculum:\n        - { task: pickup, until: 0.5 }\n        - { task: [full, drop] }\n",
  );
  assertEquals(said.split("\n"), [
    'w.yaml:12:26: error[invalid-value]: input "curriculum[1].task[1]" of stage "rl": expected a task of taxi (pickup, dropoff, full), got "drop"',
  ]);
});

async function writeModule(name: string, parts = ""): Promise<void> {
  await Deno.writeTextFile(
    `${folder}/${name}.ts`,
    `import { z } from "${import.meta.resolve("zod")}";
export default { name: "${name}", version: "1", description: "Mine.", with: z.strictObject({}), make() {}${parts} };`,
  );
}

Deno.test("an environment of one's own without tasks, and one in place of an agent", async () => {
  await writeModule("mine");
  await writeModule("whole", ', tasks: ["a"]');
  assertEquals(
    await saidOf(
      "  one:\n    uses: collect\n    with: { episodes: 1, env: { uses: ./whole.ts }, reflection: { uses: ./whole.ts } }\n",
    ),
    'w.yaml:5:73: error[module-shape]: input "reflection.uses" of stage "one": ./whole.ts is no reflection agent module: it has "tasks", so it is an environment, no agent',
  );
  assertEquals(
    await saidOf("  one: { uses: collect, with: { env: { uses: ./mine.ts }, episodes: 1 } }\n"),
    'w.yaml:3:46: error[module-shape]: input "env.uses" of stage "one": ./mine.ts is no environment module: expected "tasks" to be a list of names, the last one the default, got undefined',
  );
});
