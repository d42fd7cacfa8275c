import { ProgressMeter } from "../../cli/progress.ts";
import { type Screen, View } from "../../cli/view.ts";
import { duration, quantity } from "../../cli/words.ts";
import type { EngineEvent, EventBody } from "../../engine/events.ts";
import { assert, assertEquals, assertStringIncludes } from "../../std/assert.ts";

class FakeScreen implements Screen {
  output = "";
  errors = "";
  time = 0;

  constructor(readonly columns: number | undefined) {}

  out(text: string): void {
    this.output += text;
  }

  error(text: string): void {
    this.errors += text;
  }

  now(): number {
    return this.time;
  }
}

function event(body: EventBody): EngineEvent {
  return { time: "2026-11-23T08:45:00.000Z", run: "r", ...body } as EngineEvent;
}

function progress(done: number): EngineEvent {
  return event({ type: "progress", stage: "sft", done, total: 100, unit: "steps" });
}

const started = event({
  type: "stage-started",
  stage: "sft",
  uses: "sft",
  reason: "no earlier result",
  attempt: 1,
});
const finished = event({ type: "stage-finished", stage: "sft", seconds: 61, outputs: {} });

Deno.test("a stage of which nothing is heard is told of every five minutes, on either screen", () => {
  for (const columns of [undefined, 80]) {
    const screen = new FakeScreen(columns);
    using view = new View(screen);
    const quietAt = (minutes: number) => {
      screen.time = minutes * 60_000;
      const before = screen.errors.length;
      view.look();
      return screen.errors.slice(before).split(",")[0];
    };
    assertEquals(quietAt(60), "");
    view.show(started);
    assertEquals([quietAt(64), quietAt(65), quietAt(66), quietAt(70)], [
      "",
      "warning: sft: has reported nothing for 5 min",
      "",
      "warning: sft: has reported nothing for 10 min",
    ]);
    view.show(progress(1));
    assertEquals([quietAt(74), quietAt(75)], ["", "warning: sft: has reported nothing for 5 min"]);
    view.show(finished);
    assertEquals(quietAt(90), "");
  }
});

Deno.test("nothing need be heard of a stage while it waits for its next attempt", () => {
  const screen = new FakeScreen(undefined);
  using view = new View(screen);
  view.show(started);
  view.show(event({
    type: "stage-retried",
    stage: "sft",
    attempt: 1,
    attempts: 2,
    message: "no server",
    waitSeconds: 20 * 60,
  }));
  const before = screen.errors;
  screen.time = 24 * 60_000;
  view.look();
  assertEquals(screen.errors, before);
  screen.time = 25 * 60_000;
  view.look();
  assertStringIncludes(screen.errors.slice(before.length), "has reported nothing for 5 min");
});

Deno.test("in a pipe there are plain lines, and progress at most every 5 s", () => {
  const screen = new FakeScreen(undefined);
  using view = new View(screen);
  view.show(started);
  for (let done = 0; done <= 60; done++) {
    screen.time = done * 200;
    view.show(progress(done));
  }
  view.show(event({ type: "metric", stage: "sft", step: 60, values: { loss: 0.12345 } }));
  view.show(event({ type: "log", stage: "sft", level: "info", message: "hello" }));
  view.show(finished);
  assertEquals(screen.output.split("\n"), [
    "sft: running (no earlier result)",
    "sft: 25% 25/100 steps, 5/s, 15 s left",
    "sft: 50% 50/100 steps, 5/s, 10 s left",
    "sft: done in 1 min 1 s, loss 0.123",
    "",
  ]);
  assertEquals(screen.errors, "sft: hello\n");
});

Deno.test("on a terminal one line moves, and logs do not tear it", () => {
  const screen = new FakeScreen(60);
  using view = new View(screen);
  view.show(started);
  view.show(progress(0));
  screen.time = 2000;
  view.show(progress(50));
  const line = screen.output.split("\r\x1b[K").at(-1) ?? "";
  assertStringIncludes(line, "sft  ████████████░░░░░░░░░░░░  50%  50/100 steps");
  assertEquals(line.length, 59);
  assert(!screen.output.includes("\n"));
  view.show(event({ type: "log", stage: "sft", level: "warning", message: "odd" }));
  assertEquals(screen.errors, "warning: sft: odd\n");
  assert(screen.output.endsWith(`\r\x1b[K\r\x1b[K${line}`));
  view.show(finished);
  assert(screen.output.endsWith("\r\x1b[Ksft: done in 1 min 1 s\n"));
});

Deno.test("the rate leaves out what came before the first step", () => {
  const meter = new ProgressMeter(0);
  const update = (done: number, now: number) =>
    meter.update({
      ...progress(done),
      type: "progress",
      stage: "sft",
      done,
      total: 100,
      unit: "steps",
    }, now);
  assertEquals(meter.describe(3000), "3.0 s");
  update(1, 10_000);
  update(11, 12_000);
  assertEquals(meter.describe(12_000), "11/100 steps, 5/s, 18 s left");
  assertEquals(meter.describe(13_000), "11/100 steps, 5/s, 17 s left");
  assertEquals(meter.share, 0.11);
});

Deno.test("durations and quantities", () => {
  assertEquals([0.04, 9.94, 9.96, 59.4, 60, 200, 3600, 7500].map(duration), [
    "0.0 s",
    "9.9 s",
    "10 s",
    "59 s",
    "1 min",
    "3 min 20 s",
    "1 h",
    "2 h 5 min",
  ]);
  assertEquals([0.012345, 4.567, 123.4, 12345, 0].map(quantity), [
    "0.0123",
    "4.57",
    "123",
    "12345",
    "0",
  ]);
});
