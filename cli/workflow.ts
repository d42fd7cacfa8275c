/**
 * `deno task workflow FILE`: plans or runs a workflow and shows how it goes.
 * @module
 */
import { join } from "node:path";
import {
  type EngineEvent,
  loadWorkflow,
  type PlannedStage,
  planWorkflow,
  type RunOptions,
  runWorkflow,
  SetupError,
  StorageError,
  WorkflowError,
} from "../engine/engine.ts";
import { stageFolderName } from "../engine/layout.ts";
import type { DeviceChoice } from "../engine/module.ts";
import { isStorageFailure, storageError } from "../engine/storage_error.ts";
import type { RunSummary } from "../engine/summary.ts";
import { type Arguments, readArguments, UsageError } from "./arguments.ts";
import { countStates } from "./runs.ts";
import { consoleScreen, View } from "./view.ts";
import { duration } from "./words.ts";

const USAGE = `usage: deno task workflow FILE [options]

  --plan               run nothing: print each stage with run, cached or skipped, and why
  --graph [FORMAT]     run nothing: print the graph of the stages, as mermaid (default) or svg
  --set PATH=VALUE     change a value: --set stages.rl.with.steps=500 (may come several times)
  --only STAGE         run this stage and what it needs, nothing else
  --force STAGE        run this stage whatever the cache has (may come several times)
  --device DEVICE      auto (default), gpu or software
  --concurrency N      stages that run at a time (default: as many as there are processors)
  --device-slots N     of those, stages that compute on the device (default: 1)
  --json               print one event a line as JSON, and nothing else, on standard output
  --runs FOLDER        where runs, artifacts and the cache are kept (default: runs)

Exit: 0 all stages done or cached, 1 a stage failed, 2 the file or the arguments are wrong and nothing
was run, 130 interrupted: the same command continues.`;

/** Runs the command. Returns the exit code. */
export async function workflowCommand(args: string[]): Promise<number> {
  const given = readArguments(withGraphFormat(args), {
    usage: USAGE,
    flags: ["plan", "json"],
    texts: ["only", "device", "runs", "graph", "concurrency", "device-slots"],
    lists: ["set", "force"],
    positional: [1, 1],
  });
  if (given === undefined) return 0;
  const [file = ""] = given.positional;
  const format = readGraphFormat(given);
  const runsFolder = given.text("runs") ?? "runs";
  let begun = false;
  try {
    const options = await readOptions(given, runsFolder);
    if (format !== undefined) {
      await printGraph(file, options, format);
      return 0;
    }
    if (given.flag("plan")) {
      printPlan(await planWorkflow(file, options), given.flag("json"));
      return 0;
    }
    return await run(file, options, given.flag("json"), args, () => begun = true);
  } catch (error) {
    if (error instanceof WorkflowError) {
      console.error(error.message);
      const count = error.diagnostics.length;
      console.error(`${count} error${count === 1 ? "" : "s"}; nothing was run`);
      return 2;
    }
    const known = isStorageFailure(error) ? storageError(error, "use", runsFolder) : error;
    if (!(known instanceof SetupError || known instanceof StorageError)) throw error;
    console.error(`error: ${known.message}`);
    return begun ? 1 : 2;
  }
}

async function readOptions(given: Arguments, runsFolder: string): Promise<RunOptions> {
  const choice = readDevice(given.text("device") ?? "auto");
  const concurrency = readCount(given, "concurrency");
  const deviceSlots = readCount(given, "device-slots");
  const [{ stages }, { deviceProvider }, { stageExecutor }] = await Promise.all([
    import("../stages/stages.ts"),
    import("../stages/device.ts"),
    import("../stages/executor.ts"),
  ]);
  return {
    stages,
    executor: await stageExecutor(),
    concurrency,
    deviceSlots,
    device: deviceProvider(choice),
    runsFolder,
    overrides: given.list("set"),
    only: given.text("only"),
    force: given.list("force"),
  };
}

function readCount(given: Arguments, name: string): number | undefined {
  const text = given.text(name);
  if (text === undefined) return undefined;
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1) return count;
  throw new UsageError(`--${name}: expected a whole number, 1 or more, got "${text}"`);
}

type GraphFormat = "mermaid" | "svg";

/** `--graph` may stand alone: what follows is its format only where it is the name of one. */
function withGraphFormat(args: readonly string[]): string[] {
  return args.flatMap((word, index) => {
    if (word === "--graph") return [`--graph=${formatNamed(args[index + 1]) ?? "mermaid"}`];
    return args[index - 1] === "--graph" && formatNamed(word) !== undefined ? [] : [word];
  });
}

function formatNamed(text: string | undefined): GraphFormat | undefined {
  return text === "mermaid" || text === "svg" ? text : undefined;
}

function readGraphFormat(given: Arguments): GraphFormat | undefined {
  const text = given.text("graph");
  if (text === undefined) return undefined;
  const format = formatNamed(text);
  if (format === undefined) throw new UsageError(`--graph: expected mermaid or svg, got "${text}"`);
  const other = ["json", "plan"].find((flag) => given.flag(flag));
  if (other !== undefined) throw new UsageError(`--graph prints a graph: leave --${other} out`);
  return format;
}

async function printGraph(file: string, options: RunOptions, format: GraphFormat): Promise<void> {
  const workflow = await loadWorkflow(file, options);
  const { stageGraph } = await import("../engine/stage_graph.ts");
  const graph = stageGraph(workflow);
  const text = format === "svg"
    ? (await import("../engine/graph_svg.ts")).graphSvg(workflow.name, graph)
    : (await import("../engine/mermaid.ts")).mermaid(graph);
  console.log(text.trimEnd());
}

function readDevice(text: string): DeviceChoice {
  if (text === "auto" || text === "gpu" || text === "software") return text;
  throw new UsageError(`--device: expected auto, gpu or software, got "${text}"`);
}

function printPlan(plan: readonly PlannedStage[], json: boolean): void {
  if (json) {
    for (const stage of plan) console.log(JSON.stringify({ type: "stage-planned", ...stage }));
    return;
  }
  const width = Math.max(...plan.map(({ instance }) => instance.length));
  for (const { instance, state, reason } of plan) {
    console.log(`${instance.padEnd(width)}  ${state.padEnd(7)}  ${reason}`);
  }
}

async function run(
  file: string,
  options: RunOptions,
  json: boolean,
  args: readonly string[],
  onBegin: () => void,
): Promise<number> {
  const screen = consoleScreen();
  using interrupt = new Interrupt();
  const { signal } = interrupt;
  let summary: RunSummary;
  let seconds = 0;
  if (json) {
    summary = await runWorkflow(file, {
      ...options,
      signal,
      listener: (event) => {
        onBegin();
        screen.out(`${JSON.stringify(event)}\n`);
        if (event.type === "log") screen.error(`${event.stage}: ${event.message}\n`);
      },
    });
  } else {
    using view = new View(screen);
    const listener = (event: EngineEvent) => {
      onBegin();
      if (event.type === "run-finished") seconds = event.seconds;
      view.show(event);
    };
    summary = await runWorkflow(file, { ...options, signal, listener });
  }
  if (!json) screen.out(`${closingLine(summary, seconds, options.runsFolder)}\n`);
  if (summary.status === "interrupted") {
    const command = args.map((word) => /^[\w./=:@,-]+$/.test(word) ? word : quoted(word));
    screen.error(
      `interrupted: finished stages are kept. To continue: deno task workflow ${
        command.join(" ")
      }\n`,
    );
  }
  return { done: 0, failed: 1, interrupted: 130, running: 1 }[summary.status];
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function closingLine(summary: RunSummary, seconds: number, runsFolder: string): string {
  const folder = join(runsFolder, summary.id);
  return `${summary.status} in ${duration(seconds)}: ${countStates(summary)} · ${folder}${
    reportIn(folder)
  }${logsOf(summary, folder)}`;
}

/** Where the whole of what went wrong is to be read. */
function logsOf({ stages }: RunSummary, folder: string): string {
  return stages.filter(({ state }) => state === "failed")
    .map(({ instance }) => join(folder, "stages", stageFolderName(instance), "log.txt"))
    .map((log) => `\nlog: ${log}`).join("");
}

function reportIn(folder: string): string {
  const page = join(folder, "report", "index.html");
  try {
    Deno.statSync(page);
    return `\nreport: ${page}`;
  } catch {
    return "";
  }
}

/** A terminal sends Ctrl-C to every process of the task at once, and `deno task` passes it on: one press. */
const SAME_PRESS_MILLISECONDS = 300;

/** The first Ctrl-C (or SIGTERM) aborts the signal, a second one ends the process. */
class Interrupt implements Disposable {
  readonly #controller = new AbortController();
  #pressed = -Infinity;

  constructor() {
    for (const name of ["SIGINT", "SIGTERM"] as const) {
      Deno.addSignalListener(name, this.#press);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    for (const name of ["SIGINT", "SIGTERM"] as const) {
      Deno.removeSignalListener(name, this.#press);
    }
  }

  readonly #press = (): void => {
    const now = performance.now();
    if (!this.signal.aborted) {
      this.#pressed = now;
      console.error("stopping; press Ctrl-C again to end at once");
      this.#controller.abort(new Error("interrupted"));
    } else if (now - this.#pressed > SAME_PRESS_MILLISECONDS) {
      Deno.exit(130);
    }
  };
}
