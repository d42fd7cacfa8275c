/**
 * What runs in a stage's own process: reads the job, runs the stage, writes how it ended.
 *
 * The engine speaks through standard input: the secrets first, then `stop` where the stage is to end.
 * When that pipe closes, the engine is gone, and so is this process at once: nothing computes on
 * without anyone to use it.
 * @module
 */
import type { EventBody } from "../events.ts";
import { failureMessage } from "../failure.ts";
import { parseInput } from "../inputs.ts";
import type { StageModule } from "../module.ts";
import { Secrets } from "../secrets.ts";
import { RecordingContext } from "../stage_context.ts";
import { decodeValues, type JobFile, jobFiles, type ResultFile } from "./job_folder.ts";

/** Exit code of a process whose engine is gone. */
const ORPHANED = 3;

/**
 * Runs the job in that folder and ends the process: with code 0 once `result.json` is written, whatever
 * the stage did. `stages` are the registered modules.
 */
export async function work(
  stages: ReadonlyMap<string, StageModule>,
  attemptFolder: string,
): Promise<never> {
  // Ctrl-C goes to every process of the terminal; the engine says what is to stop.
  Deno.addSignalListener("SIGINT", () => {});
  const files = jobFiles(attemptFolder);
  const job: JobFile = JSON.parse(await Deno.readTextFile(files.job));
  const engine = new EngineVoice();
  const secrets = new Secrets(new Map(Object.entries(await engine.secrets())));
  using events = Deno.openSync(files.events, { create: true, append: true });
  const report = (event: EventBody) => {
    const line = new TextEncoder().encode(`${JSON.stringify(secrets.maskAll(event))}\n`);
    for (let at = 0; at < line.length;) at += events.writeSync(line.subarray(at));
  };
  let result: ResultFile = { error: null };
  try {
    await runStage(job, stages, { secrets, attemptFolder, report, signal: engine.signal });
  } catch (error) {
    const { stack } = error instanceof Error ? error : new Error(String(error));
    const message = failureMessage(error);
    result = { error: { message, stack: secrets.mask(stack ?? message) } };
  }
  const draft = `${files.result}.tmp`;
  Deno.writeTextFileSync(draft, JSON.stringify(secrets.maskAll(result)));
  Deno.renameSync(draft, files.result);
  Deno.exit(0);
}

interface Surroundings {
  readonly secrets: Secrets;
  readonly attemptFolder: string;
  readonly report: (event: EventBody) => void;
  readonly signal: AbortSignal;
}

async function runStage(
  job: JobFile,
  stages: ReadonlyMap<string, StageModule>,
  { secrets, attemptFolder, report, signal }: Surroundings,
): Promise<void> {
  const module = await findModule(job, stages);
  const input = parseInput(module, await decodeValues(job.values), secrets);
  const context = new RecordingContext({
    instance: { name: job.instance, seed: job.seed, module },
    stageFolder: job.stageFolder,
    attemptFolder,
    device: job.device,
    signal,
    secrets,
    report,
  });
  try {
    await module.run(input, context);
    signal.throwIfAborted();
  } finally {
    context.close();
  }
}

async function findModule(
  { uses, url }: JobFile,
  stages: ReadonlyMap<string, StageModule>,
): Promise<StageModule> {
  if (url !== null) {
    // The engine hashed the module's source when it loaded the workflow.
    const { default: module }: { default: StageModule } = await import(/* @keyed */ url);
    return module;
  }
  const module = stages.get(uses);
  if (module === undefined) throw new Error(`this program has no stage module "${uses}"`);
  return module;
}

/** What the engine says on standard input. */
class EngineVoice {
  readonly #controller = new AbortController();
  readonly #lines: AsyncIterator<string>;

  constructor() {
    this.#lines = lines(Deno.stdin.readable)[Symbol.asyncIterator]();
  }

  /** Aborted when the engine says so. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The first line; from then on the engine is listened to. */
  async secrets(): Promise<Record<string, string>> {
    const { value, done } = await this.#lines.next();
    if (done === true) Deno.exit(ORPHANED);
    void this.#listen();
    return JSON.parse(value);
  }

  async #listen(): Promise<void> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) Deno.exit(ORPHANED);
      this.#controller.abort(new Error(value));
    }
  }
}

async function* lines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
