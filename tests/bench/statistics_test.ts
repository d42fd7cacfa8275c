import { assertAlmostEquals, assertEquals, assertThrows } from "../../std/assert.ts";
import { growth, median, speedup, spread } from "../../bench/statistics.ts";

Deno.test("the median is the middle one, or between the middle two", () => {
  assertEquals(median([9, 1, 10]), 9);
  assertEquals(median([100, 1, 3, 2]), 2.5);
  assertThrows(() => median([]), RangeError, "no numbers");
});

Deno.test("a spread has the least and the greatest", () => {
  assertEquals(spread([10, 9, 100]), { median: 10, min: 9, max: 100 });
});

Deno.test("a speedup compares neighbours in time", () => {
  // The machine gets ten times slower on the way; the ratio is two in each round.
  assertEquals(speedup([1, 10, 1], [2, 20, 2]), 2);
  // A peer that left early is compared in the rounds it was there.
  assertEquals(speedup([1, 4, 4], [3]), 3);
});

Deno.test("growth finds the exponent", () => {
  const points = [1, 2, 4, 8].map((value) => ({ value, cost: 3 * value ** 1.5 }));
  assertAlmostEquals(growth(points), 1.5, 1e-12);
  assertEquals(growth([{ value: 2, cost: 1 }]), NaN);
});
