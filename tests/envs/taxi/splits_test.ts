import { assert, assertEquals } from "../../../std/assert.ts";
import { ABOARD, decode, transition } from "../../../envs/taxi/dynamics.ts";
import { startsOf, TEST_PAIRS } from "../../../envs/taxi/splits.ts";
import { taxi } from "../../../envs/taxi/taxi.ts";
import type { TaxiTask } from "../../../envs/taxi/plan.ts";

Deno.test("the splits part the starts, a quarter for tests", () => {
  const sizes = (task: TaxiTask) =>
    (["train", "test", "all"] as const).map((split) => startsOf(task, split).length);
  assertEquals(sizes("pickup"), [225, 75, 300]);
  assertEquals(sizes("full"), [225, 75, 300]);
  assertEquals(sizes("dropoff"), [74, 26, 100]);
  for (const task of ["pickup", "dropoff", "full"] as const) {
    const parts = [...startsOf(task, "train"), ...startsOf(task, "test")];
    assertEquals(parts.sort((a, b) => a - b), startsOf(task, "all"));
  }
});

Deno.test("no stand is twice a test passenger's, or twice a test destination", () => {
  assertEquals(new Set(TEST_PAIRS.map(([from]) => from)).size, 3);
  assertEquals(new Set(TEST_PAIRS.map(([, to]) => to)).size, 3);
});

Deno.test("every destination occurs in both splits of dropoff", () => {
  for (const split of ["train", "test"] as const) {
    const destinations = startsOf("dropoff", split).map((state) => decode(state).destination);
    assertEquals(new Set(destinations).size, 4);
  }
});

Deno.test("pickup: no state of a test episode occurs in a training episode", () => {
  const training = reach(startsOf("pickup", "train"));
  const testing = reach(startsOf("pickup", "test"));
  assertEquals([training.size, testing.size], [225 + 9, 75 + 3]);
  assert([...testing].every((state) => !training.has(state)));
});

/** All states of pickup episodes from these starts: an episode ends once the passenger is aboard. */
function reach(starts: readonly number[]): Set<number> {
  const seen = new Set(starts);
  for (const state of seen) {
    if (decode(state).passenger === ABOARD) continue;
    for (let action = 0; action < 6; action++) {
      seen.add(transition(state, action).state);
    }
  }
  return seen;
}

Deno.test("reset draws every start of its split, about equally often", async () => {
  const env = await taxi.make(taxi.with.parse({}));
  const drawn = new Map<unknown, number>();
  for (let seed = 0; seed < 7500; seed++) {
    const { info } = await env.reset({ seed, task: "pickup", split: "test" });
    drawn.set(info.state, (drawn.get(info.state) ?? 0) + 1);
  }
  assertEquals(
    [...drawn.keys()].sort((a, b) => Number(a) - Number(b)),
    [...startsOf("pickup", "test")],
  );
  // 100 expected of each: five standard deviations either way.
  for (const count of drawn.values()) assert(count > 50 && count < 150);
});
