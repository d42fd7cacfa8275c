import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../std/assert.ts";
import { checkEnvironment } from "../../envs/check.ts";
import type { Environment } from "../../envs/environment.ts";
import { environments } from "../../envs/registry.ts";
import guess from "../../workflows/custom/guess.ts";
import { sampleTree } from "./auto-explore/sample_tree.ts";
import { broken } from "./broken.ts";
import { brokenGuesses } from "./broken_guess.ts";
import { Corridor } from "./corridor.ts";

const GUESS = new URL("../../workflows/custom/guess.ts", import.meta.url);
/** Options of the environments that need some. */
const OPTIONS: Readonly<Record<string, unknown>> = { "auto-explore": { root: sampleTree() } };

const CORRIDOR = new URL("./corridor.ts", import.meta.url);

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

Deno.test("options are checked before anything is played", async () => {
  await assertRejects(
    () => checkEnvironment("taxi", { with: { horizon: 0 } }),
    Error,
    'option "horizon"',
  );
});
