import { z } from "zod";
import { artifact } from "../../engine/artifact.ts";
import { loadWorkflow, type Workflow } from "../../engine/engine.ts";
import type { StageModule } from "../../engine/module.ts";
import { waitBefore } from "../../engine/attempts.ts";
import { parseExpression } from "../../engine/expressions.ts";
import { evaluate, type Value } from "../../engine/evaluate.ts";
import { assert, assertEquals, assertLess, assertThrows } from "../../std/assert.ts";
import { make, stages } from "./modules.ts";
import { reasons, states, Workspace } from "./workspace.ts";

async function load(text: string): Promise<Workflow> {
  await using workspace = await Workspace.with(text);
  return await loadWorkflow(workspace.file, { stages });
}

/** An expression's value, with `x` 3 and `list` [1, 2]; what is wrong is thrown. */
function valueOf(text: string): Value | undefined {
  const names: Readonly<Record<string, Value>> = { x: 3, list: [1, 2] };
  return evaluate(parseExpression(text), {
    reference: (name) => names[name.text],
    fail: (_, message) => {
      throw new Error(message);
    },
  });
}

Deno.test("operators bind as in other languages, and values keep their types", () => {
  const cases: [string, Value][] = [
    ["true || true && false", true],
    ["(true || true) && false", false],
    ["!false && !(x == 4)", true],
    ["x >= 3 && x <= 3 && x != -3", true],
    ["x < 2.5e1", true],
    ["'abc' < 'abd'", true],
    ["'it''s' == \"it's\"", true],
    ["list == [1, 2]", true],
    ["x == null", false],
    ["contains(list, 2) && contains('abc', 'bc') && !contains(list, '2')", true],
    ["startsWith('abc', 'ab') && endsWith('abc', 'bc')", true],
    ["length(list)", 2],
    ["join(['a', x], '-')", "a-3"],
    ["[x, [true]]", [3, [true]]],
  ];
  for (const [text, value] of cases) assertEquals(valueOf(text), value, text);
});

Deno.test("hostile expressions cost an error, not the stack", () => {
  assertThrows(() => valueOf("(".repeat(5000)), Error, "nested at most");
  assertThrows(() => valueOf("!".repeat(5000)), Error, "nested at most");
  assertThrows(() => valueOf(`true${" || true".repeat(5000)}`), Error, "at most 500 words");
});

Deno.test("an expression in a value gives its value, braces inside quotes end nothing", async () => {
  const workflow = await load(`
vars: { tasks: [a, b], big: true }
stages:
  one:
    uses: make
    with: { size: "\${{ length(vars.tasks) }}", name: "\${{ vars.big == true }} \${{ '}}' }}" }
`);
  assertEquals(workflow.instances[0]?.input, { size: 2, name: "true }}", mode: "fast" });
});

Deno.test("exclude takes combinations away, include joins or adds them, as in GitHub Actions", async () => {
  const workflow = await load(`
stages:
  many:
    uses: make
    matrix:
      size: [1, 2]
      mode: [fast, slow]
      exclude: [{ size: 1, mode: slow }]
      include:
        - { size: 2, note: x }
        - { colour: red }
        - { size: 9, mode: slow, colour: blue, note: y, seed: 4 }
    with: { size: "\${{ matrix.size }}", mode: "\${{ matrix.mode }}", name: "\${{ matrix.colour }}" }
`);
  assertEquals(workflow.instances.map(({ name, seed }) => [name, seed]), [
    ["many (size=1, mode=fast, colour=red)", 1],
    ["many (size=2, mode=fast, note=x, colour=red)", 1],
    ["many (size=2, mode=slow, note=x, colour=red)", 1],
    ["many (size=9, mode=slow, colour=blue, note=y, seed=4)", 4],
  ]);
});

const CONDITIONAL = `
vars: { full: false }
stages:
  off: { uses: make, if: vars.full, with: { size: 7 } }
  model: { uses: train, with: { dataset: "\${{ stages.off.outputs.data }}" } }
  many:
    uses: make
    matrix: { seed: [1, 2, 3] }
    if: "\${{ matrix.seed != 2 || vars.full }}"
    with: { size: 1 }
  each: { uses: list, with: { data: "\${{ stages.many.outputs.data }}" } }
  after: { uses: make, needs: [many], with: { size: 2 } }
  on: { uses: make, needs: off, if: always(), with: { size: 3 } }
`;

const list: StageModule = {
  ...make as StageModule,
  name: "list",
  with: z.object({ data: z.array(artifact("dataset")) }),
  run: (input, context) => {
    const { data } = input as { data: unknown[] };
    return Deno.writeTextFile(context.output("data"), String(data.length));
  },
};

/** The stages of the tests, and one that takes any number of data sets. */
const withList: ReadonlyMap<string, StageModule> = new Map([...stages, ["list", list]]);

Deno.test("what its if keeps from running is skipped, and so is what needs it; a matrix gives the rest", async () => {
  await using work = await Workspace.with(CONDITIONAL);
  const expected = {
    off: "skipped: if: vars.full",
    model: "skipped: needs off, which was skipped",
    "many (seed=1)": "run: no earlier result",
    "many (seed=2)": "skipped: if: matrix.seed != 2 || vars.full",
    "many (seed=3)": "run: no earlier result",
    each: "run: no earlier result",
    after: "run: no earlier result",
    on: "run: no earlier result",
  };
  assertEquals(reasons(await work.plan({ stages: withList })), expected);
  const run = await work.run({ stages: withList });
  assertEquals(run.status, "done");
  const outcome = Object.entries(states(run)).map(([name, state]) =>
    `${name} ${state.replace("done", "run")}`
  );
  const planned = Object.entries(expected).map(([name, text]) => `${name} ${text.split(":")[0]}`);
  assertEquals(outcome, planned);

  const full = await work.run({ stages: withList, overrides: ["vars.full=true"] });
  assertEquals(Object.values(states(full)), [
    ..."done done cached done cached done cached cached".split(" "),
  ]);
});

Deno.test("success(), failure() and always() ask how everything a stage needs has ended", async () => {
  await using work = await Workspace.with(`
stages:
  bad: { uses: fail, with: { size: 1 } }
  next: { uses: make, needs: bad, with: { size: 2 } }
  alarm: { uses: make, needs: next, if: failure(), with: { size: 3 } }
  always: { uses: make, needs: [next], if: "always() && seed == 1", with: { size: 4 } }
  fine: { uses: make, needs: next, if: success(), with: { size: 5 } }
  reads: { uses: train, if: always(), with: { dataset: "\${{ stages.bad.outputs.data }}" } }
`);
  const fail: StageModule = {
    ...make as StageModule,
    name: "fail",
    run: () => Promise.reject(new Error("as asked")),
  };
  const options = { stages: new Map([...stages, ["fail", fail] as const]) };
  assertEquals(reasons(await work.plan(options))["alarm"], "skipped: if: failure()");
  const run = await work.run(options);
  assertEquals(run.status, "failed");
  assertEquals(states(run), {
    bad: "failed",
    next: "skipped",
    alarm: "done",
    always: "done",
    fine: "skipped",
    reads: "skipped",
  });
  const why = Object.fromEntries(run.stages.map(({ instance, reason }) => [instance, reason]));
  assertEquals(why["fine"], "needs next, which was skipped");
  assertEquals(why["reads"], "needs bad, which failed");
});

Deno.test("a device is not asked for by stages that cannot run", async () => {
  await using work = await Workspace.with(
    "stages:\n  one: { uses: play, if: false, with: { env: taxi } }\n",
  );
  const [one] = await work.plan({
    device: { choice: "auto", describe: () => Promise.reject(new Error("no device")) },
  });
  assertEquals(one?.reason, "if: false");
});

Deno.test("waits double up to the maximum, less up to half by chance", () => {
  const retry = { attempts: 9, delay: 2, maxDelay: 10 };
  assertEquals([2, 3, 4, 5].map((attempt) => waitBefore(attempt, retry, 0)), [2, 4, 8, 10]);
  assertEquals([2, 3, 4, 5].map((attempt) => waitBefore(attempt, retry, 1)), [1, 2, 4, 5]);
});

Deno.test("a run waits before it tries again, and an abort ends the wait", async () => {
  await using work = await Workspace.with(
    "stages:\n  bad: { uses: fail, with: { size: 1 }, retry: { attempts: 2, delay: 1h, max-delay: 1h } }\n",
  );
  const controller = new AbortController();
  let attempts = 0;
  const fail: StageModule = {
    ...make as StageModule,
    name: "fail",
    run: () => {
      attempts++;
      setTimeout(() => controller.abort(), 20);
      return Promise.reject(new Error("as asked"));
    },
  };
  const began = performance.now();
  const run = await work.run({
    stages: new Map([...stages, ["fail", fail]]),
    signal: controller.signal,
  });
  assertLess(performance.now() - began, 5000);
  assertEquals([run.status, attempts], ["interrupted", 1]);
  const retried = work.events.find((event) => event.type === "stage-retried");
  assert(retried !== undefined && retried.waitSeconds >= 1800 && retried.waitSeconds <= 3600);
});
