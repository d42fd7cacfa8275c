/**
 * What a stage reports while it runs, and where it leaves its outputs.
 * @module
 */
import { join } from "node:path";
import { FolderCheckpoints } from "./checkpoints.ts";
import { suggest } from "./diagnostics.ts";
import type { EventBody } from "./events.ts";
import { jobFiles } from "./executors/job_folder.ts";
import { checkpointsFolder, metricsFile } from "./layout.ts";
import type { Checkpoints, DeviceChoice, StageContext } from "./module.ts";
import type { Secrets } from "./secrets.ts";
import type { StageInstance } from "./workflow.ts";

/** Progress and gauges of a stage become events at most this often. */
const THROTTLE_MILLISECONDS = 500;
/** Characters of log lines that an attempt can leave. */
const MOST_LOGGED = 2 ** 20;
/** Characters of a line that are kept. */
const LONGEST_LINE = 10_000;

/** What one attempt is given. */
export interface AttemptPlace {
  /** The instance that runs. */
  readonly instance: Pick<StageInstance, "name" | "seed" | "module">;
  /** The instance's folder in the run: `log.txt`, `metrics.jsonl` and `checkpoints/` go here. */
  readonly stageFolder: string;
  /** The attempt's own folder, removed once its outputs are committed. */
  readonly attemptFolder: string;
  /** What `--device` said. */
  readonly device: DeviceChoice;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
  /** What no log may show. */
  readonly secrets: Secrets;
  /** Gets the events. */
  readonly report: (event: EventBody) => void;
}

/** A {@linkcode StageContext} that writes into the run's record. */
export class RecordingContext implements StageContext {
  /** Name of the instance. */
  readonly instance: string;
  /** The instance's seed. */
  readonly seed: number;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
  /** What `--device` said. */
  readonly device: DeviceChoice;
  /** What was saved of this same work, and where to save more. */
  readonly checkpoints: Checkpoints;
  readonly #place: AttemptPlace;
  readonly #log: Deno.FsFile;
  readonly #metrics: Deno.FsFile;
  readonly #progress: Throttle;
  readonly #gauge: Throttle;
  #logged = 0;
  #closed = false;

  /** Makes the attempt's folders; metrics of an earlier attempt are dropped, its log is kept. */
  constructor(place: AttemptPlace) {
    this.#place = place;
    this.instance = place.instance.name;
    this.seed = place.instance.seed;
    this.signal = place.signal;
    this.device = place.device;
    Deno.mkdirSync(jobFiles(place.attemptFolder).outputs, { recursive: true });
    this.#log = Deno.openSync(join(place.stageFolder, "log.txt"), {
      create: true,
      append: true,
    });
    this.#metrics = Deno.openSync(this.metricsFile, {
      create: true,
      write: true,
      truncate: true,
    });
    this.#progress = new Throttle(place.report);
    this.#gauge = new Throttle(place.report);
    this.checkpoints = new FolderCheckpoints({
      folder: checkpointsFolder(place.stageFolder),
      metrics: this.metricsFile,
      setMetrics: (lines) => this.#setMetrics(lines),
      warn: (message) => this.#write(message, "warning"),
      requireOpen: () => this.#requireOpen(),
    });
  }

  /** The attempt's folder for whatever the stage wants to keep while it runs; made when asked for. */
  get folder(): string {
    const { work } = jobFiles(this.#place.attemptFolder);
    Deno.mkdirSync(work, { recursive: true });
    return work;
  }

  /** Where the metrics are written. */
  get metricsFile(): string {
    return metricsFile(this.#place.stageFolder);
  }

  /** Path at which the stage must leave that output. Throws for one it does not declare. */
  output(name: string): string {
    const { outputs } = this.#place.instance.module;
    if (Object.hasOwn(outputs, name)) {
      return join(jobFiles(this.#place.attemptFolder).outputs, name);
    }
    throw new Error(
      `the stage declares no output "${name}"${suggest(name, Object.keys(outputs))}`,
    );
  }

  /** A line in the stage's log. */
  log(message: string): void {
    if (this.#closed || this.#logged > MOST_LOGGED) return;
    // Masked first: half a secret would not be known as one.
    const text = this.#place.secrets.mask(message).slice(0, LONGEST_LINE);
    this.#logged += text.length + 1;
    this.#write(text, "info");
    if (this.#logged > MOST_LOGGED) {
      this.#write("the stage has logged too much: the rest is not kept", "warning");
    }
  }

  #write(message: string, level: "info" | "warning"): void {
    writeLine(this.#log, `${new Date().toISOString()} ${this.#place.secrets.mask(message)}`);
    this.#place.report({ type: "log", stage: this.instance, level, message });
  }

  /** Work done so far, of how much. */
  progress(done: number, total: number, unit: string): void {
    if (this.#closed) return;
    this.#progress.offer({
      type: "progress",
      stage: this.instance,
      done,
      total,
      unit,
    }, done >= total);
  }

  /** Values of one step: an event and a line of the `metrics` output. */
  metric(step: number, values: Readonly<Record<string, number>>): void {
    if (this.#closed) return;
    const finite = finiteOnly(values);
    const line = this.#place.secrets.maskAll({ step, values: finite });
    writeLine(this.#metrics, JSON.stringify(line));
    this.#place.report({
      type: "metric",
      stage: this.instance,
      step,
      values: finite,
    });
  }

  #setMetrics(lines: Uint8Array): void {
    this.#requireOpen();
    this.#metrics.truncateSync();
    this.#metrics.seekSync(0, Deno.SeekMode.Start);
    write(this.#metrics, lines);
  }

  #requireOpen(): void {
    if (this.#closed) throw new Error("the attempt is over: no checkpoint can be used any more");
  }

  /** Readings that differ from run to run. */
  gauge(values: Readonly<Record<string, number>>): void {
    if (this.#closed) return;
    this.#gauge.offer({
      type: "gauge",
      stage: this.instance,
      values: finiteOnly(values),
    }, false);
  }

  /** Ends the attempt: what a stage that does not stop still reports is dropped. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#progress.flush();
    this.#gauge.flush();
    this.#log.close();
    this.#metrics.close();
  }
}

/** Lets an event through every so often, and keeps the newest of the others. */
class Throttle {
  #last = -Infinity;
  #kept: EventBody | undefined;

  constructor(readonly report: (event: EventBody) => void) {}

  offer(event: EventBody, isLast: boolean): void {
    const now = performance.now();
    if (!isLast && now - this.#last < THROTTLE_MILLISECONDS) {
      this.#kept = event;
      return;
    }
    this.#last = now;
    this.#kept = undefined;
    this.report(event);
  }

  flush(): void {
    if (this.#kept !== undefined) this.report(this.#kept);
    this.#kept = undefined;
  }
}

/** JSON has no NaN and no infinity. */
function finiteOnly(
  values: Readonly<Record<string, number>>,
): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(values).map((
      [name, value],
    ) => [name, Number.isFinite(value) ? value : null]),
  );
}

function writeLine(file: Deno.FsFile, text: string): void {
  write(file, new TextEncoder().encode(`${text}\n`));
}

function write(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
