/** What the checks say of tasks and splits, and of those that have no start. */
import { checkEnvironment } from "../../envs/check.ts";
import type { Environment, ResetOptions, ResetResult } from "../../envs/environment.ts";
import { makeEnvironment } from "../../envs/make.ts";
import { environments } from "../../envs/registry.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../../std/assert.ts";
import { sampleTree, writeTree } from "./auto-explore/sample_tree.ts";
import corridor, { Corridor } from "./corridor.ts";

/** Options of the environments that need some. */
const OPTIONS: Readonly<Record<string, unknown>> = { "auto-explore": { root: sampleTree() } };
const APART = "training and test starts are apart";

Deno.test("a single start cannot be split, whatever the module names", async () => {
  class Single extends Corridor {
    override reset({ seed, state }: ResetOptions): ResetResult {
      return super.reset({ seed, state: state ?? { cell: 2 } });
    }
  }
  const { checks } = await checkEnvironment({
    ...corridor,
    splits: ["validation"],
    make: () => new Single(6),
  });
  assertEquals(checks.find(({ name }) => name === APART)?.status, "skipped");
});

Deno.test("a split that a module names is kept from training, too", async () => {
  const named = { ...corridor, splits: ["validation"] };
  const { checks } = await checkEnvironment(named);
  const found = checks.find(({ name }) => name === APART);
  assertEquals(found?.status, "failed");
  assertStringIncludes(found?.message ?? "", 'a training episode and one of split "validation"');
});

Deno.test("a split without a start fails, unless the instance says that starts depend on data", async () => {
  class Tested extends Corridor {
    override reset(options: ResetOptions): ResetResult {
      if (options.split === "test") throw new RangeError("no test starts");
      return super.reset(options);
    }
  }
  class Told extends Tested {
    readonly startableTasks = ["walk"];
  }
  const statusOf = async (make: () => Environment) => {
    const { checks } = await checkEnvironment({ ...corridor, make });
    return checks.find(({ name }) => name === APART);
  };
  const [untold, told] = [await statusOf(() => new Tested(6)), await statusOf(() => new Told(6))];
  assertEquals([untold?.status, told?.status], ["failed", "skipped"]);
  assertStringIncludes(untold?.message ?? "", "no test starts");
});

Deno.test("built-in environments refuse a split they do not have, and say which they have", async () => {
  const splits = {
    taxi: "train, test, all",
    "frozen-lake": "train, test, all",
    household: "train, test, all, seen, unseen",
    "auto-explore": "train, test, all, validation",
  };
  for (const [name, list] of Object.entries(splits)) {
    const env = await makeEnvironment(name, OPTIONS[name] ?? {});
    await assertRejects(
      async () => await env.reset({ seed: 1, split: "tests" }),
      RangeError,
      `expected a split of ${name} (${list}), got "tests"; did you mean "test"?`,
    );
  }
});

Deno.test("tasks that data have no start of are passed over, and splits that a task has no start of", async () => {
  const one = "export function one() {}\n";
  const many = Array.from({ length: 12 }, (_, i) => `export function do${i}() {}\n`).join("");
  const reportOf = (files: Record<string, string>) =>
    checkEnvironment("auto-explore", { with: { root: writeTree(files) } });
  const few = await reportOf({ "a.ts": one });
  assertEquals(few.checks[0]?.message, "depth-1, near, all");
  assertEquals(
    few.checks.filter(({ status }) => status !== "passed").map(({ name, message }) => [
      name,
      message.split(";")[0],
    ]),
    [[
      "training and test starts are apart",
      'no task has starts of both: there is no question for task "depth-1" (of those for test, there are none)',
    ]],
  );
  const { make, with: options } = environments.get("auto-explore")!;
  const root = writeTree({ "a.ts": one });
  const made = await checkEnvironment(() => make(options.parse({ root })));
  assertEquals(made.checks[0]?.message, "the default");
  const more = await reportOf({ "a.ts": many, "b/c.ts": one });
  assertEquals(more.checks[0]?.message, "depth-1, depth-2, near, all");
  assertEquals(more.checks.filter(({ status }) => status !== "passed"), []);
});
