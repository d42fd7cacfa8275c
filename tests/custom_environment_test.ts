/**
 * The example of a user's own environment and agent: small, as docs/environments.md shows it, and its
 * workflow, shrunk, runs.
 */
import { z } from "zod";
import { environments } from "../envs/registry.ts";
import { assert, assertEquals, assertLess, assertStringIncludes } from "../std/assert.ts";
import { join } from "node:path";

const ROOT = new URL("..", import.meta.url);
const FILES = ["guess.ts", "halving.ts", "guess.yaml"];

async function fileOf(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(`workflows/custom/${name}`, ROOT));
}

async function run(...args: string[]): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await new Deno.Command("deno", { cwd: ROOT, args }).output();
  const text = new TextDecoder();
  return { code, output: text.decode(stdout) + text.decode(stderr) };
}

Deno.test("docs/environments.md shows the example's files as they are", async () => {
  const page = await Deno.readTextFile(new URL("docs/environments.md", ROOT));
  const shown = [...page.matchAll(/```(?:ts|yaml)\n([\s\S]*?)```/g)].map(([, code]) => code);
  assertEquals(shown, await Promise.all(FILES.map(fileOf)));
});

Deno.test("docs/environments.md lists all options of the environments it tells of", async () => {
  const page = await Deno.readTextFile(new URL("docs/environments.md", ROOT));
  const told = page.split(/^## /m).flatMap((section) => {
    const module = environments.get(/^`(.*)`/.exec(section)?.[1] ?? "");
    if (module === undefined) return [];
    const listed = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, option]) => option!);
    const { properties } = z.toJSONSchema(module.with, { io: "input", unrepresentable: "any" });
    assertEquals(listed.sort(), Object.keys(properties ?? {}).sort(), module.name);
    return [module.name];
  });
  assert(["taxi", "frozen-lake", "household", "alfworld"].every((name) => told.includes(name)));
});

Deno.test("environment, agent and workflow are 150 lines together", async () => {
  const lines = (await Promise.all(FILES.map(fileOf))).join("").split("\n").length - 1;
  assertLess(lines, 150);
});

Deno.test("deno task check-env passes the example", async () => {
  const { code, output } = await run("task", "check-env", "./workflows/custom/guess.ts");
  assertEquals(code, 0, output);
  assertStringIncludes(output, "guess keeps the contract");
});

Deno.test("the example's workflow, shrunk, runs", async () => {
  const runs = await Deno.makeTempDir();
  try {
    const shrunk = [
      "stages.demos.with.episodes=20",
      "stages.policy.with.steps=4",
      "stages.policy.with.batchSize=4",
      "stages.rl.with.algorithm.with.iterations=2",
      "stages.rl.with.algorithm.with.episodes=4",
      "stages.test.with.episodes=4",
    ].flatMap((override) => ["--set", override]);
    const file = "workflows/custom/guess.yaml";
    const { code, output } = await run("task", "workflow", file, "--runs", runs, ...shrunk);
    assertEquals(code, 0, output);
    const report = JSON.parse(
      await Deno.readTextFile(join(runs, "latest/report/report.json")),
    );
    const told = report.methods.map((
      { name, env, task, episodes }: Record<string, unknown>,
    ) => [name, env, task, episodes]);
    assertEquals(told, [["reflect-rl", "guess", "three", 4], ["reflect-rl", "guess", "seven", 4]]);
  } finally {
    await Deno.remove(runs, { recursive: true });
  }
});
