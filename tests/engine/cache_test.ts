import { join } from "node:path";
import { z } from "zod";
import { type Artifact, artifactPath, sourceFolder } from "../../engine/artifact.ts";
import { hashText } from "../../engine/hash.ts";
import type { StageModule } from "../../engine/module.ts";
import { assertEquals, assertStringIncludes } from "../../std/assert.ts";
import { make, play, stages } from "./modules.ts";
import { device, reasons, states, Workspace } from "./workspace.ts";

const CHAIN = `
name: chain
stages:
  data: { uses: make, with: { size: 1 } }
  other: { uses: make, with: { size: 5 } }
  model: { uses: train, with: { dataset: "\${{ stages.data.outputs.data }}" } }
  test: { uses: play, with: { env: taxi, models: ["\${{ stages.model.outputs.model }}"] } }
`;

function changed<With>(module: StageModule<With>, change: Partial<StageModule<With>>) {
  return new Map([...stages, [module.name, { ...module, ...change } as StageModule]]);
}

Deno.test("a second run is all cached, with the same artifacts", async () => {
  await using work = await Workspace.with(CHAIN);
  const first = await work.run();
  assertEquals(Object.values(states(first)), ["done", "done", "done", "done"]);
  const second = await work.run();
  assertEquals(Object.values(states(second)), ["cached", "cached", "cached", "cached"]);
  assertEquals(
    second.stages.map(({ outputs }) => outputs),
    first.stages.map(({ outputs }) => outputs),
  );
  assertEquals(
    second.stages.map(({ computeSeconds }) => computeSeconds),
    first.stages.map(({ computeSeconds }) => computeSeconds),
  );
});

Deno.test("an edit reruns its stage and what depends on it, and nothing else", async () => {
  await using work = await Workspace.with(CHAIN);
  await work.run();
  const overrides = ["stages.data.with.name=abc"];
  assertEquals(reasons(await work.plan({ overrides })), {
    data: "run: input name: data → abc",
    other: "cached: same inputs",
    model: "run: will check after data",
    test: "run: will check after model",
  });
  assertEquals(reasons((await work.run({ overrides })).stages), {
    data: "done: input name: data → abc",
    other: "cached: same inputs",
    model: "done: input dataset changed (another output of stage data)",
    test: "done: input models.0 changed (another output of stage model)",
  });
});

Deno.test("an output that comes out equal lets what depends on it be cached", async () => {
  await using work = await Workspace.with(CHAIN);
  await work.run();
  // The model keeps only the first four letters of its data.
  const run = await work.run({ overrides: ["stages.data.with.size=3"] });
  assertEquals(reasons(run.stages), {
    data: "done: input size: 1 → 3",
    other: "cached: same inputs",
    model: "done: input dataset changed (another output of stage data)",
    test: "cached: same inputs",
  });
});

Deno.test("reasons compare with the newest result, cached ones included", async () => {
  await using work = await Workspace.with(CHAIN);
  const size = (value: number) => ({ overrides: [`stages.other.with.size=${value}`] });
  await work.run();
  await work.run(size(6));
  assertEquals(states(await work.run())["other"], "cached");
  assertEquals(reasons(await work.plan(size(7)))["other"], "run: input size: 5 → 7");
});

Deno.test("reasons name seed, device, version, code and several changes at once", async () => {
  await using work = await Workspace.with(CHAIN);
  await work.run();
  const plan = async (options: Parameters<typeof work.plan>[0]) =>
    reasons(await work.plan(options));
  assertEquals((await plan({ overrides: ["seed=2"] }))["data"], "run: seed: 1 → 2");
  assertEquals(
    (await plan({
      overrides: ["seed=2", "stages.data.with.size=2", "stages.data.with.mode=slow"],
    }))[
      "data"
    ],
    "run: input mode: fast → slow (and 2 more)",
  );
  assertEquals(await plan({ device: device("gpu test") }), {
    data: "cached: same inputs",
    other: "cached: same inputs",
    model: "cached: same inputs",
    test: "run: device changed: software test → gpu test",
  });
  assertEquals(
    (await plan({ stages: changed(make, { version: "2" }) }))["data"],
    "run: stage version: 1 → 2",
  );
  assertEquals(
    (await plan({
      stages: changed(make, { url: new URL("../../std/nearest.ts", import.meta.url).href }),
    }))[
      "data"
    ],
    "run: stage code changed",
  );
  assertEquals(
    (await plan({ overrides: ["stages.test.with.env=frozen-lake"] }))["test"],
    "run: input env: taxi → frozen-lake",
  );
  assertEquals(
    (await plan({ overrides: ["stages.test.with.env={uses: taxi, with: {speed: 2}}"] }))["test"],
    "run: input env.with.speed: 1 → 2",
  );
});

Deno.test("--only, --force and cache: false", async () => {
  await using work = await Workspace.with(CHAIN);
  await work.run();
  assertEquals(reasons(await work.plan({ only: "model", force: ["data"] })), {
    data: "run: --force",
    other: "skipped: not needed for --only model",
    model: "run: will check after data",
    test: "skipped: not needed for --only model",
  });
  // The forced stage gives the same bytes again.
  assertEquals(states(await work.run({ force: ["data"] })), {
    data: "done",
    other: "cached",
    model: "cached",
    test: "cached",
  });
  const overrides = ["stages.other.cache=false"];
  assertEquals(reasons(await work.plan({ overrides }))["other"], "run: cache: false");
});

Deno.test("the device is asked only where a wanted stage computes on it", async () => {
  await using work = await Workspace.with(CHAIN);
  let asked = 0;
  const counting = {
    ...device(),
    describe: () => {
      asked++;
      return device().describe();
    },
  };
  await work.plan({ device: counting, only: "model" });
  assertEquals(asked, 0);
  await work.plan({ device: counting });
  assertEquals(asked, 1);
});

Deno.test("what cannot be hashed or told in JSON is never cached", async () => {
  await using work = await Workspace.with(CHAIN);
  const remote = changed(make, { url: "https://example.org/make.ts" });
  const reason = "run: cannot be cached: https://example.org/make.ts is no file";
  await work.run({ stages: remote });
  assertEquals(reasons(await work.plan({ stages: remote }))["other"], reason);

  const schema = play.with.transform((input) => ({ ...input, when: new Date(0) }));
  const dated = changed(play, { with: schema });
  await work.run({ stages: dated });
  assertEquals(
    reasons(await work.plan({ stages: dated }))["test"],
    "run: cannot be cached: input when has a value that JSON cannot say (a Date)",
  );
});

Deno.test("a literal path is an input: relative to the file, hashed by content", async () => {
  await using work = await Workspace.with(`
name: literal
stages:
  model: { uses: train, with: { dataset: rows.jsonl } }
  test: { uses: play, with: { env: { uses: taxi, with: { data: rows.jsonl } } } }
`);
  await work.write("rows.jsonl", "some rows\n");
  const run = await work.run();
  assertEquals(Object.values(states(run)), ["done", "done"]);
  const inputs = await Deno.readTextFile(
    join(work.runsFolder, run.id, "stages", "test", "inputs.json"),
  );
  assertStringIncludes(inputs, '"origin": "rows.jsonl"');
  assertEquals(Object.values(states(await work.run())), ["cached", "cached"]);
  await work.write("rows.jsonl", "other rows\n");
  assertEquals(reasons(await work.plan()), {
    model: "run: input dataset changed (file rows.jsonl)",
    test: "run: input env.with.data changed (file rows.jsonl)",
  });
});

/** A stage `look` at a folder of which only the file `seen` matters. */
function looking(): ReadonlyMap<string, StageModule> {
  const seen = async (folder: string) => hashText(await Deno.readTextFile(join(folder, "seen")));
  const look: StageModule<{ folder: Artifact | string }> = {
    name: "look",
    version: "1",
    description: "Looks.",
    url: make.url,
    usesDevice: false,
    outputs: { data: { kind: "dataset", description: "What it saw." } },
    with: z.strictObject({ folder: sourceFolder(seen).describe("a folder") }),
    run: async ({ folder }, context) => {
      await Deno.writeTextFile(context.output("data"), await seen(artifactPath(folder)));
    },
  };
  return new Map([...stages, ["look", look as StageModule]]);
}

Deno.test("of a source folder only what matters is in the key", async () => {
  await using work = await Workspace.with(
    `stages: { look: { uses: look, with: { folder: tree } } }`,
  );
  await Deno.mkdir(join(work.folder, "tree"));
  await work.write("tree/seen", "one");
  await work.write("tree/unseen", "one");
  const modules = looking();
  assertEquals(states(await work.run({ stages: modules })), { look: "done" });
  await work.write("tree/unseen", "two");
  assertEquals(states(await work.run({ stages: modules })), { look: "cached" });
  await work.write("tree/seen", "two");
  assertEquals(reasons(await work.plan({ stages: modules })), {
    look: "run: input folder changed (file tree)",
  });
});

Deno.test("a path whose content cannot be told runs uncached, and the plan says why", async () => {
  await using work = await Workspace.with(
    `stages: { look: { uses: look, with: { folder: tree } }, make: { uses: make, with: { size: 1 } } }`,
  );
  await Deno.mkdir(join(work.folder, "tree"));
  const run = await work.run({ stages: looking() });
  assertEquals(states(run), { look: "failed", make: "done" });
  const [planned] = await work.plan({ stages: looking() });
  assertStringIncludes(planned?.reason ?? "", "cannot be cached: No such file");
});

Deno.test("a plan writes nothing", async () => {
  await using work = await Workspace.with(CHAIN);
  assertEquals(reasons(await work.plan())["data"], "run: no earlier result");
  const names = [...Deno.readDirSync(work.folder)].map(({ name }) => name);
  assertEquals(names, ["flow.yaml"]);
});
