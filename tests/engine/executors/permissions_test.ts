/**
 * What a process is allowed, as flags: of the stage's module, and of those chosen in its input.
 */
import { z } from "zod";
import { Artifact } from "../../../engine/artifact.ts";
import { permissionFlags } from "../../../engine/executors/permissions.ts";
import type { Module, StageModule } from "../../../engine/module.ts";
import { slot } from "../../../engine/slot.ts";
import { assertEquals, assertLess } from "../../../std/assert.ts";
import { TestJob } from "./job.ts";
import { probe } from "./probe.ts";

/** A module whose network follows its options, and one that is chosen within its options. */
const caller: Module<{ url: string; helper?: unknown }> = {
  name: "caller",
  version: "1",
  description: "Calls a server.",
  with: z.strictObject({ url: z.string(), helper: z.unknown().optional() }),
  permissions: ({ url }) => ({ net: [new URL(url).host], env: ["LANG"] }),
};
const callers = slot("caller", new Map([["caller", caller as Module]]));

/** The flags about the network and the environment. */
async function flags(permissions: StageModule["permissions"], input: unknown): Promise<string[]> {
  await using test = await TestJob.of("report");
  const { job } = test;
  const module = { ...probe as StageModule, ...(permissions && { permissions }) };
  const instance = { ...job.instance, module, input };
  return permissionFlags({ ...job, instance }, {}).filter((flag) =>
    /^--allow-(net|env)/.test(flag)
  );
}

const call = (url: string) => callers.parse({ uses: "caller", with: { url } });

Deno.test("permissions that depend on options are those of the options given", async () => {
  assertEquals(await flags(undefined, { agent: call("http://127.0.0.1:8080/v1") }), [
    "--allow-env=LANG",
    "--allow-net=127.0.0.1:8080",
  ]);
  const both = { agents: [call("https://a.example/v1"), { one: call("https://b.example:1/v1") }] };
  assertEquals(await flags(undefined, both), [
    "--allow-env=LANG",
    "--allow-net=a.example,b.example:1",
  ]);
});

Deno.test("a stage's own permissions may depend on its input", async () => {
  const permissions = (input: unknown) => ({ net: [(input as { host: string }).host] });
  assertEquals(await flags(permissions, { host: "c.example" }), ["--allow-net=c.example"]);
  assertEquals(await flags({ net: ["*"] }, { agent: call("http://d.example") }), [
    "--allow-env=LANG",
    "--allow-net",
  ]);
  assertEquals(await flags(undefined, {}), []);
});

Deno.test("of a few artifacts each may be read, of more than a command line takes their store", async () => {
  await using test = await TestJob.of("report");
  const { job } = test;
  const payload = (index: number) => `/runs/artifacts/${String(index).padStart(64, "0")}/payload`;
  const own = new Artifact("path", "/home/data.txt", "00", "data.txt");
  const reads = (count: number) => {
    const made = Array.from(
      { length: count },
      (_, index) => new Artifact("text", payload(index), "00", `stage (i=${index}).left`),
    );
    const [flag = ""] = permissionFlags({ ...job, values: { made, own } }, {});
    assertLess(flag.length, 100_000);
    return flag.split(",").filter((path) => path.startsWith("/runs"));
  };
  assertEquals(reads(2), [payload(0), payload(1)]);
  assertEquals(reads(20_000), ["/runs/artifacts"]);
});
