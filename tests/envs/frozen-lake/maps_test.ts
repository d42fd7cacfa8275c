import { assert, assertEquals, assertGreater, assertThrows } from "../../../std/assert.ts";
import { distancesTo, mapProblem, randomLake, readLake } from "../../../envs/frozen-lake/maps.ts";

/** Whether the goal can be reached, by another way than the code's own: flooding letters. */
function solvable(rows: readonly string[]): boolean {
  const width = rows[0]!.length + 1;
  let flooded = rows.join("\n").replace("S", "*");
  for (let before = ""; before !== flooded;) {
    before = flooded;
    const apart = `[^]{${width - 1}}`;
    flooded = flooded
      .replaceAll(/\*[FG]/g, "**").replaceAll(/[FG]\*/g, "**")
      .replace(new RegExp(`(\\*${apart})[FG]`), "$1*")
      .replace(new RegExp(`[FG](${apart}\\*)`), "*$1");
  }
  return !flooded.includes("G");
}

Deno.test("random maps can be solved, whatever their size and however many holes", () => {
  const maps = new Set<string>();
  for (const size of [3, 4, 8, 16]) {
    for (const frozen of [0, 0.3, 0.6, 0.8, 1]) {
      for (let seed = 0; seed < 20; seed++) {
        const { rows } = randomLake(seed, size, frozen);
        assertEquals(mapProblem(rows), undefined);
        assert(solvable(rows), rows.join("\n"));
        assertEquals([rows.length, rows[0]!.length], [size, size]);
        maps.add(rows.join("\n"));
      }
    }
  }
  assertGreater(maps.size, 250);
});

Deno.test("a random map depends on its seed alone, and has the holes it is asked to have", () => {
  assertEquals(randomLake(7, 8, 0.8), randomLake(7, 8, 0.8));
  assertEquals(randomLake(7, 3, 1).rows, ["SFF", "FFF", "FFG"]);
  const letters = Array.from({ length: 100 }, (_, seed) => randomLake(seed, 8, 0.8).rows.join(""));
  const holes = letters.join("").split("H").length - 1;
  // 1240 of 6200 expected before a few freeze over.
  assert(holes > 1050 && holes < 1300, `${holes} holes`);
});

Deno.test("distances go around the holes", () => {
  const lake = readLake(["SHF", "FHG", "FFF"]);
  assertEquals(distancesTo(lake), [5, Infinity, 1, 4, Infinity, 0, 3, 2, 1]);
});

Deno.test("what is no map is told what is wrong with it", () => {
  const wrong: [string[], string][] = [
    [[], "expected 1 to 16 rows of 1 to 16 cells, got 0 rows of 0"],
    [["SFG", "FF"], 'expected rows of 3 cells like the first, got "FF"'],
    [["SFX", "FFG"], 'got "SFX"'],
    [["SFF", "FFF"], "expected one G and one S or more, got 0 G and 1 S"],
    [["SGG"], "got 2 G and 1 S"],
    [["FFG"], "got 1 G and 0 S"],
    [["SHG", "FHF"], "there is none from cell 0"],
  ];
  for (const [rows, says] of wrong) {
    assertThrows(() => readLake(rows), RangeError, says);
  }
});
