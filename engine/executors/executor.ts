/**
 * Where a stage's code runs.
 *
 * - this file: the contract of every executor
 * - `inline.ts` this process
 * - `local.ts` a process of the stage's own on this machine; `worker.ts` is what runs there
 * - `job_folder.ts` the files by which the two talk; `permissions.ts` what such a process may do
 *
 * An executor runs one attempt. Not here: retries and timeouts (../attempts.ts), what is committed
 * (../run.ts). `tests/engine/executor_contract.ts` is the suite that every executor passes.
 * @module
 */
import type { EventBody } from "../events.ts";
import type { DeviceChoice } from "../module.ts";
import type { Secrets } from "../secrets.ts";
import type { StageInstance } from "../workflow.ts";

/** One attempt of one stage instance. */
export interface StageJob {
  /** What runs. */
  readonly instance: StageInstance;
  /** Values of `with`: artifacts in place, secrets still as placeholders. */
  readonly values: unknown;
  /** The instance's folder in the run: `log.txt`, `metrics.jsonl` and `checkpoints/` are written here. */
  readonly stageFolder: string;
  /** The attempt's own folder: outputs are left in `outputs/`. */
  readonly attemptFolder: string;
  /** What `--device` said. */
  readonly device: DeviceChoice;
  /** Values of the placeholders; nothing of them may be written anywhere. */
  readonly secrets: Secrets;
  /** Aborted on Ctrl-C, timeout or cancel; its reason says which. */
  readonly signal: AbortSignal;
  /** Milliseconds that the stage gets to stop once the signal is aborted. */
  readonly grace: number;
  /** Gets the attempt's events, in the order in which they happened. */
  readonly report: (event: EventBody) => void;
}

/** Runs jobs. */
export interface Executor {
  /**
   * Resolves once the stage has returned: all its events were reported, and nothing of it runs any more.
   * Rejects with what the stage threw, with the signal's reason where it was stopped, or with a
   * {@linkcode StuckError} where it did not stop in time.
   */
  execute(job: StageJob): Promise<void>;
}

/** A stage went on although it was asked to stop. */
export class StuckError extends Error {
  /** The class's name, for messages. */
  override readonly name = "StuckError";

  /** Creates one. */
  constructor(
    message: string,
    /** True where it was ended by force; false where it may still be running. */
    readonly killed: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Why an attempt was stopped, in words. */
export function reasonOf(signal: AbortSignal): string {
  const { reason } = signal;
  return reason instanceof Error ? reason.message : String(reason);
}
