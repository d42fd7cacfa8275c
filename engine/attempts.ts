/**
 * One instance's attempts: retry, timeout, abort.
 * @module
 */
import { join } from "node:path";
import type { EventBody } from "./events.ts";
import { type Executor, StuckError } from "./executors/executor.ts";
import { jobFiles } from "./executors/job_folder.ts";
import { metricsFile } from "./layout.ts";
import type { DeviceChoice } from "./module.ts";
import type { Secrets } from "./secrets.ts";
import { messageOf } from "./storage_error.ts";
import type { Retry, StageInstance } from "./workflow.ts";

/** What to attempt. */
export interface AttemptOptions {
  /** The instance. */
  readonly instance: StageInstance;
  /** Values of its `with`, artifacts in place. */
  readonly values: unknown;
  /** Why it runs, for the record. */
  readonly reason: string;
  /** The instance's folder in the run. */
  readonly stageFolder: string;
  /** Where its code runs. */
  readonly executor: Executor;
  /** What `--device` said. */
  readonly device: DeviceChoice;
  /** Aborts the run. */
  readonly signal: AbortSignal;
  /** What no log may show. */
  readonly secrets: Secrets;
  /** Gets the events. */
  readonly report: (event: EventBody) => void;
  /** Milliseconds that a stage gets to stop once it is asked to. */
  readonly grace: number;
}

/** What an attempt that succeeded left. */
export interface AttemptResult {
  /** Output name → path of the file or folder. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Folder to remove once the outputs are committed. */
  readonly folder: string;
  /** Wall time of the attempt. */
  readonly seconds: number;
}

/** An instance that did not succeed. */
export class StageFailure extends Error {
  /** Creates one. */
  constructor(
    message: string,
    /** Attempts that were made. */
    readonly attempts: number,
    /** True where the run was aborted, false where the stage failed. */
    readonly interrupted: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Tries until an attempt succeeds. Throws a {@linkcode StageFailure} after the last one, or on abort. */
export async function runAttempts(
  options: AttemptOptions,
): Promise<AttemptResult> {
  const { instance, signal, report, reason } = options;
  const { attempts } = instance.retry;
  for (let attempt = 1;; attempt++) {
    report({
      type: "stage-started",
      stage: instance.name,
      uses: instance.uses,
      reason,
      attempt,
    });
    try {
      return await runAttempt(options, attempt);
    } catch (error) {
      const message = messageOf(error);
      if (signal.aborted) {
        throw new StageFailure("interrupted", attempt, true, { cause: error });
      }
      // What may still be running must not run twice.
      const goesOn = error instanceof StuckError && !error.killed;
      if (attempt >= attempts || goesOn) {
        throw new StageFailure(message, attempt, false, { cause: error });
      }
      const seconds = waitBefore(attempt + 1, instance.retry, Math.random());
      report({
        type: "stage-retried",
        stage: instance.name,
        attempt,
        attempts,
        message,
        waitSeconds: seconds,
      });
      await sleep(seconds, signal);
      if (signal.aborted) throw new StageFailure("interrupted", attempt, true, { cause: error });
    }
  }
}

/**
 * Seconds to wait before an attempt, the second one or later: twice as long each time up to the
 * maximum, less up to half of it, so that runs which failed together do not come back together.
 * `chance` is from 0 to 1.
 */
export function waitBefore(attempt: number, { delay, maxDelay }: Retry, chance: number): number {
  return Math.min(maxDelay, delay * 2 ** (attempt - 2)) * (1 - chance / 2);
}

/** Resolves after that time, or once the signal is aborted. */
async function sleep(seconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, seconds * 1000);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}

async function runAttempt(
  options: AttemptOptions,
  attempt: number,
): Promise<AttemptResult> {
  const { instance, stageFolder, signal } = options;
  const folder = join(stageFolder, `attempt-${attempt}`);
  using deadline = new Deadline(instance.timeout);
  const began = performance.now();
  await options.executor.execute({
    ...options,
    attemptFolder: folder,
    signal: AbortSignal.any([signal, deadline.signal]),
  });
  const seconds = (performance.now() - began) / 1000;
  const outputs = await collectOutputs(instance, stageFolder, folder);
  return { outputs, folder, seconds };
}

async function collectOutputs(
  instance: StageInstance,
  stageFolder: string,
  folder: string,
): Promise<Record<string, string>> {
  const left = jobFiles(folder).outputs;
  const outputs: Record<string, string> = {};
  for (const name of Object.keys(instance.module.outputs)) {
    outputs[name] = join(left, name);
    const exists = await Deno.lstat(outputs[name])
      .then(() => true, () => false);
    if (exists) continue;
    throw new Error(
      `the stage returned without writing its output "${name}" (expected a file or folder at context.output("${name}"))`,
    );
  }
  // The run keeps its own copy; the committed one is moved into the store.
  const metrics = join(left, "metrics");
  await Deno.copyFile(metricsFile(stageFolder), metrics);
  return { ...outputs, metrics };
}

/** Aborts after that many seconds; leaves no timer behind. */
class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(seconds: number | undefined) {
    if (seconds === undefined) return;
    this.#timer = setTimeout(() => {
      this.#controller.abort(
        new Error(`took longer than its timeout of ${seconds} s`),
      );
    }, seconds * 1000);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
