/**
 * Stages in processes of their own, through the program's own entry: what a user's hanging, crashing or
 * talkative module does to a run.
 */
import { join } from "node:path";
import { runWorkflow } from "../../stages/workflow.ts";
import type { EngineEvent } from "../../engine/events.ts";
import { assert, assertEquals, assertLess, assertStringIncludes } from "../../std/assert.ts";

const ZOD = import.meta.resolve("zod");

/** A folder with a workflow of one stage of the user's own, whose `run` has that body. */
async function withStage(
  body: string,
  settings: string,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "own-stage-" });
  await Deno.writeTextFile(
    join(folder, "own.ts"),
    `import { z } from ${JSON.stringify(ZOD)};
export default {
  name: "own", version: "1", description: "Mine.", url: import.meta.url, usesDevice: false,
  outputs: { text: { kind: "text", description: "A text." } },
  with: z.strictObject({}),
  async run(_, context) { ${body} },
};`,
  );
  await Deno.writeTextFile(
    join(folder, "flow.yaml"),
    `stages:\n  own: { uses: ./own.ts${settings} }\n`,
  );
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function options(folder: string) {
  return { runsFolder: join(folder, "runs"), device: "software" } as const;
}

Deno.test("a stage that hangs is killed after its timeout, tried again, and the run goes on", async () => {
  const body = `Deno.addSignalListener("SIGTERM", () => {}); for (;;);`;
  const settings = `, timeout: 0.5s, retry: { attempts: 2, delay: 0.01s }, continue-on-error: true`;
  await withStage(body, settings, async (folder) => {
    const events: EngineEvent[] = [];
    const run = await runWorkflow(join(folder, "flow.yaml"), {
      ...options(folder),
      grace: 200,
      listener: (event) => events.push(event),
    });
    assertEquals(run.status, "done");
    assertStringIncludes(run.stages[0]?.reason ?? "", "took longer than its timeout of 0.5 s");
    assertStringIncludes(run.stages[0]?.reason ?? "", "its process was killed");
    assertEquals(events.filter(({ type }) => type === "stage-retried").length, 1);
  });
});

Deno.test("a cancelled run ends a hanging stage too", async () => {
  await withStage(`context.log("hanging"); for (;;);`, "", async (folder) => {
    const controller = new AbortController();
    const began = performance.now();
    const run = await runWorkflow(join(folder, "flow.yaml"), {
      ...options(folder),
      grace: 200,
      signal: controller.signal,
      listener: ({ type }) => {
        if (type === "log") controller.abort(new Error("Ctrl-C"));
      },
    });
    assertEquals([run.status, run.stages[0]?.state], ["interrupted", "interrupted"]);
    assertLess(performance.now() - began, 5000);
  });
});

Deno.test("a stage may not write where it likes, and its record tells why it failed", async () => {
  const body = `await Deno.writeTextFile("./mine.txt", "x");`;
  await withStage(body, "", async (folder) => {
    const run = await runWorkflow(join(folder, "flow.yaml"), options(folder));
    assertEquals(run.status, "failed");
    assertStringIncludes(
      run.stages[0]?.reason ?? "",
      'write access to "./mine.txt" is not permitted (at ',
    );
    const log = join(folder, "runs", run.id, "stages", "own", "log.txt");
    const text = await Deno.readTextFile(log);
    assert(text.includes("own.ts"), text);
  });
});

Deno.test("instances of a matrix of two names run, in folders with spaces and behind links", async () => {
  const body = `await Deno.writeTextFile(context.output("text"), String(context.seed));`;
  const settings = ', matrix: { a: [1, 2], b: [3, 4] }, if: matrix.a == 1, seed: "${{ matrix.b }}"';
  await withStage(body, settings, async (folder) => {
    await Deno.mkdir(join(folder, "the runs"));
    await Deno.symlink("the runs", join(folder, "runs"), { type: "dir" });
    const run = await runWorkflow(join(folder, "flow.yaml"), options(folder));
    assertEquals(run.stages.map(({ instance, state }) => `${instance}: ${state}`), [
      "own (a=1, b=3): done",
      "own (a=1, b=4): done",
      "own (a=2, b=3): skipped",
      "own (a=2, b=4): skipped",
    ]);
  });
});

Deno.test("where a folder's name has a comma, a stage fails and says what to do", async () => {
  const body = `await Deno.writeTextFile(context.output("text"), "x");`;
  await withStage(body, "", async (folder) => {
    const runsFolder = join(folder, "runs, all");
    const run = await runWorkflow(join(folder, "flow.yaml"), { ...options(folder), runsFolder });
    assertStringIncludes(run.stages[0]?.reason ?? "", "give the folder or file a name without one");
  });
});
