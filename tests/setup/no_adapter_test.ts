/**
 * A machine without a Vulkan driver: the command says how to mend it, and nothing is run.
 */
import { fileURLToPath } from "node:url";
import { assertEquals, assertStringIncludes } from "../../std/assert.ts";

const ROOT = new URL("../../", import.meta.url);

/** `deno task workflow` on the quickstart, with the task's own permissions, where Vulkan finds no driver. */
async function runQuickstart(cwd: string, ...options: string[]): Promise<[number, string, string]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const permissions = tasks.workflow.split(" ").filter((word: string) => word.startsWith("--"));
  const config = fileURLToPath(new URL("deno.json", ROOT));
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    args: [
      ...["run", "--no-prompt", "--config", config, ...permissions],
      ...[fileURLToPath(new URL("cli.ts", ROOT)), "workflow"],
      ...[fileURLToPath(new URL("workflows/quickstart.yaml", ROOT)), ...options],
    ],
    cwd,
    env: { VK_DRIVER_FILES: "/nonexistent", VK_ICD_FILENAMES: "/nonexistent", NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return [code, decoder.decode(stdout), decoder.decode(stderr)];
}

Deno.test({
  name: "without an adapter a workflow ends with 2, the command that mends it, and nothing run",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "no-adapter-" });
    try {
      for (const options of [[], ["--json"], ["--plan"]]) {
        const [code, out, error] = await runQuickstart(folder, ...options);
        assertEquals([code, out], [2, ""], error);
        assertStringIncludes(error, "error: no WebGPU adapter was found on this machine");
        assertStringIncludes(error, "`sh setup.sh`");
        assertEquals(error.trim().split("\n").length, 1);
        assertEquals([...Deno.readDirSync(folder)], []);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
