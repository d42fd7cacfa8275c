/**
 * Where this program's stages run.
 * @module
 */
import type { Executor } from "../engine/executors/executor.ts";
import { inline } from "../engine/executors/inline.ts";
import { local } from "../engine/executors/local.ts";
import { stages } from "./stages.ts";

/** What libraries in a stage's process look at: which driver and where, and how they log. */
const ENVIRONMENT = [
  "DENO_WEBGPU_BACKEND",
  "XDG_RUNTIME_DIR",
  "LOG_TOKENS",
  "LOG_STREAM",
  "NODE_ENV",
];

/**
 * A process for each stage where this program may start Deno (`--allow-run`, or `--allow-run=deno`), else
 * this process.
 */
export async function stageExecutor(): Promise<Executor> {
  const program = await firstAllowed([Deno.execPath(), "deno"]);
  if (program === undefined) return inline;
  return local({
    program,
    entry: new URL("./worker.ts", import.meta.url),
    stages,
    permissions: { env: ENVIRONMENT, sys: ["systemMemoryInfo"] },
  });
}

async function firstAllowed(commands: readonly string[]): Promise<string | undefined> {
  for (const command of commands) {
    const { state } = await Deno.permissions.query({ name: "run", command });
    if (state === "granted") return command;
  }
  return undefined;
}
