/**
 * A run for people: plain lines in a pipe, bars that move in place on a terminal.
 * @module
 */
import type { EngineEvent, StageMetric } from "../engine/events.ts";
import { ProgressMeter } from "./progress.ts";
import { duration, quantity } from "./words.ts";

/** Where a view writes; tests give their own. */
export interface Screen {
  /** Standard output. */
  out(text: string): void;
  /** Standard error: logs. */
  error(text: string): void;
  /** Columns of the terminal; undefined where standard output is none. */
  readonly columns: number | undefined;
  /** Milliseconds. */
  now(): number;
}

/** Milliseconds between a stage's progress lines in a pipe. */
const LINE_MILLISECONDS = 5000;
/** A running stage of which nothing is heard for this long is told of, and again each time. */
const QUIET_MILLISECONDS = 5 * 60_000;
const BAR_WIDTH = 24;

/** Shows events as they come. Stages run one at a time, so one line moves. */
export class View implements Disposable {
  #stage: string | undefined;
  #meter: ProgressMeter | undefined;
  #metric = "";
  #shown = false;
  #lastLine = 0;
  #lastHeard = 0;
  #toldQuiet = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  /** Shows events on the screen; dispose it to stop. */
  constructor(readonly screen: Screen) {
    this.#timer = setInterval(() => this.look(), 500);
  }

  /** Moves what moves, and tells of a stage of which nothing was heard; called by a timer. */
  look(): void {
    this.#draw();
    const quiet = Math.floor((this.screen.now() - this.#lastHeard) / QUIET_MILLISECONDS);
    if (this.#stage === undefined || quiet <= this.#toldQuiet) return;
    this.#toldQuiet = quiet;
    const minutes = quiet * QUIET_MILLISECONDS / 60_000;
    this.#log(
      this.#stage,
      `has reported nothing for ${minutes} min, and goes on. Ctrl-C ends it; the same command continues, and \`timeout\` in the workflow limits it`,
      true,
    );
  }

  /** Takes in an event. */
  readonly show = (event: EngineEvent): void => {
    const now = this.screen.now();
    this.#lastHeard = now;
    this.#toldQuiet = 0;
    switch (event.type) {
      case "run-started":
        return this.#line(`run ${event.run} (${event.file})`);
      case "stage-started":
        this.#stage = event.stage;
        this.#meter = new ProgressMeter(now);
        this.#metric = "";
        this.#lastLine = now;
        if (this.screen.columns !== undefined) return this.#draw();
        return this.#line(`${event.stage}: running (${event.reason})`);
      case "progress":
        this.#meter?.update(event, now);
        return this.#progress(now);
      case "metric":
        this.#metric = firstMetric(event);
        return;
      case "log":
        return this.#log(event.stage, event.message, event.level === "warning");
      case "stage-retried":
        // Until then nothing is to be heard.
        this.#lastHeard = now + 1000 * event.waitSeconds;
        return this.#log(
          event.stage,
          `attempt ${event.attempt} of ${event.attempts} failed: ${event.message}; the next in ${
            duration(event.waitSeconds)
          }`,
          true,
        );
      default:
        return this.#ending(event);
    }
  };

  /** Stops what moves. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #ending(event: EngineEvent): void {
    if (event.type === "stage-planned" || event.type === "gauge") return;
    if (event.type !== "run-finished") this.#stage = undefined;
    switch (event.type) {
      case "stage-finished":
        return this.#line(`${event.stage}: done in ${duration(event.seconds)}${this.#metric}`);
      case "stage-cached":
        return this.#line(`${event.stage}: cached (${event.reason})`);
      case "stage-skipped":
        return this.#line(`${event.stage}: skipped (${event.reason})`);
      case "stage-failed":
        return this.#line(
          event.state === "interrupted"
            ? `${event.stage}: interrupted`
            : `${event.stage}: failed: ${event.message}`,
        );
    }
  }

  #progress(now: number): void {
    if (this.screen.columns !== undefined) return this.#draw();
    if (this.#meter === undefined || now - this.#lastLine < LINE_MILLISECONDS) return;
    this.#lastLine = now;
    const percent = Math.floor(100 * (this.#meter.share ?? 0));
    this.#line(`${this.#stage}: ${percent}% ${this.#meter.describe(now)}${this.#metric}`);
  }

  /** The line that moves. */
  #draw(): void {
    const { columns } = this.screen;
    if (columns === undefined || this.#stage === undefined || this.#meter === undefined) return;
    const { share } = this.#meter;
    const full = Math.round((share ?? 0) * BAR_WIDTH);
    const bar = "█".repeat(full) + "░".repeat(BAR_WIDTH - full);
    const percent = share === undefined ? "    " : `${Math.floor(100 * share)}%`.padStart(4);
    const text = `${this.#stage}  ${bar} ${percent}  ${
      this.#meter.describe(this.screen.now())
    }${this.#metric}`;
    this.screen.out(`\r\x1b[K${text.slice(0, columns - 1)}`);
    this.#shown = true;
  }

  #line(text: string): void {
    this.#clear();
    this.screen.out(`${text}\n`);
    this.#draw();
  }

  #log(stage: string, message: string, isWarning: boolean): void {
    this.#clear();
    this.screen.error(`${isWarning ? "warning: " : ""}${stage}: ${message}\n`);
    this.#draw();
  }

  #clear(): void {
    if (this.#shown) this.screen.out("\r\x1b[K");
    this.#shown = false;
  }
}

/** `, loss 1.23`: the first of a step's values stands for the others. */
function firstMetric({ values }: StageMetric): string {
  const [first] = Object.entries(values);
  if (first === undefined || first[1] === null) return "";
  return `, ${first[0]} ${quantity(first[1])}`;
}

/** The process's own standard output and error. */
export function consoleScreen(): Screen {
  const encoder = new TextEncoder();
  const isTerminal = Deno.stdout.isTerminal();
  return {
    out: (text) => writeAll(Deno.stdout, encoder.encode(text)),
    error: (text) => writeAll(Deno.stderr, encoder.encode(text)),
    get columns() {
      return isTerminal ? Deno.consoleSize().columns : undefined;
    },
    now: () => performance.now(),
  };
}

/** Whoever read along may be gone (`| head`): the run goes on, its record is on disk. */
function writeAll(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  try {
    for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
