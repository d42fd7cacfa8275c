/**
 * Processes of their own: the contract, and what only they can do.
 */
import { join } from "node:path";
import { StuckError } from "../../../engine/executors/executor.ts";
import { local } from "../../../engine/executors/local.ts";
import type { StageModule } from "../../../engine/module.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "../../../std/assert.ts";
import { testExecutor } from "./contract.ts";
import { TestJob } from "./job.ts";
import { type Act, probe, probes } from "./probe.ts";

const executor = local({
  program: "deno",
  entry: new URL("./worker.ts", import.meta.url),
  stages: probes,
  permissions: {},
});

testExecutor("local", executor);

Deno.test("local: a stage that holds its thread and ignores SIGTERM is killed", async () => {
  await using test = await TestJob.of("hang");
  test.abortOnLog("hanging", "took too long");
  const error = await assertRejects(() => executor.execute(test.job), StuckError, "was killed");
  assert(error instanceof StuckError && error.killed);
});

Deno.test("local: a process that ends before its stage says how, and what it printed last", async () => {
  await using exits = await TestJob.of("exit");
  await assertRejects(
    () => executor.execute(exits.job),
    Error,
    "ended with exit code 7 before the stage did; it last printed: I must go",
  );
  await using throws = await TestJob.of("uncaught");
  await assertRejects(() => executor.execute(throws.job), Error, "thrown elsewhere");
  assertStringIncludes(throws.log, "thrown elsewhere");
});

Deno.test("local: a stage may write its own folders and nothing else", async () => {
  await using test = await TestJob.of("trespass", { text: Deno.cwd() });
  await executor.execute(test.job);
  assertEquals(JSON.parse(test.left), {
    write: "NotCapable",
    read: "NotCapable",
    net: "NotCapable",
    run: "NotCapable",
    env: "NotCapable",
    own: "allowed",
  });
});

Deno.test("local: who does what is not declared is told how to declare it, and where it was", async () => {
  await using test = await TestJob.of("peek");
  const error = await assertRejects(() => executor.execute(test.job), Error);
  assertMatch(
    error.message,
    /^read access to "\/etc\/hostname" is not permitted \(at tests\/engine\/executors\/probe\.ts:\d+:\d+\): a stage's process may do what its modules declare\. Declare it in the module that needs it, permissions: \{ read: \["\/etc\/hostname"\] \}$/,
  );
});

Deno.test("local: a module gets what it asks for", async () => {
  const asking: StageModule = {
    ...probe as StageModule,
    permissions: { env: ["HOME"], read: ["/etc"] },
  };
  const program = local({
    program: "deno",
    entry: new URL("./worker.ts", import.meta.url),
    stages: new Map([["probe", asking]]),
    permissions: {},
  });
  await using test = await TestJob.of("trespass", { text: Deno.cwd() });
  test.module = asking;
  await program.execute(test.job);
  const { env, read, write } = JSON.parse(test.left);
  assertEquals({ env, read, write }, { env: "allowed", read: "allowed", write: "NotCapable" });
});

Deno.test("local: a user's own stage is imported by its file", async () => {
  await using test = await TestJob.of("report", { text: "file" });
  test.uses = "./probe.ts";
  await local({
    program: "deno",
    entry: new URL("./worker.ts", import.meta.url),
    stages: new Map(),
    permissions: {},
  })
    .execute(test.job);
  assertEquals(JSON.parse(test.left).text, "file");
});

Deno.test("local: a module that says so, or that only this program knows, runs in this process", async () => {
  const outside: StageModule = {
    ...probe as StageModule,
    run: async (_, context) => await Deno.writeTextFile(context.output("left"), String(Deno.pid)),
  };
  for (const module of [outside, { ...outside, isolated: false }]) {
    await using test = await TestJob.of("report");
    test.module = module;
    await executor.execute(test.job);
    assertEquals(test.left, String(Deno.pid));
  }
});

Deno.test("local: when the engine is gone, so is the stage", async () => {
  const { signal } = await engineThat("wait", 'Deno.kill(Deno.pid, "SIGKILL")');
  assertEquals(signal, "SIGKILL");
});

Deno.test("local: when the engine exits, a stage that holds its thread is gone, too", async () => {
  const { code } = await engineThat("hang", "Deno.exit(130)");
  assertEquals(code, 130);
});

Deno.test("local: where what it prints cannot be kept, nothing of it runs any more", async () => {
  await using test = await TestJob.of("nag");
  const { job } = test;
  const log = join(job.stageFolder, "log.txt");
  const report = () => {
    Deno.removeSync(log);
    Deno.mkdirSync(log);
  };
  await assertRejects(() => executor.execute({ ...job, report }), Error, "log.txt");
  assertEquals(await processesNaming(test.folder), []);
});

/** Runs an engine that ends as it says once its stage has logged; waits for the stage's end. */
async function engineThat(act: Act, end: string): Promise<Deno.CommandStatus> {
  await using test = await TestJob.of(act);
  const job = join(test.folder, "engine.ts");
  const path = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
  await Deno.writeTextFile(
    job,
    `import { local } from ${path("../../../engine/executors/local.ts")};
     import { probes } from ${path("./probe.ts")};
     import { TestJob } from ${path("./job.ts")};
     const test = await TestJob.of("${act}");
     console.log(test.folder);
     const report = () => ${end};
     await local({ entry: new URL(${path("./worker.ts")}), stages: probes, permissions: {} })
       .execute({ ...test.job, report });`,
  );
  const engine = await new Deno.Command("deno", {
    args: ["run", "-A", "--config", "deno.json", job],
    stdout: "piped",
  }).output();
  const folder = new TextDecoder().decode(engine.stdout).trim();
  let left = await processesNaming(folder);
  for (let tries = 0; left.length > 0 && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    left = await processesNaming(folder);
  }
  assertEquals(left, []);
  await Deno.remove(folder, { recursive: true });
  return engine;
}

/** Command lines of live processes that name a path (Linux). Deno itself may not look there. */
async function processesNaming(path: string): Promise<string[]> {
  const look = `for file in /proc/[0-9]*/cmdline; do
    line=$(tr '\\0' ' ' < "$file" 2>/dev/null) || continue
    case "$line" in *"$WANTED"*) echo "$line" ;; esac
  done`;
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", look],
    env: { WANTED: path },
  }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}
