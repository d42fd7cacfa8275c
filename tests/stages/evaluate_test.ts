/**
 * What an evaluation records: an untrained policy walks to and fro in a user's own environment, and
 * reaches the door about every other time.
 */
import type { StageContext } from "../../engine/module.ts";
import { UserModule } from "../../engine/user_module.ts";
import type { EnvironmentModule } from "../../envs/environment.ts";
import { requestDevice } from "../../kernels/kernels.ts";
import { writeModelFolder } from "../../models/model_folder.ts";
import { evaluate } from "../../stages/evaluate.ts";
import { readResults } from "../../training/results.ts";
import { assert, assertEquals, assertNotEquals } from "../../std/assert.ts";
import corridor from "../envs/corridor.ts";
import { tinyModel, tokenizer } from "../training/tiny.ts";
import { noCheckpoints } from "./no_checkpoints.ts";

const folder = await Deno.makeTempDir();
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const device = await requestDevice();
const model = tinyModel(device, 4);
writeModelFolder(`${folder}/policy`, {
  config: model.config,
  parameters: await model.weights(),
  tokenizer,
});
device.dispose();

function user(module: EnvironmentModule<{ length: number }>) {
  return { uses: new UserModule("./corridor.ts", "file:///somewhere/corridor.ts", module, "0") };
}

const INPUT = {
  name: "coin",
  env: user(corridor),
  policy: `${folder}/policy`,
  episodes: 10,
  batch: 4,
  temperature: 50,
  transcripts: 4,
};

/** Evaluates; gives what was recorded, and the steps and values of the metric. */
async function evaluated(change: Record<string, unknown> = {}, seed = 1) {
  const metrics: [number, Readonly<Record<string, number>>][] = [];
  const context: StageContext = {
    instance: "test",
    seed,
    signal: new AbortController().signal,
    device: "auto",
    folder,
    checkpoints: noCheckpoints,
    output: (name) => `${folder}/${name}`,
    log: () => {},
    progress: () => {},
    metric: (...call) => metrics.push(call),
    gauge: () => {},
  };
  await evaluate.run(evaluate.with.parse({ ...INPUT, ...change }), context);
  return { ...await readResults(`${folder}/results`), metrics };
}

Deno.test("evaluate: results name method, environment, its default task, seed and split", async () => {
  const { episodes, ...about } = (await evaluated()).results;
  assertEquals(about, { name: "coin", env: "corridor", task: "walk", seed: 1, split: "test" });
  assertEquals(episodes.length, 10);
  assertEquals(new Set(episodes.map(({ seed }) => seed)).size, 10);
  for (const { success, return: total, steps } of episodes) {
    assertEquals(success, steps < 20);
    assertEquals(total, success ? 1 : 0);
  }
});

Deno.test("evaluate: a task of the stage's own goes before the environment's", async () => {
  const env = user({ ...corridor, tasks: ["run", "walk"] });
  const { results } = await evaluated({ env, task: "run", episodes: 1 });
  assertEquals(results.task, "run");
});

Deno.test("evaluate: the metric is the share of successes so far", async () => {
  const { results, metrics } = await evaluated();
  assertEquals(metrics.map(([step]) => step), [4, 8, 10]);
  for (const [step, values] of metrics) {
    const successes = results.episodes.slice(0, step).filter(({ success }) => success).length;
    assertEquals(values, { successRate: successes / step });
  }
});

Deno.test("evaluate: transcripts tell successes and failures, step by step", async () => {
  const { results, transcripts } = await evaluated();
  assertEquals(transcripts.filter(({ success }) => success).length, 2);
  assertEquals(transcripts.length, 4);
  const order = transcripts.map(({ seed }) =>
    results.episodes.findIndex((episode) => episode.seed === seed)
  );
  assertEquals(order, order.toSorted((a, b) => a - b));
  for (const { seed, success, return: total, steps } of transcripts) {
    const episode = results.episodes.find((episode) => episode.seed === seed);
    assertEquals(episode, { seed, success, return: total, steps: steps.length });
    assert(steps.every(({ label, action }) => action === (label === "0" ? "back" : "on")));
    assert(steps.every(({ prompt }) => prompt.endsWith(" # Actions: 0 back 1 on # Action:")));
  }
});

Deno.test("evaluate: where there are too few of either, the others fill the transcripts", async () => {
  // Training starts are nearer to the door.
  const { results, transcripts } = await evaluated({ split: "train", transcripts: 9 });
  const failures = results.episodes.filter(({ success }) => !success).length;
  assert(failures > 0 && failures < 4, `not telling: ${failures} failures`);
  assertEquals(transcripts.length, 9);
  assertEquals(transcripts.filter(({ success }) => !success).length, failures);
  assertEquals((await evaluated({ transcripts: 0 })).transcripts, []);
  assertEquals((await evaluated({ transcripts: 99 })).transcripts.length, 10);
});

Deno.test("evaluate: results follow the seed, whatever the batches", async () => {
  const { results } = await evaluated();
  assertEquals((await evaluated({ batch: 10 })).results, results);
  assertEquals((await evaluated({ batch: 1 })).results, results);
  assertNotEquals((await evaluated({}, 2)).results.episodes, results.episodes);
});

Deno.test("evaluate: a random player needs no model, and follows the seed", async () => {
  const { results, transcripts } = await evaluated({ policy: { uses: "random" }, episodes: 200 });
  assertEquals((await evaluated({ policy: "random", episodes: 200 })).results, results);
  assertNotEquals((await evaluated({ policy: "random", episodes: 200 }, 2)).results, results);
  const labels = transcripts.flatMap(({ steps }) => steps.map(({ label }) => label));
  const share = labels.filter((label) => label === "0").length / labels.length;
  assert(labels.length > 50 && share > 0.3 && share < 0.7, `${share} of ${labels.length} are 0`);
});

Deno.test("evaluate: the reflection agent's comments are in prompt and transcript", async () => {
  const echo = {
    ...{ name: "echo", version: "1", description: "Says the same.", with: corridor.with },
    make: () => ({
      reflect: (batch: readonly unknown[]) => Promise.resolve(batch.map(() => "Take the right.")),
    }),
  };
  const reflection = { uses: new UserModule("./echo.ts", "file:///somewhere/echo.ts", echo, "0") };
  const { transcripts } = await evaluated({ reflection, episodes: 2 });
  for (const { steps } of transcripts) {
    assert(steps.every(({ reflection }) => reflection === "Take the right."));
    assert(steps.every(({ prompt }) => prompt.includes(" # Analyze: Take the right. # Actions:")));
  }
});
