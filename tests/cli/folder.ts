/**
 * A folder of a test's own in which the command line runs as users run it.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

const { tasks }: { tasks: Record<string, string> } = JSON.parse(Deno.readTextFileSync(CONFIG));

/** The permissions of a command's task, so that the tests run with no more than users do. */
function permissionsOf(command: string): string[] {
  const task = tasks[command] ?? tasks["workflow"] ?? "";
  return task.split(" ").filter((word) => word.startsWith("--allow"));
}

const STAGE = `import { z } from "zod";
export default {
  name: "wait", version: "1", description: "Waits.", url: import.meta.url, usesDevice: false,
  outputs: { text: { kind: "text", description: "A text." } },
  with: z.object({ steps: z.number().default(1), text: z.string().default("a"), fail: z.boolean().default(false) }),
  async run({ steps, text, fail }, context) {
    context.log("a line of the log");
    for (let step = 1; step <= steps; step++) {
      context.progress(step, steps, "steps");
      if (steps > 1) await new Promise((done) => setTimeout(done, 50));
      context.signal.throwIfAborted();
    }
    if (fail) throw new Error("as asked");
    await Deno.writeTextFile(context.output("text"), text);
  },
};`;

const FLOW = `name: cli
stages:
  first: { uses: ./stage.ts }
  second: { uses: ./stage.ts, needs: first, with: { text: b } }
`;

/** How a command ended, and what it printed. */
export interface Finished {
  code: number;
  out: string;
  error: string;
}

/** A folder with `flow.yaml` and `stage.ts`, in which commands run; removed afterwards. */
export class Folder implements AsyncDisposable {
  constructor(readonly path: string) {}

  static async make(flow = FLOW): Promise<Folder> {
    const folder = new Folder(await Deno.makeTempDir({ prefix: "cli-" }));
    await Deno.writeTextFile(join(folder.path, "stage.ts"), STAGE);
    await Deno.writeTextFile(join(folder.path, "flow.yaml"), flow);
    return folder;
  }

  command(...args: string[]): Deno.Command {
    return new Deno.Command("deno", {
      args: [
        "run",
        "--no-prompt",
        "--config",
        CONFIG,
        ...permissionsOf(args[0] ?? ""),
        CLI,
        ...args,
      ],
      cwd: this.path,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  }

  async run(...args: string[]): Promise<Finished> {
    const { code, stdout, stderr } = await this.command(...args).output();
    const decoder = new TextDecoder();
    return { code, out: decoder.decode(stdout), error: decoder.decode(stderr) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
