/**
 * Writes a run's record while it goes on: `run.json`, `events.jsonl`, and the link `latest`.
 *
 * Events are written at once, each once. `run.json` is written anew as a whole, so only as often as
 * that is cheap: it says up to which event it goes, and readers ({@link history.ts}) add the rest.
 * @module
 */
import { join } from "node:path";
import { ENGINE_FORMAT } from "./cache_key.ts";
import { EventLog } from "./event_log.ts";
import type { EngineEvent, EventBody } from "./events.ts";
import { disk, type Files } from "./files.ts";
import type { RunRecord } from "./history.ts";
import { type RunFiles, runFiles } from "./layout.ts";
import { Lock } from "./lock.ts";
import type { Decision } from "./plan.ts";
import type { Secrets } from "./secrets.ts";
import { changeOf } from "./stage_changes.ts";
import { codeOf, isStorageFailure, storageError } from "./storage_error.ts";
import type { RunStatus, RunSummary, StageSummary } from "./summary.ts";
import type { StageInstance, Workflow } from "./workflow.ts";

/** `run.json` is written at least this often while the run goes on. */
const HEARTBEAT_MILLISECONDS = 5000;
/** Because of progress at most this often. */
const PROGRESS_MILLISECONDS = 1000;
/** Because of anything else at most this often, */
const CHANGE_MILLISECONDS = 100;
/** and never for more than this share of the time. */
const SHARE = 1 / 30;

/** What the record keeps of a decision of the plan. */
export interface PlannedInstance extends Pick<Decision, "state" | "reason"> {
  /** What it is about. */
  readonly instance: Pick<StageInstance, "name" | "stage" | "uses">;
}

/** What a record begins with. */
export interface RecordStart {
  /** Folder of all runs. */
  readonly runsFolder: string;
  /** What runs. */
  readonly workflow: Pick<Workflow, "name" | "file" | "text" | "included" | "seed" | "overrides">;
  /** The plan, in order. */
  readonly decisions: readonly PlannedInstance[];
  /** Adapter the run computes on; empty when nothing needs one. */
  readonly device: Readonly<Record<string, string>>;
  /** What no record may show. */
  readonly secrets: Secrets;
  /** Told of every event. */
  readonly listener: ((event: EngineEvent) => void) | undefined;
  /** Where the record is written; the disk by default. */
  readonly files?: Files;
}

/**
 * The record of one run. Everything it is told goes to `events.jsonl` at once. What a disk refuses
 * for a while is written later; {@linkcode RunRecorder.finish} throws where it still refuses then.
 */
export class RunRecorder {
  readonly #start: RecordStart;
  readonly #files: Files;
  readonly #paths: RunFiles;
  readonly #open: DisposableStack;
  readonly #events: EventLog;
  readonly #stages: Map<string, StageSummary>;
  readonly #startedAt = new Date();
  readonly #began = performance.now();
  #later: ReturnType<typeof setTimeout> | undefined;
  #laterAt = Infinity;
  #status: RunStatus = "running";
  #endedAt: string | null = null;
  #written = -Infinity;
  #gap = CHANGE_MILLISECONDS;

  private constructor(readonly id: string, start: RecordStart, files: Files) {
    this.#start = start;
    this.#files = files;
    this.#paths = runFiles(start.runsFolder, id);
    this.#stages = new Map(start.decisions.map(waiting));
    files.makeFolderSync(this.#paths.stages);
    using open = new DisposableStack();
    try {
      open.use(Lock.hold(this.#paths.lock));
      this.#events = open.use(new EventLog(this.#paths.events, files));
      this.#write(true);
      this.#link();
    } catch (error) {
      open.dispose();
      discard(files, this.#paths.folder);
      throw error;
    }
    const heartbeat = setInterval(() => this.#writeIfPossible(), HEARTBEAT_MILLISECONDS);
    open.defer(() => clearInterval(heartbeat));
    this.#open = open.move();
  }

  /**
   * Makes the run's folder, points `latest` to it and reports the plan.
   * @throws StorageError where that cannot be written; then there is no run
   */
  static begin(start: RecordStart): RunRecorder {
    const { workflow, device, runsFolder } = start;
    let recorder: RunRecorder;
    try {
      recorder = new RunRecorder(newRunId(runsFolder, workflow.name), start, start.files ?? disk);
    } catch (error) {
      throw storageError(error, "begin the record of a run in", runsFolder);
    }
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
    return this.#paths.folder;
  }

  /** Folder of all of the run's stage instances. */
  get stagesFolder(): string {
    return this.#paths.stages;
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
    this.#events.append(JSON.stringify(event));
    this.#follow(event);
    this.#start.listener?.(event);
  }

  /**
   * Ends the record.
   * @throws StorageError where the disk does not take all of it; the summary stays right
   */
  finish(status: Exclude<RunStatus, "running">): void {
    using _ = this.#open;
    this.#status = status;
    this.#endedAt = new Date().toISOString();
    const seconds = (performance.now() - this.#began) / 1000;
    try {
      this.emit({ type: "run-finished", status, seconds });
      this.#events.settle();
      this.#write(true);
    } catch (error) {
      throw storageError(error, "write the end of the run to", this.#paths.record);
    } finally {
      clearTimeout(this.#later);
    }
  }

  #follow(event: EngineEvent): void {
    if (!("stage" in event)) return;
    const stage = this.#stages.get(event.stage);
    const change = changeOf(event);
    if (stage === undefined || change === undefined) return;
    this.#stages.set(event.stage, { ...stage, ...change });
    const gap = event.type === "progress" ? PROGRESS_MILLISECONDS : CHANGE_MILLISECONDS;
    this.#writeWithin(Math.max(gap, this.#gap));
  }

  /** Writes `run.json` once it is that many milliseconds old: now, or by a timer. */
  #writeWithin(gap: number): void {
    const now = performance.now();
    const due = this.#written + gap;
    if (now >= due) return this.#writeIfPossible();
    if (due >= this.#laterAt) return;
    clearTimeout(this.#later);
    this.#laterAt = due;
    this.#later = setTimeout(() => this.#writeIfPossible(), due - now);
  }

  /** A disk that refuses now is asked again; the events have it all meanwhile. */
  #writeIfPossible(): void {
    try {
      this.#write(false);
    } catch (error) {
      // Whatever the system says: thrown in a timer, it would end the process.
      if (codeOf(error) === undefined) throw error;
    }
  }

  #write(flush: boolean): void {
    clearTimeout(this.#later);
    this.#laterAt = Infinity;
    const { workflow } = this.#start;
    const began = performance.now();
    const record: RunRecord = {
      ...this.summary,
      text: workflow.text,
      included: workflow.included,
      overrides: workflow.overrides,
      versions: { engine: String(ENGINE_FORMAT), ...Deno.version },
      pid: Deno.pid,
      heartbeat: new Date().toISOString(),
      eventsEnd: this.#events.end,
    };
    const text = `${JSON.stringify(this.#start.secrets.maskAll(record), null, 2)}\n`;
    const draft = `${this.#paths.record}.tmp`;
    try {
      this.#files.writeSync(draft, new TextEncoder().encode(text), flush);
      this.#files.renameSync(draft, this.#paths.record);
    } finally {
      this.#written = performance.now();
      this.#gap = (this.#written - began) / SHARE;
    }
  }

  #link(): void {
    const draft = join(this.#start.runsFolder, `.latest-${this.id}`);
    try {
      this.#files.symlinkSync(this.id, draft);
      this.#files.renameSync(draft, join(this.#start.runsFolder, "latest"));
    } catch (error) {
      discard(this.#files, draft);
      throw error;
    }
  }
}

/** Removes what could not be finished, as far as the disk lets it. */
function discard(files: Files, path: string): void {
  try {
    files.removeSync(path);
  } catch (error) {
    if (!isStorageFailure(error)) throw error;
  }
}

function waiting({ instance, reason }: PlannedInstance): [string, StageSummary] {
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

/** Sorts by time: `20261123-084500-taxi-ab12`. One that no other run has. */
function newRunId(runsFolder: string, workflow: string): string {
  const name = workflow.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 40);
  for (;;) {
    const stamp = new Date().toISOString().slice(0, 19)
      .replaceAll(/[-:]/g, "").replace("T", "-");
    const bytes = crypto.getRandomValues(new Uint8Array(2));
    const id = `${stamp}-${name}-${bytes.toHex()}`;
    if (!isThere(runFiles(runsFolder, id).folder)) return id;
  }
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    // Whatever else is wrong with the place, making the folder tells.
    return false;
  }
}
