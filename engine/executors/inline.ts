/**
 * Runs stages in this process: no start-up time, but a crash, a leak or a hang is everybody's.
 * @module
 */
import { RecordingContext } from "../stage_context.ts";
import { parseInput } from "../inputs.ts";
import { type Executor, reasonOf, type StageJob, StuckError } from "./executor.ts";

/** The executor for stages that are quick and trusted, and for programs that may not start others. */
export const inline: Executor = {
  async execute(job: StageJob): Promise<void> {
    const { instance, values, secrets, signal, grace } = job;
    const input = parseInput(instance.module, values, secrets);
    const context = new RecordingContext(job);
    try {
      await settleOrStop(instance.module.run(input, context), signal, grace);
      // A stage may return early when asked to stop: what it left is not a result.
      signal.throwIfAborted();
    } finally {
      context.close();
    }
  },
};

/** The work's own end; or, once aborted and the grace is over, a {@linkcode StuckError}. */
async function settleOrStop(
  work: Promise<void>,
  signal: AbortSignal,
  grace: number,
): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const giveUp = () => {
    timer = setTimeout(() => {
      const message = `${reasonOf(signal)}, and did not stop within ${grace / 1000} s of being ` +
        "asked to (a stage must look at context.signal)";
      reject(new StuckError(message, false));
    }, grace);
  };
  if (signal.aborted) giveUp();
  else signal.addEventListener("abort", giveUp, { once: true });
  try {
    await Promise.race([work, promise]);
  } catch (error) {
    // What a stage throws when it is stopped says less than why it was.
    if (signal.aborted && !(error instanceof StuckError)) throw signal.reason;
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}
