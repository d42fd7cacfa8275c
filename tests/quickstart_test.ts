/**
 * `workflows/quickstart.yaml` itself, shrunk, through the command line: what it leaves behind, what the
 * cache saves, and that the same seed gives the same artifacts.
 */
import { join } from "node:path";
import type { RunSummary, StageState } from "../engine/summary.ts";
import { assert, assertEquals } from "../std/assert.ts";

const ROOT = new URL("..", import.meta.url);
const EPISODES = 6;

const FINE_TUNED = ["reflector", "policy-sft", "policy-reflect-sft"];
const REINFORCED = ["policy-sft-rl", "policy-reflect-rl"];
const TESTED = ["test-reflect-rl", "test-sft", "test-sft-rl", "test-reflect-sft"];
const REFLECTING = ["policy-reflect-rl", "test-reflect-rl", "test-reflect-sft"];

/** Enough of everything to go through all of the code, and no more. */
const SHRUNK = [
  "stages.demos.with.episodes=20",
  ...FINE_TUNED.flatMap((name) => [
    `stages.${name}.with.steps=8`,
    `stages.${name}.with.batchSize=8`,
  ]),
  ...REINFORCED.flatMap((name) => [
    `stages.${name}.with.algorithm.with.iterations=2`,
    `stages.${name}.with.algorithm.with.episodes=6`,
  ]),
  ...REFLECTING.map((name) => `stages.${name}.with.reflection.with.maxTokens=10`),
  ...TESTED.map((name) => `stages.${name}.with.episodes=${EPISODES}`),
];

/** Runs the shrunk quickstart as a user would; gives the run's record and its folder. */
async function quickstart(
  runsFolder: string,
  ...overrides: string[]
): Promise<{ run: RunSummary; folder: string }> {
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    cwd: ROOT,
    args: [
      ...["task", "workflow", "workflows/quickstart.yaml", "--runs", runsFolder],
      ...[...SHRUNK, ...overrides].flatMap((override) => ["--set", override]),
    ],
  }).output();
  const text = new TextDecoder();
  assertEquals(code, 0, text.decode(stdout) + text.decode(stderr));
  const folder = await Deno.realPath(join(runsFolder, "latest"));
  return { run: JSON.parse(await Deno.readTextFile(join(folder, "run.json"))), folder };
}

function namesOf(run: RunSummary, state: StageState): string[] {
  return run.stages.filter((stage) => stage.state === state).map(({ instance }) => instance);
}

function hashesOf(run: RunSummary): Record<string, unknown> {
  return Object.fromEntries(run.stages.map(({ instance, outputs }) => [instance, outputs]));
}

async function assertReport(folder: string): Promise<void> {
  const page = await Deno.readTextFile(join(folder, "report/index.html"));
  assert(page.includes("Reflect-RL on DangerousTaxi"));
  const report = JSON.parse(await Deno.readTextFile(join(folder, "report/report.json")));
  const told = report.methods.map((
    { name, env, task, episodes }: Record<string, unknown>,
  ) => [name, env, task, episodes]);
  assertEquals(
    told,
    ["reflect-rl", "sft", "sft-rl", "reflect-sft"].map((
      name,
    ) => [name, "taxi", "pickup", EPISODES]),
  );
}

Deno.test("the quickstart, shrunk", async (t) => {
  const [runs, elsewhere] = [await Deno.makeTempDir(), await Deno.makeTempDir()];
  try {
    let first: RunSummary | undefined;
    await t.step("runs every stage and writes the report", async () => {
      const { run, folder } = await quickstart(runs);
      assertEquals(run.status, "done");
      assertEquals(namesOf(run, "done").length, run.stages.length);
      assertEquals(run.stages.length, 11);
      await assertReport(folder);
      first = run;
    });
    await t.step("finds everything cached when run again", async () => {
      const { run, folder } = await quickstart(runs);
      assertEquals(namesOf(run, "cached").length, run.stages.length);
      assertEquals(hashesOf(run), hashesOf(first!));
      await assertReport(folder);
    });
    await t.step("runs a changed stage again, and what depends on it, alone", async () => {
      const change = "stages.policy-sft-rl.with.algorithm.with.learningRate=0.003";
      const { run } = await quickstart(runs, change);
      assertEquals(namesOf(run, "done"), ["policy-sft-rl", "test-sft-rl", "report"]);
      assertEquals(namesOf(run, "cached").length, run.stages.length - 3);
    });
    await t.step("gives the same artifacts in another place", async () => {
      const { run } = await quickstart(elsewhere);
      assertEquals(namesOf(run, "done").length, run.stages.length);
      assertEquals(hashesOf(run), hashesOf(first!));
    });
  } finally {
    await Deno.remove(runs, { recursive: true });
    await Deno.remove(elsewhere, { recursive: true });
  }
});
