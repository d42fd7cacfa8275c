import { join } from "node:path";
import { SetupError, WorkflowError } from "../../engine/engine.ts";
import type { StageModule } from "../../engine/module.ts";
import { Secrets } from "../../engine/secrets.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../std/assert.ts";
import { make, stages } from "./modules.ts";
import { reasons, states, Workspace } from "./workspace.ts";

const KEY = 'sk-"1&2"/äß';

const FLOW = `name: hush
secrets: [API_KEY]
vars: { key: "\${{ secrets.API_KEY }}" }
stages:
  tell: { uses: tell, retry: { attempts: 2, delay: 0.01s }, with: { size: 1, name: "Bearer \${{ vars.key }}" } }
`;

/** A stage that says its secret wherever it can; `given` are the inputs it got. */
function telling(given: string[]): ReadonlyMap<string, StageModule> {
  let attempt = 0;
  const module: StageModule = {
    ...make as StageModule,
    name: "tell",
    async run(input, context) {
      const { name } = input as { name: string };
      given.push(name);
      context.log(`header ${name}, ${encodeURIComponent(KEY)}`);
      context.metric(1, { [name]: 1 });
      context.gauge({ [name]: 1 });
      context.progress(1, 1, name);
      await Deno.writeTextFile(context.output("data"), "x", { create: true });
      if (++attempt === 1) throw new Error(`no luck with ${name}`);
    },
    async publish(input, { runFolder }) {
      const folder = join(runFolder, "report", "deep");
      await Deno.mkdir(folder, { recursive: true });
      await Deno.writeTextFile(join(folder, "report.json"), JSON.stringify(input));
      throw new Error(`publishing with ${KEY}`);
    },
  };
  return new Map([...stages, ["tell", module]]);
}

/** The text of every file below a folder. */
async function allText(folder: string): Promise<string> {
  const texts: string[] = [];
  for (const { name, isDirectory, isSymlink } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory) texts.push(await allText(path));
    else if (!isSymlink) texts.push(await Deno.readTextFile(path));
  }
  return texts.join("\n");
}

Deno.test("a stage gets its secret; no log, event, record or report shows it", async () => {
  await using work = await Workspace.with(FLOW);
  const given: string[] = [];
  const options = { stages: telling(given), environment: () => KEY };
  const run = await work.run(options);
  assertEquals(given, [`Bearer ${KEY}`, `Bearer ${KEY}`]);
  const left = await allText(work.runsFolder) + JSON.stringify(work.events) + JSON.stringify(run);
  for (const form of [KEY, JSON.stringify(KEY).slice(1, -1), encodeURIComponent(KEY)]) {
    assert(!left.includes(form), `${form} is shown: ${left}`);
  }
  const folder = join(work.runsFolder, run.id);
  const log = await Deno.readTextFile(join(folder, "stages", "tell", "log.txt"));
  assertStringIncludes(log, "header Bearer ***, ***");
  const report = await Deno.readTextFile(join(folder, "report", "deep", "report.json"));
  assertStringIncludes(report, "Bearer ***");
  const inputs = await Deno.readTextFile(join(folder, "stages", "tell", "inputs.json"));
  assertStringIncludes(inputs, "Bearer ${{ secrets.API_KEY }}");
});

Deno.test("the trace of a failure shows no secret either", async () => {
  await using work = await Workspace.with(FLOW);
  const overrides = ["stages.tell.retry.attempts=1"];
  const run = await work.run({ stages: telling([]), environment: () => KEY, overrides });
  const log = await Deno.readTextFile(join(work.runsFolder, run.id, "stages", "tell", "log.txt"));
  assertStringIncludes(log, "Error: no luck with Bearer ***\n    at ");
  assert(!log.includes(KEY));
});

Deno.test("another value of a secret runs nothing again, and a plan needs none", async () => {
  await using work = await Workspace.with(FLOW);
  const quiet: StageModule = { ...make as StageModule, name: "tell" };
  const options = { stages: new Map([...stages, ["tell", quiet]]) };
  assertEquals(states(await work.run({ ...options, environment: () => "one key" })), {
    tell: "done",
  });
  assertEquals(states(await work.run({ ...options, environment: () => "another" })), {
    tell: "cached",
  });
  assertEquals(reasons(await work.plan(options)), { tell: "cached: same inputs" });
});

Deno.test("a secret that the environment lacks is an error at its declaration, and nothing is run", async () => {
  await using work = await Workspace.with(FLOW);
  for (const value of [undefined, ""]) {
    const error = await assertRejects(
      () => work.run({ stages: telling([]), environment: () => value }),
      WorkflowError,
    );
    assertEquals(
      error.message,
      `${work.file}:2:11: error[missing-secret]: the environment has no API_KEY: set it before you run the workflow`,
    );
  }
  assertEquals([...Deno.readDirSync(work.folder)].map(({ name }) => name), ["flow.yaml"]);
});

Deno.test({
  name: "an environment that may not be read says which permission is missing",
  permissions: { read: true, write: true, env: ["LOG_TOKENS", "LOG_STREAM", "NODE_ENV"] },
  async fn() {
    await using work = await Workspace.with(FLOW);
    const error = await assertRejects(() => work.run({ stages: telling([]) }), SetupError);
    assertStringIncludes(error.message, "--allow-env=API_KEY");
  },
});

Deno.test("the longest form is masked first, and a value is not read as a pattern", () => {
  const secrets = new Secrets(new Map([["A", "abc"], ["B", "abcdef"], ["C", "$&"]]));
  assertEquals(secrets.mask("abcdef abc $&"), "*** *** ***");
  assertEquals(secrets.reveal("${{ secrets.C }}-${{ secrets.D }}"), "$&-${{ secrets.D }}");
  assertEquals(secrets.maskAll<unknown>({ abc: ["abc", 1, null] }), { "***": ["***", 1, null] });
  assertEquals(secrets.mask(btoa("abcdef")), "***");
});

Deno.test("of a value of many lines, each is masked that could tell something", () => {
  const secrets = new Secrets(new Map([["KEY", "-- begin --\nMIIEvQIBADAN\r\nab\n"]]));
  assertEquals(secrets.mask("read MIIEvQIBADAN, ab\n"), "read ***, ab\n");
  assertEquals(secrets.mask("-- begin --\nMIIEvQIBADAN\r\nab\n"), "***");
});
