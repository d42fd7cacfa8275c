import { assertEquals, assertRejects } from "../../std/assert.ts";
import { makeReflectionAgent } from "../../agents/make.ts";
import { reflectionAgents } from "../../agents/registry.ts";
import type { Observation } from "../../envs/environment.ts";
import { ModuleError } from "../../std/modules.ts";

const seen = (state: string): Observation => ({
  history: "",
  state,
  actions: [{ label: "0", text: "go" }],
});
const batch = [seen("Here."), seen("There.")];
const options = { seed: 1, signal: new AbortController().signal };

Deno.test("none says nothing, once for each observation", async () => {
  const agent = await makeReflectionAgent("none");
  assertEquals(await agent.reflect(batch, options), ["", ""]);
});

Deno.test("the oracle says what the planner remarks", async () => {
  const agent = await makeReflectionAgent("oracle");
  const spoilers = [{ best: "0", remark: "One." }, { remark: "Two." }];
  assertEquals(
    await agent.reflect(batch, { ...options, spoilers }),
    ["One.", "Two."],
  );
});

Deno.test("the oracle cannot play: it says what it lacks", async () => {
  const agent = await makeReflectionAgent("oracle");
  await assertRejects(
    () => agent.reflect(batch, options),
    Error,
    "expected 2 spoilers, one per observation, got none; use it in a collect stage",
  );
  await assertRejects(
    () => agent.reflect(batch, { ...options, spoilers: [{ remark: "One." }] }),
    Error,
    "got 1",
  );
  await assertRejects(
    () =>
      agent.reflect(batch, {
        ...options,
        spoilers: [{ remark: "One." }, { best: "0" }],
      }),
    Error,
    'none on observation 1 of 2 ("There.")',
  );
});

Deno.test("the oracle stops when it is told to", async () => {
  const agent = await makeReflectionAgent("oracle");
  const signal = AbortSignal.abort(new Error("stop now"));
  await assertRejects(
    () => agent.reflect([], { seed: 1, signal, spoilers: [] }),
    Error,
    "stop now",
  );
});

Deno.test("agents are found by name or path, with errors that help", async () => {
  for (const name of ["none", "oracle"]) {
    assertEquals(reflectionAgents.get(name)?.name, name);
  }
  await assertRejects(
    () => makeReflectionAgent("oracel"),
    ModuleError,
    'no reflection agent is named "oracel"; did you mean "oracle"?',
  );
  await assertRejects(
    () => makeReflectionAgent("none", { loud: true }),
    ModuleError,
    'no option "loud"',
  );
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      file,
      `export default {
        name: "echo", version: "1", description: "Says what it sees.",
        with: { safeParse: (data: unknown) => ({ success: true, data }) },
        make: () => ({ reflect: (batch: { state: string }[]) => Promise.resolve(batch.map((seen) => seen.state)) }),
      };`,
    );
    const agent = await makeReflectionAgent(file);
    assertEquals(await agent.reflect(batch, options), ["Here.", "There."]);
  } finally {
    await Deno.remove(file);
  }
});
