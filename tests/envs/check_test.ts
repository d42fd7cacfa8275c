/** What the checks say, and what of an environment or an agent does not matter to them. */
import { checkAgent } from "../../agents/check.ts";
import { checkEnvironment } from "../../envs/check.ts";
import type { Environment, ResetOptions, ResetResult } from "../../envs/environment.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../std/assert.ts";
import { writeTree } from "./auto-explore/sample_tree.ts";
import corridor, { Corridor } from "./corridor.ts";

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
    /^stopped by an error of the environment: task "walk", seed \d+, step 3: TypeError: no door \(at .*check_test\.ts:\d+:\d+\)$/,
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
  const { checks } = await checkEnvironment(() => new Stopping(6), { callLimit: 0.5 });
  assert(checks.filter(({ status }) => status === "failed").length > 5);
  assert(performance.now() - began < 1000, "it waits once, not in each check");
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

Deno.test("a task that does not start is named", async () => {
  const module = {
    ...corridor,
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
