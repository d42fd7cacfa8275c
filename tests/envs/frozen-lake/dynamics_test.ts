import { assertEquals, assertThrows } from "../../../std/assert.ts";
import { letterAt, neighbour, outcomesOf } from "../../../envs/frozen-lake/dynamics.ts";
import { type MapName, namedLake, startCells } from "../../../envs/frozen-lake/maps.ts";
import fixture from "../../fixtures/frozen_lake_transitions.json" with { type: "json" };

for (const { map, rows, slippery, starts, transitions } of fixture.tables) {
  Deno.test(`${map}${slippery ? ", slippery" : ""}: every outcome is Gymnasium's, in its order`, () => {
    const lake = namedLake(map as MapName);
    assertEquals(lake.rows, rows);
    assertEquals(startCells(lake), starts);
    assertEquals(transitions.length, lake.height * lake.width);
    const own = transitions.map((row, cell) =>
      row.map((_, action) =>
        outcomesOf(lake, cell, action, slippery).map((outcome) => [
          outcome.probability,
          outcome.cell,
          outcome.reward,
          outcome.terminated,
        ])
      )
    );
    assertEquals(own, transitions);
  });
}

Deno.test("what is no cell or action is refused", () => {
  const lake = namedLake("4x4");
  for (const cell of [-1, 16, 1.5, NaN]) {
    assertThrows(() => letterAt(lake, cell), RangeError, "0 to 15");
  }
  assertThrows(() => neighbour(lake, 0, 4), RangeError, "0 to 3");
});
