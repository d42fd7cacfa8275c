/**
 * What the device says of the work it was given: error scopes around it, errors outside of any, and
 * the loss of the device. All of it arrives later than the call it is about.
 * @module
 */
import { DeviceLostError, GpuError, OutOfMemoryError } from "./errors.ts";

/** Rejected work may be the first sign of a lost device; the loss itself is told within this time. */
const LOSS_MS = 100;

function asError(what: string, error: GPUError): GpuError {
  const message = what === "" ? error.message : `${what}: ${error.message}`;
  return error instanceof GPUOutOfMemoryError
    ? new OutOfMemoryError(message)
    : new GpuError(message);
}

/** The verdicts on one device's work. A device that has failed stays failed. */
export class Verdicts {
  readonly #gpu: GPUDevice;
  readonly #waiting = new Set<(error: Error) => void>();
  #pending: Promise<void>[] = [];
  #failure: Error | undefined;
  /** Set beside what scopes say, which come later but know the name of what failed. */
  #uncaptured: Error | undefined;
  #lost: DeviceLostError | undefined;

  /** Listens to the device from now on. */
  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
    gpu.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.#uncaptured ??= asError("", (event as GPUUncapturedErrorEvent).error);
    });
    gpu.lost.then(({ reason, message }) =>
      this.lose(`the device was lost (${reason}: ${message || "no reason given"})`)
    );
  }

  /**
   * Runs what may fail on the device inside error scopes; `what` names it in the error that the next
   * {@linkcode raise} throws.
   */
  guard<T>(what: string, run: () => T): T {
    this.#gpu.pushErrorScope("out-of-memory");
    this.#gpu.pushErrorScope("validation");
    try {
      return run();
    } finally {
      const scopes = Promise.all([this.#gpu.popErrorScope(), this.#gpu.popErrorScope()]);
      this.#pending.push(
        scopes.then(([invalid, memory]) => {
          const error = memory ?? invalid;
          if (error !== null) this.#failure ??= asError(what, error);
        }).catch((error: Error) => {
          this.#failure ??= new GpuError(`${what}: ${error.message}`, { cause: error });
        }),
      );
    }
  }

  /** Waits for the verdicts on all work so far. Throws the first that is an error. */
  async raise(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    await this.untilLost(Promise.all(pending));
    const failure = this.#failure ?? this.#uncaptured;
    if (failure !== undefined) throw failure;
  }

  /** `work`, or a DeviceLostError as soon as the device is lost: work may then never end. */
  async untilLost<T>(work: Promise<T>): Promise<T> {
    if (this.#lost !== undefined) throw this.#lost;
    let giveUp: (error: Error) => void = () => {};
    const loss = new Promise<never>((_, reject) => giveUp = reject);
    this.#waiting.add(giveUp);
    try {
      return await Promise.race([work, loss]);
    } finally {
      this.#waiting.delete(giveUp);
    }
  }

  /** Why `error` came: the device's loss or an earlier failure, or else what `otherwise` makes of it. */
  async explain(error: Error, otherwise: (message: string) => GpuError): Promise<Error> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((resolve) => timer = setTimeout(resolve, LOSS_MS));
    await Promise.race([this.#gpu.lost, late]);
    clearTimeout(timer);
    return this.#lost ?? this.#failure ?? this.#uncaptured ?? otherwise(error.message);
  }

  /** All that waits, and all that will, is rejected for this reason. */
  lose(reason: string): void {
    if (this.#lost !== undefined) return;
    const earlier = this.#failure ?? this.#uncaptured;
    const after = earlier === undefined ? "" : `, after another error (${earlier.message})`;
    this.#lost = new DeviceLostError(
      `${reason}${after}; what was on it is gone: request a new device, and load the model and the ` +
        `optimiser's state again`,
      { cause: earlier },
    );
    for (const giveUp of this.#waiting) giveUp(this.#lost);
  }
}
