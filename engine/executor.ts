/**
 * Executors: where a stage's code runs. `local` is this process.
 * @module
 */
import type { StageContext, StageModule } from "./module.ts";

/** One attempt of one stage instance. */
export interface StageJob {
  /** The module that does the work. */
  readonly module: StageModule;
  /** Its input, artifacts in place. */
  readonly input: unknown;
  /** Where it reports and leaves its outputs. */
  readonly context: StageContext;
}

/** Runs jobs. */
export interface Executor {
  /** Resolves once the job has written its outputs; rejects where it failed or was aborted. */
  execute(job: StageJob): Promise<void>;
}

/** Runs jobs in this process. */
export const local: Executor = {
  async execute({ module, input, context }) {
    await module.run(input, context);
  },
};
