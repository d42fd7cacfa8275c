import { assert, assertEquals, assertThrows } from "../../../std/assert.ts";
import { namedLake, randomLake, readLake } from "../../../envs/frozen-lake/maps.ts";
import {
  drawLake,
  isTestLake,
  startsIn,
  startsOf,
  TASKS,
} from "../../../envs/frozen-lake/splits.ts";

Deno.test("tasks start nearer and farther", () => {
  const lake = namedLake("4x4");
  assertEquals(startsOf(lake, "near"), [10, 13, 14]);
  assertEquals(startsOf(lake, "halfway"), [2, 6, 8, 9, 10, 13, 14]);
  assertEquals(startsOf(lake, "full"), [0]);
  const tiny = readLake(["SG"]);
  for (const task of TASKS) assertEquals(startsOf(tiny, task), [0]);
});

Deno.test("on a fixed map every fourth start is for tests; a single one is in both splits", () => {
  for (const map of ["4x4", "8x8"] as const) {
    for (const task of ["near", "halfway"] as const) {
      const starts = startsOf(namedLake(map), task);
      const [train, test] = [startsIn(starts, "train"), startsIn(starts, "test")];
      assertEquals([...train, ...test].sort((a, b) => a - b), [...starts]);
      assert(test.length >= 1 && test.length <= Math.ceil(starts.length / 3), `${map} ${task}`);
    }
  }
  for (const split of ["train", "test", "all"] as const) assertEquals(startsIn([0], split), [0]);
});

Deno.test("random maps are split by their cells, about a quarter for tests", () => {
  const lakes = Array.from({ length: 1000 }, (_, seed) => randomLake(seed, 8, 0.8));
  const tests = lakes.filter(isTestLake).length;
  assert(tests > 200 && tests < 300, `${tests} of 1000`);
  for (let seed = 0; seed < 100; seed++) {
    assertEquals(isTestLake(drawLake(seed, 4, 0.8, "train")), false);
    assertEquals(isTestLake(drawLake(seed, 4, 0.8, "test")), true);
    assertEquals(drawLake(seed, 4, 0.8, "test"), drawLake(seed, 4, 0.8, "test"));
  }
});

Deno.test("maps that are all alike cannot be split", () => {
  const bare = isTestLake(randomLake(0, 4, 1)) ? "train" : "test";
  assertThrows(() => drawLake(0, 4, 1, bare), RangeError, "make size greater, or frozen smaller");
});
