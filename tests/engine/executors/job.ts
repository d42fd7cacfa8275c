/**
 * Jobs for the probe, in a folder of a test's own.
 * @module
 */
import { join } from "node:path";
import type { EventBody } from "../../../engine/events.ts";
import type { StageJob } from "../../../engine/executors/executor.ts";
import { Secrets } from "../../../engine/secrets.ts";
import type { StageModule } from "../../../engine/module.ts";
import { type Act, probe } from "./probe.ts";

/** A job, and what it reported. */
export class TestJob implements AsyncDisposable {
  readonly events: EventBody[] = [];
  readonly controller = new AbortController();
  readonly secrets: Record<string, string> = {};
  module = probe as StageModule;
  uses = "probe";
  grace = 300;
  #onEvent: ((event: EventBody) => void) | undefined;

  private constructor(readonly folder: string, readonly act: Act, readonly values: object) {}

  static async of(act: Act, values: object = {}): Promise<TestJob> {
    return new TestJob(await Deno.makeTempDir({ prefix: "job-" }), act, values);
  }

  get job(): StageJob {
    const stageFolder = join(this.folder, "stage");
    Deno.mkdirSync(stageFolder, { recursive: true });
    const values = { act: this.act, ...this.values };
    return {
      instance: {
        name: "probe (n=1)",
        stage: "probe",
        module: this.module,
        uses: this.uses,
        url: new URL("./probe.ts", import.meta.url).href,
        values,
        input: {},
        reads: [],
        needs: [],
        seed: 42,
        gates: [],
        retry: { attempts: 1, delay: 0, maxDelay: 0 },
        timeout: undefined,
        cache: true,
        continueOnError: false,
        tolerated: false,
      },
      values,
      stageFolder,
      attemptFolder: join(stageFolder, "attempt-1"),
      device: "software",
      secrets: new Secrets(new Map(Object.entries(this.secrets))),
      signal: this.controller.signal,
      grace: this.grace,
      report: (event) => {
        this.events.push(event);
        this.#onEvent?.(event);
      },
    };
  }

  /** Aborts once the stage has logged that text. */
  abortOnLog(text: string, reason: string): void {
    this.#onEvent = (event) => {
      if (event.type === "log" && event.message === text) {
        this.controller.abort(new Error(reason));
      }
    };
  }

  get log(): string {
    return Deno.readTextFileSync(join(this.folder, "stage", "log.txt"));
  }

  get left(): string {
    return Deno.readTextFileSync(join(this.folder, "stage", "attempt-1", "outputs", "left"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
