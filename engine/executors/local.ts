/**
 * Runs each stage in a process of its own on this machine, with the permissions it needs and no more:
 * a crash, a leak or a hang stays inside, and a stage that does not stop is killed.
 * @module
 */
import { join } from "node:path";
import type { ModulePermissions, StageModule } from "../module.ts";
import { isModulePath } from "../user_module.ts";
import type { StageInstance } from "../workflow.ts";
import { type Executor, reasonOf, type StageJob, StuckError } from "./executor.ts";
import { inline } from "./inline.ts";
import { encodeValues, EventTail, type JobFile, jobFiles, type ResultFile } from "./job_folder.ts";
import { permissionFlags } from "./permissions.ts";
import { Printed } from "./printed.ts";

/** The process's events are looked for this often. */
const POLL_MILLISECONDS = 50;

/** What the executor needs to know of the program it belongs to. */
export interface LocalOptions {
  /** The runtime that runs it: a path, or a name that the system finds. Default: the one that runs now. */
  readonly program?: string;
  /** The file that a stage's process runs; it calls {@link worker.ts}'s `work` with `stages`. */
  readonly entry: URL;
  /** The modules which that process knows by name. Others, made by the calling program, run in this process. */
  readonly stages: ReadonlyMap<string, StageModule>;
  /** What every stage's process may do beside its own needs. */
  readonly permissions: ModulePermissions;
}

/** The executor for a program that may start processes. */
export function local(options: LocalOptions): Executor {
  return {
    async execute(job: StageJob): Promise<void> {
      if (!isIsolated(job.instance, options.stages)) return await inline.execute(job);
      using process = new StageProcess(job, options);
      await process.end();
    },
  };
}

function isIsolated(
  { module, uses }: StageInstance,
  stages: ReadonlyMap<string, StageModule>,
): boolean {
  return module.isolated !== false && (isModulePath(uses) || stages.get(uses) === module);
}

/** One attempt's process. */
class StageProcess implements Disposable {
  readonly #job: StageJob;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #events: EventTail;
  readonly #printed: Printed;
  readonly #poll: ReturnType<typeof setInterval>;
  #killTimer: ReturnType<typeof setTimeout> | undefined;
  #killed = false;
  /** What the record of the run threw: the disk may be full. */
  #unrecorded: unknown;

  constructor(job: StageJob, options: LocalOptions) {
    this.#job = job;
    writeJob(job);
    this.#child = start(job, options);
    this.#input = this.#child.stdin.getWriter();
    this.#say(JSON.stringify(job.secrets.values()));
    this.#events = new EventTail(jobFiles(job.attemptFolder).events);
    this.#printed = new Printed(join(job.stageFolder, "log.txt"), job.secrets);
    this.#poll = setInterval(() => this.#pass(), POLL_MILLISECONDS);
    if (job.signal.aborted) this.#stop();
    else job.signal.addEventListener("abort", this.#stop, { once: true });
    // A stage that holds its thread does not notice that its engine is gone.
    globalThis.addEventListener("unload", this.#kill);
  }

  /** Waits for the process; throws where the stage did not return. */
  async end(): Promise<void> {
    const { signal, grace } = this.#job;
    const [status] = await Promise.all([
      this.#child.status,
      this.#keep(this.#child.stdout),
      this.#keep(this.#child.stderr),
    ]);
    this.#pass();
    if (this.#unrecorded !== undefined) throw this.#unrecorded;
    if (this.#killed) {
      const message = `${reasonOf(signal)}, and did not stop within ${grace / 1000} s of being ` +
        "asked to (a stage must look at context.signal): its process was killed";
      throw new StuckError(message, true);
    }
    signal.throwIfAborted();
    const result = readResult(this.#job);
    if (result === undefined) throw new Error(this.#lastWords(status));
    if (result.error !== null) {
      const error = new Error(result.error.message);
      error.stack = result.error.stack;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#poll);
    clearTimeout(this.#killTimer);
    this.#job.signal.removeEventListener("abort", this.#stop);
    globalThis.removeEventListener("unload", this.#kill);
    this.#input.close().catch(() => {});
  }

  #pass(): void {
    if (this.#unrecorded !== undefined) return;
    try {
      for (const event of this.#events.read()) this.#job.report(event);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Keeps what it prints, to the end. */
  async #keep(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    try {
      await this.#printed.take(stream);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #giveUp(error: unknown): void {
    this.#unrecorded ??= error;
    this.#kill();
  }

  readonly #kill = (): void => kill(this.#child);

  readonly #stop = (): void => {
    const { signal, grace } = this.#job;
    this.#say(reasonOf(signal).replaceAll("\n", " "));
    this.#killTimer = setTimeout(() => {
      this.#killed = true;
      this.#kill();
    }, grace);
  };

  /** A process that has ended hears nothing; how it ended is told elsewhere. */
  #say(line: string): void {
    this.#input.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
  }

  #lastWords({ code, signal }: Deno.CommandStatus): string {
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    const hint = signal === "SIGKILL" ? " (the system kills what takes too much memory)" : "";
    const last = this.#printed.last();
    return `the stage's process ended with ${how}${hint} before the stage did${
      last === "" ? "" : `; it last printed: ${last}`
    }`;
  }
}

function writeJob({ instance, values, stageFolder, attemptFolder, device }: StageJob): void {
  const files = jobFiles(attemptFolder);
  Deno.mkdirSync(attemptFolder, { recursive: true });
  const job: JobFile = {
    instance: instance.name,
    uses: instance.uses,
    url: isModulePath(instance.uses) ? instance.url : null,
    seed: instance.seed,
    device,
    stageFolder,
    values: encodeValues(values),
  };
  Deno.writeTextFileSync(files.job, `${JSON.stringify(job, null, 2)}\n`);
}

function start(job: StageJob, options: LocalOptions): Deno.ChildProcess {
  const flags = permissionFlags(job, options.permissions);
  try {
    return new Deno.Command(options.program ?? Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        ...flags,
        options.entry.href,
        job.attemptFolder,
      ],
      // Its errors are read by a program before a person sees them.
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`no process could be started for the stage: ${reason}`, { cause });
  }
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It may have ended by itself in this very moment.
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function readResult({ attemptFolder }: StageJob): ResultFile | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(jobFiles(attemptFolder).result));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
