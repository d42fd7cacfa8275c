import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "../../std/assert.ts";
import { checkAgent } from "../../agents/check.ts";
import { checkEnvironment } from "../../envs/check.ts";
import type { Environment, ResetOptions, ResetResult } from "../../envs/environment.ts";
import { makeEnvironment } from "../../envs/make.ts";
import { environments } from "../../envs/registry.ts";
import guess from "../../workflows/custom/guess.ts";
import { sampleTree, writeTree } from "./auto-explore/sample_tree.ts";
import { broken } from "./broken.ts";
import { brokenGuesses } from "./broken_guess.ts";
import { Corridor } from "./corridor.ts";

const GUESS = new URL("../../workflows/custom/guess.ts", import.meta.url);
/** Options of the environments that need some. */
const OPTIONS: Readonly<Record<string, unknown>> = { "auto-explore": { root: sampleTree() } };

const APART = "training and test starts are apart";
const CORRIDOR = new URL("./corridor.ts", import.meta.url);
const { default: corridor } = await import("./corridor.ts");

/** Checked in tests of their own: one needs data that may not be there, the other has homes of any size. */
const elsewhere = new Set(["alfworld", "household"]);

for (const module of environments.values()) {
  if (elsewhere.has(module.name)) continue;
  Deno.test(`${module.name} keeps the contract`, async () => {
    const { checks } = await checkEnvironment(module, { with: OPTIONS[module.name] ?? {} });
    assertEquals(checks.filter(({ status }) => status === "failed"), []);
  });
}

Deno.test("taxi keeps the contract with other options", async () => {
  for (
    const options of [{ prompt: "grid" }, { historyLength: 0, horizon: 1 }]
  ) {
    const { checks } = await checkEnvironment("taxi", { with: options });
    const failed = checks.filter(({ status }) => status === "failed");
    assertEquals(
      failed.map(({ name }) => name),
      "horizon" in options ? ["the expert reaches success in every task"] : [],
    );
  }
});

Deno.test("frozen-lake keeps the contract with other options", async () => {
  for (
    const options of [
      { map: "random", prompt: "grid", instructions: true },
      { map: "8x8", slippery: false, historyLength: 0 },
      { map: ["SFSF", "FHFG"], horizon: 30 },
    ]
  ) {
    const { checks } = await checkEnvironment("frozen-lake", { with: options });
    assertEquals(checks.filter(({ status }) => status === "failed"), []);
  }
});

Deno.test("environments and agents that are frozen, or plain objects, keep it", async () => {
  const frozen = () => {
    const corridor = new Corridor(6);
    return Object.freeze({
      reset: (options: ResetOptions) => corridor.reset(options),
      step: (label: string) => corridor.step(label),
    });
  };
  assertEquals((await checkEnvironment(frozen)).passed, true);
  const agent = Object.freeze({
    reflect: (batch: readonly unknown[]) => Promise.resolve(batch.map(() => "x")),
  });
  const { checks } = await checkAgent(() => agent);
  assertEquals(checks.filter(({ message }) => message.includes("proxy")), []);
  const nothing = await checkEnvironment(() => undefined as unknown as Environment);
  assertStringIncludes(nothing.checks[0]?.message ?? "", "make gave undefined; expected an object");
});

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

Deno.test("a user's module keeps it too, by path, by URL, or made by a function", async () => {
  for (
    const target of [
      CORRIDOR.href,
      CORRIDOR.pathname,
      () => new Corridor(6),
      async () => await Promise.resolve(new Corridor(6)),
    ]
  ) {
    const report = await checkEnvironment(target);
    assertEquals(
      report.checks.filter(({ status }) => status !== "passed"),
      [],
    );
    assert(report.passed);
  }
});

Deno.test("what an environment does not offer is skipped, not failed", async () => {
  const bare = () => {
    const corridor = new Corridor(6);
    const env: Environment = {
      reset: ({ split: _split, ...options }) => corridor.reset(options),
      step: (label) => corridor.step(label),
    };
    return env;
  };
  const report = await checkEnvironment(bare);
  assert(report.passed);
  assertEquals(
    report.checks.filter(({ status }) => status === "skipped").map((check) => check.message),
    [
      "it has no expert()",
      "it has no expert()",
      "it has no remark()",
      "it has no mistakes()",
      "reset takes no notice of split: tests play the starts of training",
    ],
  );
});

Deno.test("what cannot be started is told once", async () => {
  const reports = [
    await checkEnvironment(() => Promise.reject(new Error("no data"))),
    await checkEnvironment("auto-explore", {
      with: { root: writeTree({ "a.ts": "const nothing = 1;\n" }) },
    }),
  ];
  for (const { passed, checks: [first, ...others] } of reports) {
    assertEquals(passed, false);
    assertEquals([first?.name, first?.status], ["every task starts", "failed"]);
    assert(others.every(({ status }) => status === "skipped"));
  }
  assertStringIncludes(reports[0]?.checks[0]?.message ?? "", "no data");
  assertStringIncludes(reports[1]?.checks[0]?.message ?? "", "there is no question for task");
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

for (const [flaw, { make, check, says }] of Object.entries(broken)) {
  Deno.test(`the checks find ${flaw}`, async () => {
    const report = await checkEnvironment(make, { stepLimit: 50 });
    const found = report.checks.find(({ name }) => name === check);
    assertEquals(found?.status, "failed", JSON.stringify(report, null, 2));
    assertStringIncludes(found?.message ?? "", says);
    assertEquals(report.passed, false);
  });
}

Deno.test("the example of workflows/custom keeps the contract, secret and all", async () => {
  const report = await checkEnvironment(GUESS.pathname);
  assertEquals(
    report.checks.filter(({ status }) => status !== "passed").map(({ message }) => message),
    ["it has no remark()", "it has no mistakes()"],
  );
  assert(report.passed);
});

for (const [flaw, { make, check, says }] of Object.entries(brokenGuesses)) {
  Deno.test(`the checks find ${flaw} in it`, async () => {
    const report = await checkEnvironment({ ...guess, make });
    const found = report.checks.find(({ name }) => name === check);
    assertEquals(found?.status, "failed", JSON.stringify(report, null, 2));
    assertStringIncludes(found?.message ?? "", says);
    assertEquals(report.passed, false);
  });
}

Deno.test("a task that does not start is named", async () => {
  const module = {
    ...(await import("./corridor.ts")).default,
    tasks: ["walk", "fly"],
    make: () =>
      new (class extends Corridor {
        override reset(options: ResetOptions): ResetResult {
          if (options.task === "fly") throw new RangeError("no wings");
          return super.reset(options);
        }
      })(6),
  };
  const { checks } = await checkEnvironment(module);
  assertEquals(checks[0]?.status, "failed");
  assertStringIncludes(
    checks[0]?.message ?? "",
    'reset({ task: "fly" }) threw RangeError: no wings',
  );
});

Deno.test("an error is told once, with task, seed and step, and the place in the user's file", async () => {
  const module = {
    ...corridor,
    make: () =>
      new (class extends Corridor {
        override step(label: string) {
          if (this.steps === 2) throw new TypeError("no door");
          return super.step(label);
        }
      })(6),
  };
  const { checks } = await checkEnvironment(module);
  const failed = checks.filter(({ status }) => status === "failed");
  assertMatch(
    failed[0]?.message ?? "",
    /^stopped by an error of the environment: task "walk", seed \d+, step 3: TypeError: no door \(at .*contract_test\.ts:\d+:\d+\)$/,
  );
  assert(failed.length > 5);
  assertEquals(
    failed.at(-1)?.message,
    `stopped by the same error as "${failed[0]?.name}"`,
  );
});

Deno.test("a promise that never settles is told, by environments and agents", async () => {
  class Stuck extends Corridor {
    override reset(): never {
      return new Promise(() => {}) as never;
    }
  }
  const { passed, checks: [first] } = await checkEnvironment(() => new Stuck(6), {
    callLimit: 0.02,
  });
  assertEquals(passed, false);
  assertStringIncludes(
    first?.message ?? "",
    "reset gave a promise that did not settle within 0.02 s",
  );
  class Stopping extends Corridor {
    override step(): never {
      return new Promise(() => {}) as never;
    }
  }
  const began = performance.now();
  const { checks } = await checkEnvironment(() => new Stopping(6), { callLimit: 0.2 });
  assert(checks.filter(({ status }) => status === "failed").length > 5);
  assert(performance.now() - began < 400, "it waits once, not in each check");
  const made = await checkEnvironment(() => new Promise<Environment>(() => {}), {
    callLimit: 0.02,
  });
  assertStringIncludes(made.checks[0]?.message ?? "", "make gave a promise that did not settle");
  const agent = { reflect: () => new Promise<string[]>(() => {}) };
  const report = await checkAgent(() => agent, { callLimit: 0.02, patience: 10 });
  assertEquals(report.passed, false);
  assertStringIncludes(
    report.checks[0]?.message ?? "",
    "reflect gave a promise that did not settle within 0.02 s",
  );
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

Deno.test("options are checked before anything is played", async () => {
  await assertRejects(
    () => checkEnvironment("taxi", { with: { horizon: 0 } }),
    Error,
    'option "horizon"',
  );
});
