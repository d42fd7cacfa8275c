import { assert, assertEquals, assertRejects } from "../../../std/assert.ts";
import { type FollowedLine, followLines } from "../../../engine/api/follow.ts";

async function collect(
  lines: AsyncGenerator<FollowedLine | undefined>,
): Promise<FollowedLine[]> {
  const all: FollowedLine[] = [];
  for await (const line of lines) if (line !== undefined) all.push(line);
  return all;
}

const forever = new AbortController().signal;

Deno.test("followLines: complete lines with the offsets behind them, from any offset", async () => {
  const path = await Deno.makeTempFile();
  // Longer than a chunk, and letters of two bytes across its border.
  const long = "ä".repeat(70_000);
  await Deno.writeTextFile(path, `one\n${long}\n\nhalf`);
  const closed = { signal: forever, isOpen: () => false };
  const all = await collect(followLines(path, closed));
  assertEquals(all.map((line) => line.text), ["one", long, ""]);
  assertEquals(all.map((line) => line.end), [4, 140_005, 140_006]);
  assertEquals(
    await collect(followLines(path, { ...closed, from: 140_005 })),
    [{ text: "", end: 140_006 }],
  );
});

Deno.test("followLines: an offset behind the end is refused, a missing file is empty", async () => {
  const path = await Deno.makeTempFile();
  const closed = { signal: forever, isOpen: () => false };
  await assertRejects(
    () => collect(followLines(path, { ...closed, from: 1 })),
    RangeError,
    "up to 0",
  );
  assertEquals(await collect(followLines(`${path}.missing`, closed)), []);
});

Deno.test("followLines: half a line waits for its end; what came before closing is read", async () => {
  const path = `${await Deno.makeTempDir()}/later.jsonl`;
  let looks = 0;
  const lines = followLines(path, {
    signal: forever,
    interval: 1,
    isOpen: async () => {
      looks++;
      const append = { append: true, create: true };
      if (looks === 2) await Deno.writeTextFile(path, "fir", append);
      if (looks === 3) await Deno.writeTextFile(path, "st\nsec", append);
      if (looks === 4) await Deno.writeTextFile(path, "ond\n", append);
      return looks < 4;
    },
  });
  assertEquals((await collect(lines)).map((line) => line.text), [
    "first",
    "second",
  ]);
});

Deno.test("followLines: aborting ends the wait at once", async () => {
  const path = await Deno.makeTempFile();
  const controller = new AbortController();
  const started = performance.now();
  const lines = followLines(path, {
    signal: controller.signal,
    interval: 60_000,
    isOpen: () => true,
  });
  setTimeout(() => controller.abort(), 5);
  assertEquals(await collect(lines), []);
  assert(performance.now() - started < 10_000);
});

Deno.test("followLines: aborting between two looks skips the wait", async () => {
  const path = await Deno.makeTempFile();
  const controller = new AbortController();
  const started = performance.now();
  const lines = followLines(path, {
    signal: controller.signal,
    interval: 15_000,
    isOpen: () => true,
  });
  assertEquals(await lines.next(), { done: false, value: undefined });
  controller.abort();
  assertEquals(await lines.next(), { done: true, value: undefined });
  assert(performance.now() - started < 10_000);
});
