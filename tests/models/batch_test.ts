import { ShapeError } from "../../kernels/kernels.ts";
import { packSequences } from "../../models/batch.ts";
import { assertEquals, assertThrows } from "../../std/assert.ts";

Deno.test("packed sequences: one after another, each with positions and spans of its own", () => {
  const packed = packSequences([[7, 8, 9], [4], [5, 6]], 3);
  assertEquals([...packed.tokens], [7, 8, 9, 4, 5, 6]);
  assertEquals([...packed.positions], [0, 1, 2, 0, 0, 1]);
  assertEquals([...packed.lastRows], [2, 3, 5]);
  assertEquals(packed.spans, [
    { row: 0, queries: 3, first: 0 },
    { row: 3, queries: 1, first: 3 },
    { row: 4, queries: 2, first: 4 },
  ]);
});

Deno.test("packed sequences: an empty or too long one is named", () => {
  assertThrows(() => packSequences([[1], []], 4), ShapeError, "sequence 1 has 0 tokens");
  assertThrows(() => packSequences([[1, 2, 3]], 2), ShapeError, "sequence 0 has 3 tokens");
  assertEquals([...packSequences([[1, 2]], 2).lastRows], [1]);
});
