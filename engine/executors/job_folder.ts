/**
 * The boundary between the engine and a stage's process: files in the attempt's folder.
 *
 * - `job.json` what to do, written before the process starts; secrets are placeholders in it
 * - `events.jsonl` what happens, one event a line, written by the stage's process
 * - `outputs/` what the stage leaves
 * - `result.json` how it ended, written last
 *
 * Nothing else is shared, so that the process may as well be on another machine with the same disk.
 * @module
 */
import { join } from "node:path";
import { Artifact } from "../artifact.ts";
import type { EventBody } from "../events.ts";
import type { DeviceChoice } from "../module.ts";
import { UserModule } from "../user_module.ts";

/** What a stage's process is told. */
export interface JobFile {
  /** Name of the instance. */
  readonly instance: string;
  /** The module: its registered name, or the path as the workflow has it. */
  readonly uses: string;
  /** `file:` URL of a user's own module; null for registered ones. */
  readonly url: string | null;
  /** The instance's seed. */
  readonly seed: number;
  /** What `--device` said. */
  readonly device: DeviceChoice;
  /** The instance's folder in the run. */
  readonly stageFolder: string;
  /** Values of `with`, as {@linkcode encodeValues} writes them. */
  readonly values: unknown;
}

/** How a stage's process ended. */
export interface ResultFile {
  /** What the stage threw; null where it returned. */
  readonly error: { readonly message: string; readonly stack: string } | null;
}

/** Paths in an attempt's folder. */
export function jobFiles(attemptFolder: string): {
  readonly job: string;
  readonly events: string;
  readonly result: string;
  readonly outputs: string;
  readonly work: string;
} {
  return {
    job: join(attemptFolder, "job.json"),
    events: join(attemptFolder, "events.jsonl"),
    result: join(attemptFolder, "result.json"),
    outputs: join(attemptFolder, "outputs"),
    work: join(attemptFolder, "work"),
  };
}

/** Values of `with` as JSON has them: artifacts, users' modules and odd numbers under a `$` key. */
export function encodeValues(value: unknown): unknown {
  if (value instanceof Artifact) {
    const { kind, path, hash, origin } = value;
    return { $artifact: { kind, path, hash, origin } };
  }
  if (value instanceof UserModule) {
    const { specifier, url, source } = value;
    return { $module: { specifier, url, source: source ?? null } };
  }
  if (typeof value === "number" && !Number.isFinite(value)) return { $number: String(value) };
  if (Array.isArray(value)) return value.map(encodeValues);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, encodeValues(inner)]);
  const isAmbiguous = entries.some(([key]) => String(key).startsWith("$"));
  return isAmbiguous ? { $map: entries } : Object.fromEntries(entries);
}

/** What {@linkcode encodeValues} was given; users' modules are imported. */
export async function decodeValues(value: unknown): Promise<unknown> {
  if (Array.isArray(value)) return await Promise.all(value.map(decodeValues));
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  if ("$artifact" in fields) {
    const { kind, path, hash, origin } = fields["$artifact"] as Artifact;
    return new Artifact(kind, path, hash, origin);
  }
  if ("$module" in fields) {
    const { specifier, url, source } = fields["$module"] as UserModule;
    // The engine hashed the module's source when it loaded the workflow.
    const { default: exported } = await import(/* @keyed */ url);
    return new UserModule(specifier, url, exported, source ?? undefined);
  }
  if ("$number" in fields) return Number(fields["$number"]);
  const entries = "$map" in fields ? fields["$map"] as [string, unknown][] : Object.entries(fields);
  return Object.fromEntries(
    await Promise.all(entries.map(async ([key, inner]) => [key, await decodeValues(inner)])),
  );
}

/** Reads a file of events as it grows; the last line may be half written. */
export class EventTail {
  #from = 0;
  #rest = "";
  readonly #decoder = new TextDecoder();

  /** Of the file at that path, which may not be there yet. */
  constructor(readonly path: string) {}

  /** The complete lines since the last call. */
  read(): EventBody[] {
    const lines = (this.#rest + this.#decoder.decode(this.#grown(), { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.map((line): EventBody => JSON.parse(line));
  }

  #grown(): Uint8Array {
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(this.path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return new Uint8Array();
      throw error;
    }
    using open = file;
    const bytes = new Uint8Array(Math.max(0, open.statSync().size - this.#from));
    open.seekSync(this.#from, Deno.SeekMode.Start);
    let length = 0;
    while (length < bytes.length) {
      const count = open.readSync(bytes.subarray(length));
      if (count === null) break;
      length += count;
    }
    this.#from += length;
    return bytes.subarray(0, length);
  }
}
