import { Random } from "../../std/random.ts";
import { ReplayBuffer } from "../../training/replay_buffer.ts";
import type { Episode } from "../../training/rollout.ts";
import { assertEquals, assertNotEquals } from "../../std/assert.ts";

function episode(seed: number, success = true): Episode {
  return { seed, success, terminated: true, truncated: false, steps: [], return: 1 };
}

function filled(capacity: number, count: number): ReplayBuffer {
  const buffer = new ReplayBuffer(capacity);
  for (let seed = 0; seed < count; seed++) buffer.add([episode(seed)]);
  return buffer;
}

/** Seeds of all episodes held, in ascending order. */
function held(buffer: ReplayBuffer): number[] {
  return buffer.sample(Infinity, new Random(1)).map(({ seed }) => seed).sort((a, b) => a - b);
}

Deno.test("replay buffer: keeps successes alone, the newest up to its capacity", () => {
  const buffer = new ReplayBuffer(3);
  buffer.add([episode(0), episode(1, false), episode(2)]);
  assertEquals([buffer.size, ...held(buffer)], [2, 0, 2]);
  buffer.add([episode(3), episode(4)]);
  assertEquals([buffer.size, ...held(buffer)], [3, 2, 3, 4]);
  buffer.add([5, 6, 7, 8].map((seed) => episode(seed)));
  assertEquals([buffer.size, ...held(buffer)], [3, 6, 7, 8]);
});

Deno.test("replay buffer: capacity 0 keeps nothing", () => {
  const buffer = filled(0, 4);
  assertEquals(buffer.size, 0);
  assertEquals(buffer.sample(2, new Random(1)), []);
});

Deno.test("replay buffer: a sample repeats nothing, follows its seed and leaves the buffer alone", () => {
  const buffer = filled(50, 40);
  const seedsOf = (seed: number) => buffer.sample(30, new Random(seed)).map(({ seed }) => seed);
  const sample = seedsOf(1);
  assertEquals(new Set(sample).size, 30);
  assertEquals(seedsOf(1), sample);
  assertNotEquals(seedsOf(2), sample);
  assertEquals(held(buffer), Array.from({ length: 40 }, (_, i) => i));
});

Deno.test("replay buffer: every episode is as likely as another", () => {
  const buffer = filled(4, 4);
  const counts = [0, 0, 0, 0];
  for (let seed = 0; seed < 4000; seed++) {
    for (const drawn of buffer.sample(2, new Random(seed))) counts[drawn.seed]!++;
  }
  // 2000 expected of each; the standard deviation is 32.
  assertEquals(counts.filter((count) => Math.abs(count - 2000) > 130), []);
});

Deno.test("replay buffer: cleared, it holds nothing and takes new episodes", () => {
  const buffer = filled(3, 3);
  buffer.clear();
  assertEquals([buffer.size, held(buffer)], [0, []]);
  buffer.add([episode(9)]);
  assertEquals(held(buffer), [9]);
});
