/**
 * A run's events as Server-Sent Events: everything so far, then live.
 * @module
 */
import { followLines } from "./follow.ts";

/** What to stream. */
export interface EventStreamOptions {
  /** The run's `events.jsonl`. */
  readonly file: string;
  /** What the client sent as `Last-Event-ID`. */
  readonly lastEventId?: string | undefined;
  /** The run's status now; anything but `running` ends the stream once all events are sent. */
  readonly status: () => string | Promise<string>;
  /** Milliseconds between looks at the file; default 200. */
  readonly interval?: number;
  /** Milliseconds of silence after which a comment keeps the connection alive; default 15000. */
  readonly heartbeat?: number;
}

const encoder = new TextEncoder();

/**
 * The response. Each event is a `message` whose data is the line of `events.jsonl` and whose id is
 * the byte offset behind it, which resumes exactly there. When the run has ended, a last event
 * `end` with `{"status":…}` tells the client not to reconnect.
 */
export async function eventStream(
  options: EventStreamOptions,
): Promise<Response> {
  const controller = new AbortController();
  const frames = eventFrames(
    options,
    await startOf(options),
    controller.signal,
  );
  const body = new ReadableStream<Uint8Array>({
    async pull(stream) {
      const next = await frames.next();
      if (next.done) stream.close();
      else stream.enqueue(encoder.encode(next.value));
    },
    // Deno calls this when the client goes away, also in the midst of a pull.
    async cancel() {
      controller.abort();
      await frames.return();
    },
  }, { highWaterMark: 0 });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    },
  });
}

/** An id that was never ours, or from a file that has been replaced, starts over. */
async function startOf(options: EventStreamOptions): Promise<number> {
  const id = options.lastEventId ?? "";
  if (!/^\d{1,15}$/.test(id)) return 0;
  const size = await Deno.stat(options.file).then((info) => info.size)
    .catch(() => 0);
  return Number(id) <= size ? Number(id) : 0;
}

async function* eventFrames(
  options: EventStreamOptions,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<string, void, void> {
  const { heartbeat = 15_000, interval = 200 } = options;
  let status = "running";
  let asked = -Infinity;
  const lines = followLines(options.file, {
    from,
    signal,
    interval,
    isOpen: async () => {
      // The status is a look into the store: once a second is soon enough.
      if (performance.now() - asked >= Math.min(1000, 5 * interval)) {
        asked = performance.now();
        status = await options.status();
      }
      return status === "running";
    },
  });
  // A first comment makes the response begin before the first event.
  yield ": events\nretry: 1000\n\n";
  let quiet = performance.now();
  for await (const line of lines) {
    const now = performance.now();
    if (line !== undefined && line.text !== "") {
      yield `id: ${line.end}\ndata: ${line.text}\n\n`;
      quiet = now;
    } else if (now - quiet >= heartbeat) {
      yield ": still here\n\n";
      quiet = now;
    }
  }
  if (!signal.aborted) {
    yield `event: end\ndata: ${JSON.stringify({ status })}\n\n`;
  }
}
