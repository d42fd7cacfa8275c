/**
 * The contract of reflection agents: the built-in ones keep it, and the checks find those that do not.
 */
import { z } from "zod";
import type { ReflectionAgentModule } from "../../agents/agent.ts";
import { type AgentCheckReport, checkAgent } from "../../agents/check.ts";
import { reflectionAgents } from "../../agents/registry.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../std/assert.ts";
import { exportToTemporary, randomModel } from "../reference/models.ts";
import { broken, Echo } from "./broken.ts";
import { ChatServer, questionOf } from "./chat_server.ts";

/** Enough positions for the suite's situations. */
const MODEL = exportToTemporary(randomModel({ n_embd: 12, n_head: 3, n_positions: 96 }));

/** A server that says back what it is asked, a little later. */
const server = () =>
  new ChatServer(async (asked) => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return `I think: ${questionOf(asked)}`;
  });

const names = (report: AgentCheckReport, status: string) =>
  report.checks.filter((check) => check.status === status).map(({ name }) => name);

const AT_ONCE = "a signal that is aborted meanwhile rejects promptly";
const STATE = "what it remembers can be saved and restored";
const DISPOSED = "dispose may be called twice, and a new agent works after it";
const SEEDS = "the seed matters only where the module says so";

/** Each registered agent: its options, and the checks that do not apply to it. */
const registered: Record<string, { options?: object[]; skipped: string[] }> = {
  none: { skipped: [STATE, AT_ONCE, DISPOSED] },
  oracle: { skipped: [STATE, AT_ONCE, DISPOSED] },
  onnx: { options: [{ model: MODEL, maxTokens: 6 }], skipped: [] },
  openai: { options: [{ model: "m", retries: 0 }], skipped: [] },
};

for (const module of reflectionAgents.values()) {
  Deno.test(`${module.name} keeps the contract`, async () => {
    const { options: [options] = [{}], skipped } = registered[module.name]!;
    await using chat = server();
    const own = module.name === "openai" ? { baseUrl: chat.baseUrl } : {};
    // This server is no other machine, and answers the same each time.
    const near = { ...module, remote: false };
    const report = await checkAgent(near, { with: { ...options, ...own } });
    assertEquals(report.checks.filter(({ status }) => status === "failed"), []);
    assertEquals(names(report, "skipped"), skipped);
    assert(report.passed && report.agent === module.name);
  });
}

Deno.test("what another machine says need not be the same, and drawn comments depend on seeds", async () => {
  await using chat = server();
  const remote = await checkAgent("openai", { with: { baseUrl: chat.baseUrl, model: "m" } });
  assert(remote.passed);
  assertEquals(names(remote, "skipped"), [
    "the same batch and seed give the same comments",
    "a comment depends neither on the rest of the batch nor on its order",
    SEEDS,
  ]);
  const drawn = await checkAgent("onnx", { with: { model: MODEL, maxTokens: 6, temperature: 1 } });
  assertEquals([drawn.passed, names(drawn, "skipped")], [true, [SEEDS]]);
});

Deno.test("a user's agent keeps it too, made by a function or by a module", async () => {
  const module: ReflectionAgentModule<{ loud: boolean }> = {
    name: "echo",
    version: "1",
    description: "Says what it sees.",
    with: z.strictObject({ loud: z.boolean().default(false) }),
    make: () => new Echo(),
  };
  for (
    const target of [
      module as ReflectionAgentModule,
      () => new Echo(),
      async () => await new Echo(),
    ]
  ) {
    const report = await checkAgent(target);
    assertEquals(names(report, "failed"), []);
    assertEquals(names(report, "skipped"), [STATE]);
    assert(report.passed);
  }
  await assertRejects(
    () => checkAgent(module as ReflectionAgentModule, { with: { loud: 1 } }),
    Error,
    'option "loud"',
  );
});

Deno.test("the agent that the documentation writes keeps it", async () => {
  const path = new URL("../../workflows/custom/halving.ts", import.meta.url).pathname;
  const { checks } = await checkAgent(path);
  assertEquals(checks.filter(({ status }) => status === "failed"), []);
});

Deno.test("situations of the caller's own are asked about", async () => {
  const states: string[] = [];
  const make = () =>
    Object.assign(new Echo(), {
      comment: ({ state }: { state: string }) => (states.push(state), state),
    });
  const observations = [{ history: "", state: "Mine.", actions: [] }];
  assert((await checkAgent(make, { observations })).passed);
  assertEquals(new Set(states), new Set(["Mine."]));
});

Deno.test("an agent that cannot be made fails every check with its error", async () => {
  const report = await checkAgent(() => Promise.reject(new Error("no model here")));
  assertEquals(names(report, "failed").length, report.checks.length);
  assertStringIncludes(
    report.checks[0]?.message ?? "",
    "stopped by an error of the reflection agent: Error: no model here",
  );
});

for (const [flaw, { make, check, says }] of Object.entries(broken)) {
  Deno.test(`the checks find ${flaw}`, async () => {
    const report = await checkAgent(make, { patience: 200 });
    const found = report.checks.find(({ name }) => name === check);
    assertEquals(found?.status, "failed", JSON.stringify(report, null, 2));
    assertStringIncludes(found?.message ?? "", says);
    assertEquals(report.passed, false);
  });
}

Deno.test("every check has an agent that breaks it", async () => {
  const { checks } = await checkAgent(() => new Echo());
  const broke = new Set(Object.values(broken).map(({ check }) => check));
  assertEquals(checks.map(({ name }) => name).filter((name) => !broke.has(name)), []);
});
