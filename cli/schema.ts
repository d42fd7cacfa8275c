/**
 * `deno task schema`: the JSON Schema of workflow files for editors, and the reference page.
 * @module
 */
import { workflowJsonSchema } from "../engine/json_schema.ts";
import type { Module } from "../engine/module.ts";
import { referencePage } from "../engine/reference_page.ts";
import { environments } from "../envs/registry.ts";
import { splitsOf } from "../envs/splits.ts";
import { readArguments } from "./arguments.ts";

const USAGE = `usage: deno task schema [--print]

Writes workflows/workflow.schema.json and docs/reference.md anew from the modules.
  --print  writes nothing; prints the JSON Schema`;

/** File → what belongs in it, from the modules that come with this program. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const { stages } = await import("../stages/stages.ts");
  return new Map([
    [
      "workflows/workflow.schema.json",
      `${JSON.stringify(workflowJsonSchema(stages), null, 2)}\n`,
    ],
    ["docs/reference.md", referencePage(stages, splitsOfEnvironment)],
  ]);
}

function splitsOfEnvironment(module: Module): string | undefined {
  const environment = environments.get(module.name);
  if (environment !== module) return undefined;
  const names = splitsOf(environment).map((split) => `\`${split}\``);
  return `Splits: ${names.join(", ")}.`;
}

/** Writes the files. Returns the exit code. */
export async function schemaCommand(args: string[]): Promise<number> {
  const given = readArguments(args, { usage: USAGE, flags: ["print"], positional: [0, 0] });
  if (given === undefined) return 0;
  const files = await generatedFiles();
  if (given.flag("print")) {
    console.log(files.get("workflows/workflow.schema.json")?.trimEnd());
    return 0;
  }
  const root = new URL("..", import.meta.url);
  for (const [file, text] of files) {
    const path = new URL(file, root);
    const before = await Deno.readTextFile(path).catch(() => undefined);
    if (before !== text) await Deno.writeTextFile(path, text);
    console.log(`${file}: ${before === text ? "up to date" : "written"}`);
  }
  return 0;
}
