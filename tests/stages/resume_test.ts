/**
 * Training stages through the command line, killed with SIGKILL: the same command goes on from the last
 * checkpoint and leaves the same artifacts as a run that was never stopped.
 */
import { join } from "node:path";
import { readEvents, readRun } from "../../engine/history.ts";
import { assert, assertEquals } from "../../std/assert.ts";

const FLOW = `
name: killed
seed: 3
vars:
  env: { uses: taxi, with: { task: pickup } }
  tiny: { layers: 1, width: 32, heads: 2, positions: 160, vocabulary: 320 }
stages:
  demos:
    uses: collect
    with: { env: "\${{ vars.env }}", episodes: 4 }
  policy:
    uses: sft
    with:
      model: { uses: gpt2, with: "\${{ vars.tiny }}" }
      dataset: "\${{ stages.demos.outputs.policy }}"
      steps: 30
      batchSize: 2
      checkpointEvery: 2
  acting:
    uses: rl
    with:
      env: { uses: taxi }
      policy: "\${{ stages.policy.outputs.model }}"
      algorithm: { uses: policy-gradient, with: { iterations: 6, episodes: 2 } }
      curriculum: [{ task: pickup, until: 0.5 }, { task: dropoff }]
      checkpointEvery: 1
`;

const folder = await Deno.makeTempDir({ prefix: "killed-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
await Deno.writeTextFile(join(folder, "flow.yaml"), FLOW);

/** The command, with its runs in that folder. */
function start(runs: string, ...more: string[]): Deno.ChildProcess {
  return new Deno.Command("deno", {
    args: [
      ...["run", "--no-prompt", "-A", new URL("../../cli.ts", import.meta.url).pathname],
      ...["workflow", join(folder, "flow.yaml"), "--runs", runs, "--device", "software"],
      ...more,
    ],
    stdout: more.length === 0 ? "null" : "piped",
    stderr: "null",
  }).spawn();
}

/** Runs until the stage has saved a step of at least that number, and kills the run then. */
async function killOnce(runs: string, stage: string, step: number): Promise<void> {
  const child = start(runs);
  let ended = false;
  const status = child.status.finally(() => ended = true);
  const checkpoints = join(runs, "latest", "stages", stage, "checkpoints");
  const saved = () => {
    try {
      return [...Deno.readDirSync(checkpoints)].map(({ name }) => Number(/^\d+/.exec(name)?.[0]));
    } catch {
      return [];
    }
  };
  while (!ended && !saved().some((at) => at >= step)) await new Promise((r) => setTimeout(r, 5));
  assert(!ended, `${stage} was over before it could be killed`);
  child.kill("SIGKILL");
  assertEquals((await status).signal, "SIGKILL");
}

/** Runs to the end. Gives the artifacts and what the stages logged of checkpoints. */
async function finish(runs: string) {
  assertEquals((await start(runs).status).code, 0);
  const id = await Deno.readLink(join(runs, "latest"));
  const run = await readRun(runs, id);
  const logs = (await readEvents(runs, id)).flatMap(({ event }) =>
    event.type === "log" && event.message.startsWith("goes on") ? [event.message] : []
  );
  return { outputs: run!.stages.map(({ instance, outputs }) => ({ instance, outputs })), logs };
}

Deno.test("sft and rl, each killed in the middle, leave what an undisturbed run leaves", async () => {
  const whole = await finish(join(folder, "whole"));
  assertEquals(whole.logs, []);
  const runs = join(folder, "killed");
  await killOnce(runs, "policy", 6);
  const killed = await Deno.readLink(join(runs, "latest"));
  const planned = async (...more: string[]) => {
    const { stdout } = await start(runs, "--plan", ...more).output();
    return new TextDecoder().decode(stdout).split("\n")
      .find((line) => line.startsWith("policy"))?.replace(/ +/g, " ");
  };
  assertEquals(
    await planned(),
    `policy run no earlier result; goes on where run ${killed} stopped`,
  );
  assertEquals(await planned("--force", "policy"), "policy run --force");
  await killOnce(runs, "acting", 2);
  const { outputs, logs } = await finish(runs);
  assertEquals(logs.length, 1);
  assert(/^goes on from the checkpoint of step [2-6]$/.test(logs[0]!), logs[0]);
  assertEquals(outputs, whole.outputs);
});
