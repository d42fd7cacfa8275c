/**
 * Writes a run's record while it goes on: `run.json`, `events.jsonl`, and the link `latest`.
 * @module
 */
import { join } from "node:path";
import { ENGINE_FORMAT } from "./cache_key.ts";
import type { EngineEvent, EventBody } from "./events.ts";
import type { RunRecord } from "./history.ts";
import { type RunFiles, runFiles } from "./layout.ts";
import type { Decision } from "./plan.ts";
import type { Secrets } from "./secrets.ts";
import type { RunStatus, RunSummary, StageSummary } from "./summary.ts";
import type { Workflow } from "./workflow.ts";

/** `run.json` is written at least this often while the run goes on. */
const HEARTBEAT_MILLISECONDS = 5000;
/** And because of progress at most this often. */
const PROGRESS_MILLISECONDS = 1000;

/** What a record begins with. */
export interface RecordStart {
  /** Folder of all runs. */
  readonly runsFolder: string;
  /** What runs. */
  readonly workflow: Workflow;
  /** The plan, in order. */
  readonly decisions: readonly Decision[];
  /** Adapter the run computes on; empty when nothing needs one. */
  readonly device: Readonly<Record<string, string>>;
  /** What no record may show. */
  readonly secrets: Secrets;
  /** Told of every event. */
  readonly listener: ((event: EngineEvent) => void) | undefined;
}

/** The record of one run. Everything it is told goes to `events.jsonl` at once. */
export class RunRecorder {
  readonly #start: RecordStart;
  readonly #files: RunFiles;
  readonly #lock: Deno.FsFile;
  readonly #events: Deno.FsFile;
  readonly #stages: Map<string, StageSummary>;
  readonly #startedAt = new Date();
  readonly #heartbeat: ReturnType<typeof setInterval>;
  #status: RunStatus = "running";
  #endedAt: string | null = null;
  #written = 0;

  private constructor(readonly id: string, start: RecordStart) {
    this.#start = start;
    this.#files = runFiles(start.runsFolder, id);
    Deno.mkdirSync(this.#files.stages, { recursive: true });
    this.#lock = Deno.openSync(this.#files.lock, { create: true, write: true });
    this.#lock.lockSync(true);
    this.#events = Deno.openSync(this.#files.events, {
      create: true,
      append: true,
    });
    this.#stages = new Map(start.decisions.map(waiting));
    this.#heartbeat = setInterval(() => this.#write(), HEARTBEAT_MILLISECONDS);
  }

  /** Makes the run's folder, points `latest` to it and reports the plan. */
  static begin(start: RecordStart): RunRecorder {
    const { workflow, device } = start;
    const recorder = new RunRecorder(newRunId(workflow.name), start);
    recorder.#write();
    recorder.#link();
    recorder.emit({
      type: "run-started",
      workflow: workflow.name,
      file: workflow.file,
      seed: workflow.seed,
      device,
    });
    for (const { instance, state, reason } of start.decisions) {
      recorder.emit({
        type: "stage-planned",
        stage: instance.name,
        uses: instance.uses,
        state,
        reason,
      });
    }
    return recorder;
  }

  /** The run's own folder. */
  get folder(): string {
    return this.#files.folder;
  }

  /** Folder of all of the run's stage instances. */
  get stagesFolder(): string {
    return this.#files.stages;
  }

  /** The run so far. */
  get summary(): RunSummary {
    const { workflow, device } = this.#start;
    return {
      id: this.id,
      workflow: workflow.name,
      file: workflow.file,
      status: this.#status,
      seed: workflow.seed,
      startedAt: this.#startedAt.toISOString(),
      endedAt: this.#endedAt,
      device,
      stages: [...this.#stages.values()],
    };
  }

  /** Records an event, and what follows from it for the summary. */
  emit(body: EventBody): void {
    const time = new Date().toISOString();
    const event = { time, run: this.id, ...this.#start.secrets.maskAll(body) } as EngineEvent;
    this.#events.writeSync(
      new TextEncoder().encode(`${JSON.stringify(event)}\n`),
    );
    this.#follow(event);
    this.#start.listener?.(event);
  }

  /** Ends the record. */
  finish(status: Exclude<RunStatus, "running">): void {
    this.#status = status;
    this.#endedAt = new Date().toISOString();
    const seconds = (Date.now() - this.#startedAt.getTime()) / 1000;
    this.emit({ type: "run-finished", status, seconds });
    clearInterval(this.#heartbeat);
    this.#events.close();
    this.#lock.close();
  }

  #follow(event: EngineEvent): void {
    if (!("stage" in event)) {
      this.#write();
      return;
    }
    const stage = this.#stages.get(event.stage);
    const change = changeOf(event);
    if (stage === undefined || change === undefined) return;
    this.#stages.set(event.stage, { ...stage, ...change });
    const isProgress = event.type === "progress";
    if (!isProgress || Date.now() - this.#written > PROGRESS_MILLISECONDS) {
      this.#write();
    }
  }

  #write(): void {
    const { workflow } = this.#start;
    this.#written = Date.now();
    const record: RunRecord = {
      ...this.summary,
      text: workflow.text,
      included: workflow.included,
      overrides: workflow.overrides,
      versions: { engine: String(ENGINE_FORMAT), ...Deno.version },
      pid: Deno.pid,
      heartbeat: new Date().toISOString(),
    };
    const draft = `${this.#files.record}.tmp`;
    const masked = this.#start.secrets.maskAll(record);
    Deno.writeTextFileSync(draft, `${JSON.stringify(masked, null, 2)}\n`);
    Deno.renameSync(draft, this.#files.record);
  }

  #link(): void {
    const draft = join(this.#start.runsFolder, `.latest-${this.id}`);
    Deno.symlinkSync(this.id, draft, { type: "dir" });
    Deno.renameSync(draft, join(this.#start.runsFolder, "latest"));
  }
}

function waiting({ instance, reason }: Decision): [string, StageSummary] {
  return [instance.name, {
    instance: instance.name,
    stage: instance.stage,
    uses: instance.uses,
    state: "waiting",
    reason,
    computeSeconds: null,
    startedAt: null,
    endedAt: null,
    progress: null,
    outputs: {},
  }];
}

/** What an event changes in its stage's summary. */
function changeOf(event: EngineEvent): Partial<StageSummary> | undefined {
  const { time } = event;
  switch (event.type) {
    case "stage-started":
      return event.attempt > 1 ? { progress: null } : {
        state: "running",
        reason: event.reason,
        startedAt: time,
      };
    case "progress": {
      const { done, total, unit } = event;
      return { progress: { done, total, unit } };
    }
    case "stage-finished":
      return {
        state: "done",
        computeSeconds: event.seconds,
        endedAt: time,
        outputs: event.outputs,
      };
    case "stage-cached":
      return {
        state: "cached",
        reason: event.reason,
        computeSeconds: event.seconds,
        startedAt: time,
        endedAt: time,
        outputs: event.outputs,
      };
    case "stage-skipped":
      return { state: "skipped", reason: event.reason, endedAt: time };
    case "stage-failed":
      return { state: event.state, reason: event.message, endedAt: time };
    default:
      return undefined;
  }
}

/** Sorts by time: `20261123-084500-taxi-ab12`. */
function newRunId(workflow: string): string {
  const stamp = new Date().toISOString().slice(0, 19)
    .replaceAll(/[-:]/g, "").replace("T", "-");
  const name = workflow.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 40);
  const bytes = crypto.getRandomValues(new Uint8Array(2));
  return `${stamp}-${name}-${bytes.toHex()}`;
}
