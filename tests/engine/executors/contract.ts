/**
 * The contract of executors: every implementation runs this suite.
 * @module
 */
import { join } from "node:path";
import { Artifact } from "../../../engine/artifact.ts";
import { type Executor, StuckError } from "../../../engine/executors/executor.ts";
import { UserModule } from "../../../engine/user_module.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../../std/assert.ts";
import ownThing from "./own_thing.ts";
import { TestJob } from "./job.ts";

/** Registers the suite for an executor. */
export function testExecutor(name: string, executor: Executor): void {
  const test = (what: string, run: () => Promise<void>) => Deno.test(`${name}: ${what}`, run);

  test("a stage's events, log, metrics and outputs are all there when it is over", async () => {
    await using test = await TestJob.of("report", { text: "you" });
    await executor.execute(test.job);
    assertEquals(test.events.map(({ type }) => type), [
      "log",
      "metric",
      "metric",
      "gauge",
      "progress",
    ]);
    assertStringIncludes(test.log, "hello you");
    const metrics = await Deno.readTextFile(join(test.folder, "stage", "metrics.jsonl"));
    assertEquals(metrics.trim().split("\n").map((line) => JSON.parse(line)), [
      { step: 1, values: { loss: 0.5, odd: null } },
      { step: 2, values: { loss: 0.25, odd: 1 } },
    ]);
    const left = JSON.parse(test.left);
    assertEquals(left.seed, 42);
    assertEquals(left.device, "software");
    assertEquals(left.instance, "probe (n=1)");
  });

  test("artifacts, modules and odd numbers arrive as they are", async () => {
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, "contents");
    const url = new URL("./own_thing.ts", import.meta.url).href;
    await using test = await TestJob.of("report", {
      data: new Artifact("text", file, "00", "other.left"),
      ratio: -Infinity,
      thing: {
        uses: new UserModule("./own_thing.ts", url, ownThing, "abc"),
        with: { colour: "blue" },
      },
    });
    await executor.execute(test.job);
    const left = JSON.parse(test.left);
    assertEquals(left.data, "contents");
    assertEquals(left.ratio, "-Infinity");
    assertEquals(left.thing, { uses: url, with: { colour: "blue" }, name: "own" });
    await Deno.remove(file);
  });

  test("a stage is given its secrets, and nothing else shows them", async () => {
    await using test = await TestJob.of("report", { text: "${{ secrets.KEY }}" });
    test.secrets["KEY"] = "s3cr3t-value";
    await executor.execute(test.job);
    assertEquals(JSON.parse(test.left).text, "s3cr3t-value");
    await Deno.remove(join(test.folder, "stage", "attempt-1", "outputs"), { recursive: true });
    for (const path of filesBelow(test.folder)) {
      const text = await Deno.readTextFile(path);
      assert(!text.includes("s3cr3t-value"), `${path} shows the secret`);
    }
    assertStringIncludes(test.log, "hello ***");
  });

  test("of a secret on the edge of what is kept of a line, nothing is kept", async () => {
    const text = `${"x".repeat(9990)}\${{ secrets.KEY }}`;
    await using test = await TestJob.of("report", { text });
    test.secrets["KEY"] = "s3cr3t-value";
    await executor.execute(test.job);
    assert(!test.log.includes("s3c"), "the log shows a part of the secret");
    assert(!JSON.stringify(test.events).includes("s3c"), "an event shows a part of the secret");
  });

  test("what a stage throws is thrown, its stack with it", async () => {
    await using test = await TestJob.of("fail", { text: "that" });
    const error = await assertRejects(() => executor.execute(test.job), Error, "cannot do that");
    assertStringIncludes(error.stack ?? "", "probe.ts");
  });

  test("a wrong input is thrown like what a stage throws", async () => {
    await using test = await TestJob.of("report", { data: 5 });
    await assertRejects(() => executor.execute(test.job), Error, "expected a text");
  });

  test("what cannot be recorded ends the stage", async () => {
    await using test = await TestJob.of("report");
    const report = () => {
      throw new Error("disk full");
    };
    await assertRejects(() => executor.execute({ ...test.job, report }), Error, "disk full");
  });

  test("a stage that is asked to stop stops, and the reason is thrown", async () => {
    await using test = await TestJob.of("wait");
    test.grace = 10_000;
    test.abortOnLog("waiting", "took too long");
    await assertRejects(() => executor.execute(test.job), Error, "took too long");
    assertStringIncludes(test.log, "stopping");
  });

  test("a stage that does not stop is given up after the grace", async () => {
    await using test = await TestJob.of("ignore");
    test.abortOnLog("waiting", "took too long");
    const began = performance.now();
    await assertRejects(
      () => executor.execute(test.job),
      StuckError,
      "took too long, and did not stop within 0.3 s",
    );
    assert(performance.now() - began < 2900);
    // Where it goes on in this process, it is left to end before the folder goes.
    await new Promise((resolve) => setTimeout(resolve, 3000));
  });

  test("a log is kept up to a limit, and says where it was cut", async () => {
    await using test = await TestJob.of("flood");
    const { log, error } = console;
    console.log = console.error = () => {};
    try {
      await executor.execute(test.job);
    } finally {
      Object.assign(console, { log, error });
    }
    assertEquals(test.left, "flooded");
    const { size } = await Deno.stat(join(test.folder, "stage", "log.txt"));
    assert(size < 3 * 2 ** 20, `${size} bytes`);
    assertStringIncludes(test.log, "too much: the rest is not kept");
    assert(test.events.length < 2000);
  });
}

function* filesBelow(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* filesBelow(path);
    else yield path;
  }
}
