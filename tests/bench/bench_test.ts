/**
 * The bench end to end, small: real workers, a product and a step that are over in a moment.
 */
import { assert, assertEquals, assertGreater, assertStringIncludes } from "../../std/assert.ts";
import { Contest } from "../../bench/contest.ts";
import { ours } from "../../bench/contestants.ts";
import { measureEngine } from "../../bench/sections/engine.ts";
import { measureEnvironments } from "../../bench/sections/envs.ts";
import { matmulTask, measureMatmul } from "../../bench/sections/matmul.ts";
import { measureTraining } from "../../bench/sections/training.ts";
import type { EnvironmentModule } from "../../envs/environment.ts";
import { environments } from "../../envs/registry.ts";
import type { Contestant } from "../../bench/worker.ts";

const effort = { rounds: 2, seconds: 0.01, patience: 1 };

/** A contestant that is a shell script. */
const scripted = (name: string, script: string): Contestant => ({
  name,
  command: ["sh", "-c", script],
});

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a product and a training step are measured by a worker", async () => {
  await withFolder(async (folder) => {
    await using contest = await Contest.start(ours, [], effort);
    const { peak, matmul: [row] } = await measureMatmul(contest, folder, [["TN", 64, 128, 192]]);
    assertEquals(row?.shape, [64, 128, 192]);
    assertGreater(row!.ours, 0);
    assertEquals(row!.shareOfPeak, row!.ours / peak!);
    const model = { layers: 1, width: 32, heads: 1, vocabulary: 64, positions: 16 };
    const [step] = await measureTraining(contest, folder, [{ model, batch: 2, sequence: 16 }]);
    assertGreater(step!.ours, 0);
    assertEquals(contest.failed, false);
  });
});

Deno.test("environments are measured by a worker; one that cannot be made is named", async () => {
  await using contest = await Contest.start(ours, [], effort);
  const broken: EnvironmentModule = {
    ...environments.get("taxi")!,
    name: "nowhere",
    make: () => {
      throw new TypeError("no folder was given");
    },
  };
  const modules = [environments.get("frozen-lake")!, broken];
  const rows = await measureEnvironments(contest, modules);
  assertEquals(rows.map(({ environment, instances }) => [environment, instances]), [
    ["frozen-lake", 1],
    ["frozen-lake", 64],
  ]);
  for (const { ours } of rows) assertGreater(ours, 1000);
  assertEquals(contest.problems, ["nowhere: not measured (no folder was given)"]);
});

Deno.test("loading and planning are measured in a process of their own", async () => {
  await withFolder(async (folder) => {
    const rows = await measureEngine(folder, 1, [12]);
    assertEquals(rows.map(({ shape, stages }) => [shape, stages]), [["chain", 12], ["matrix", 12]]);
    for (const { loadSeconds, planSeconds, memoryMiB } of rows) {
      assertGreater(Math.min(loadSeconds, planSeconds, memoryMiB), 0);
    }
  });
});

Deno.test("a peer that computes something else is left out and told", async () => {
  const wrong = scripted(
    "wrong",
    `echo '{"ready":{"version":"0"}}'; while read -r line; do echo '{"check":[1,2]}'; done`,
  );
  const gone = scripted("gone", `echo '{"missing":"python3 has no torch"}'`);
  const silent = scripted("silent", `echo "error: no such backend" >&2`);
  await withFolder(async (folder) => {
    await using contest = await Contest.start(ours, [wrong, gone, silent], effort);
    const options = { amount: 1, tolerance: 1e-3 };
    const { peers } = await contest.run("tiny", matmulTask(folder, ["NN", 8, 8, 8]), options);
    assertEquals(peers, {});
    assert(contest.failed);
    const [first, second, third] = contest.problems;
    assertEquals(first, "gone: not measured (python3 has no torch)");
    assertEquals(second, "silent: not measured (error: no such backend)");
    assertStringIncludes(third!, "wrong, tiny: it computes something else: 2 results");
  });
});

Deno.test("a program that is not there is a missing contestant", async () => {
  // In a process of its own: tests may start some programs alone, so here the error would be another.
  const module = new URL("../../bench/worker.ts", import.meta.url);
  const code = `import { Worker } from "${module}";
await Worker.start({ name: "nowhere", command: ["no-such-program"] }).catch((error) =>
  console.log(error.name, error.message));`;
  const { stdout } = await new Deno.Command("deno", { args: ["eval", code] }).output();
  assertEquals(
    new TextDecoder().decode(stdout),
    "MissingError there is no no-such-program\n",
  );
});
