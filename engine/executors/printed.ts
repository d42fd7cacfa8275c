/**
 * What a stage's process prints, kept in the stage's log up to a limit.
 * @module
 */
import type { Secrets } from "../secrets.ts";

/** Bytes of printed text that a log keeps. */
const MOST_BYTES = 2 ** 20;
/** Characters of the end that an error message may show. */
const LAST_CHARACTERS = 400;

/** Takes printed text of one attempt; all of it is read, so that no process waits for its reader. */
export class Printed {
  #bytes = 0;
  #last = "";
  #error: string | undefined;

  /** For the log at that path. */
  constructor(readonly log: string, readonly secrets: Secrets) {}

  /** Takes a stream to its end. */
  async take(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = (lines.pop() ?? "").slice(-MOST_BYTES);
      if (lines.length > 0) this.#keep(lines.join("\n"));
    }
    if (rest !== "") this.#keep(rest);
  }

  /** The last error that the runtime printed, or else the end of what was printed, on one line. */
  last(): string {
    const text = this.#error ?? this.#last;
    return text.trim().split("\n").map((line) => line.trim()).join(" | ");
  }

  #keep(text: string): void {
    const masked = this.secrets.mask(text);
    this.#error = masked.split("\n").findLast((line) => line.startsWith("error: "))
      ?.slice(0, LAST_CHARACTERS) ?? this.#error;
    this.#last = `${this.#last}\n${masked}`.slice(-LAST_CHARACTERS);
    if (this.#bytes >= MOST_BYTES) return;
    this.#bytes += masked.length + 1;
    const isFull = this.#bytes >= MOST_BYTES;
    const note = isFull ? "\n[the stage has printed too much: the rest is not kept]" : "";
    Deno.writeTextFileSync(this.log, `${masked.slice(0, MOST_BYTES)}${note}\n`, { append: true });
  }
}
