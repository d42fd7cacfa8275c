import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "../../../std/assert.ts";
import { createApp } from "../../../engine/api/app.ts";
import { eventStream } from "../../../engine/api/event_stream.ts";
import { serve, ServeError } from "../../../engine/api/serve.ts";
import { record, writeRun } from "./fixture.ts";

/** Frames of an event stream, one by one. */
class Frames {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor(response: Response) {
    assertMatch(
      response.headers.get("content-type") ?? "",
      /^text\/event-stream/,
    );
    assert(response.body !== null);
    this.#reader = response.body.pipeThrough(new TextDecoderStream())
      .getReader();
  }

  /** The next frame; undefined at the end of the stream. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf("\n\n");
      if (end !== -1) {
        const frame = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 2);
        return frame;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#rest += value;
    }
  }

  async all(): Promise<string[]> {
    const frames: string[] = [];
    for (
      let one = await this.next();
      one !== undefined;
      one = await this.next()
    ) {
      frames.push(one);
    }
    return frames;
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const OPENING = ": events\nretry: 1000";
const END = 'event: end\ndata: {"status":"done"}';

/** A run played by another process, and the means to make it go on. */
async function startRun(runsFolder: string, id: string) {
  const process = new Deno.Command("deno", {
    args: [
      "run",
      "--allow-read",
      "--allow-write",
      new URL("live_run.ts", import.meta.url).pathname,
      runsFolder,
      id,
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = process.stdout.getReader();
  await output.read();
  const input = process.stdin.getWriter();
  return {
    append: (text: string) => input.write(new TextEncoder().encode(text)),
    async end() {
      await input.close();
      await process.status;
      await output.cancel();
    },
    async kill() {
      process.kill("SIGKILL");
      await process.status;
      await output.cancel();
      await input.close().catch(() => {});
    },
  };
}

Deno.test("events: of a run that is over, all of them and its end; an id resumes behind it", async () => {
  const folder = await Deno.makeTempDir();
  await writeRun(folder, record("r"), [{ n: "ä" }, { n: 2 }]);
  const app = createApp({ runsFolder: folder });
  const frames = async (path: string, headers: HeadersInit = {}) =>
    await new Frames(await app.request(path, { headers })).all();
  const one = 'id: 11\ndata: {"n":"ä"}';
  const two = 'id: 19\ndata: {"n":2}';
  const path = "/api/runs/r/events";
  assertEquals(await frames(path), [OPENING, one, two, END]);
  assertEquals(await frames(`${path}?after=11`), [OPENING, two, END]);
  assertEquals(await frames(`${path}?after=0`, { "last-event-id": "19" }), [
    OPENING,
    END,
  ]);
  for (const odd of ["20", "-1", "x", "1e1"]) {
    assertEquals(await frames(path, { "last-event-id": odd }), [
      OPENING,
      one,
      two,
      END,
    ]);
  }
});

Deno.test("events: a run of another process is followed while it goes on", async () => {
  const folder = await Deno.makeTempDir();
  const run = await startRun(folder, "live");
  await run.append('{"n":1}\n{"n"');
  const app = createApp({ runsFolder: folder, eventInterval: 5 });
  const frames = new Frames(await app.request("/api/runs/live/events"));
  assertEquals(await frames.next(), OPENING);
  assertEquals(await frames.next(), 'id: 8\ndata: {"n":1}');
  await run.append(":2}\n");
  assertEquals(await frames.next(), 'id: 16\ndata: {"n":2}');
  await run.append('{"n":3}\n');
  await run.end();
  assertEquals(await frames.all(), ['id: 24\ndata: {"n":3}', END]);
});

Deno.test("events: a run whose process was killed ends as interrupted", async () => {
  const folder = await Deno.makeTempDir();
  const run = await startRun(folder, "live");
  const app = createApp({ runsFolder: folder, eventInterval: 5 });
  const frames = new Frames(await app.request("/api/runs/live/events"));
  assertEquals(await frames.next(), OPENING);
  await run.kill();
  assertEquals(await frames.all(), [
    'event: end\ndata: {"status":"interrupted"}',
  ]);
});

Deno.test("events: silence is broken by comments; a client that leaves leaves nothing behind", async () => {
  const folder = await Deno.makeTempDir();
  const run = await startRun(folder, "live");
  const app = createApp({
    runsFolder: folder,
    eventInterval: 2,
    heartbeat: 20,
  });
  const frames = new Frames(await app.request("/api/runs/live/events"));
  assertEquals(await frames.next(), OPENING);
  assertEquals(await frames.next(), ": still here");
  const waiting = frames.next();
  await frames.cancel();
  await waiting;
  await run.end();
  // Timers and files left open would fail this test: the runner watches both.
});

Deno.test("serve: answers over HTTP, follows a run, and ends with its signal", async () => {
  const folder = await Deno.makeTempDir();
  const run = await startRun(folder, "live");
  const controller = new AbortController();
  const url = Promise.withResolvers<string>();
  const served = serve({
    port: 0,
    runsFolder: folder,
    signal: controller.signal,
    onListen: url.resolve,
  });
  const base = await url.promise;
  assertMatch(base, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  const health = await fetch(`${base}healthz`);
  assertEquals(await health.json(), { status: "ok" });
  const page = await (await fetch(`${base}runs/live`)).text();
  assertStringIncludes(page, 'data-events="/api/runs/live/events?after=0"');

  const frames = new Frames(await fetch(`${base}api/runs/live/events`));
  assertEquals(await frames.next(), OPENING);
  await run.append('{"n":1}\n');
  assertEquals(await frames.next(), 'id: 8\ndata: {"n":1}');
  controller.abort();
  await served;
  await frames.cancel().catch(() => {});
  await run.end();
});

Deno.test("events: over HTTP, a client that leaves ends the following", async () => {
  const file = await Deno.makeTempFile();
  let looks = 0;
  const status = () => {
    looks++;
    return "running";
  };
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => eventStream({ file, interval: 2, status }),
  );
  const controller = new AbortController();
  const { signal } = controller;
  const url = `http://127.0.0.1:${server.addr.port}`;
  const frames = new Frames(await fetch(url, { signal }));
  assertEquals(await frames.next(), OPENING);
  while (looks < 3) await pause(2);
  controller.abort();
  await assertRejects(() => frames.next(), DOMException);
  await pause(100);
  const left = looks;
  await pause(100);
  assertEquals(looks, left, "the run is still looked at");
  await server.shutdown();
});

Deno.test("serve: a port in use is an error that says what to do", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    const port = listener.addr.port;
    const error = await assertRejects(
      () => serve({ port, runsFolder: "/nowhere" }),
      ServeError,
      `port ${port} on 127.0.0.1 is in use`,
    );
    assertStringIncludes(error.message, `--port ${port + 1}`);
  } finally {
    listener.close();
  }
});
