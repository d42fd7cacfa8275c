import { assertEquals } from "../../std/assert.ts";
import { ratesOf } from "../../bench/contest.ts";
import { disagreement } from "../../bench/rounds.ts";

Deno.test("checks agree within the tolerance, and a number that is none agrees with nothing", () => {
  assertEquals(disagreement([1, 2], [1.05, 2], 0.1), undefined);
  assertEquals(disagreement([1, 2], [1, 2.2], 0.1), "result 2 is 2.2, ours is 2");
  assertEquals(disagreement([1], [NaN], 0.1), "result 1 is NaN, ours is 1");
  assertEquals(disagreement([1], [1, 1], 0.1), "2 results where ours has 1");
});

Deno.test("rates are amount over the median time; who failed has none", () => {
  const seconds = new Map([["ours", [1, 2, 4]], ["peer", [4, 8, 16]], ["failed", []]]);
  assertEquals(ratesOf(seconds, 8), {
    ours: 4,
    peers: { peer: 1 },
    ranges: { ours: { min: 2, max: 8 }, peer: { min: 0.5, max: 2 } },
    ratios: { peer: 4 },
  });
});
