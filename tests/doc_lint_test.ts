/**
 * Public symbols are documented: `deno doc --lint` over the folders a reader or a user's own module
 * imports from.
 */
import { assert, assertEquals } from "../std/assert.ts";

const root = new URL("..", import.meta.url);

function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return filesIn(`${folder}${name}/`);
    return name.endsWith(".ts") ? [`${folder}${name}`] : [];
  });
}

const files = [
  ...["agents/", "envs/", "kernels/", "models/", "training/"].flatMap(filesIn),
  ...["artifact", "engine", "events", "history", "module", "slot", "summary", "load", "workflow"]
    .map((name) => `engine/${name}.ts`),
  "stages/device.ts",
  "stages/stages.ts",
  "stages/workflow.ts",
  "std/checks.ts",
  "std/modules.ts",
  "std/random.ts",
  "mod.ts",
];

/** Types of packages are in no documentation graph, so naming one in public is no fault. */
const ofPackages = /references private type '(\$?ZodType|InferenceSession)'$/;

Deno.test("every public symbol is documented", async () => {
  const { stderr } = await new Deno.Command("deno", {
    args: ["doc", "--lint", ...files],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdout: "null",
  }).output();
  const lines = new TextDecoder().decode(stderr).split("\n");
  assert(lines.some((line) => ofPackages.test(line)), `deno doc did not run: ${lines.join("\n")}`);
  const faults = lines.flatMap((line, i) => {
    return line.startsWith("error[") && !ofPackages.test(line)
      ? [`${line} ${lines[i + 1]?.trim()}`]
      : [];
  });
  assertEquals(faults, []);
});
