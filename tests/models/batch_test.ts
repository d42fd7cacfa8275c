import { ShapeError } from "../../kernels/kernels.ts";
import { packSequences } from "../../models/batch.ts";
import { assertEquals, assertThrows } from "../../std/assert.ts";

Deno.test("packed sequences: one after another, each with positions and spans of its own", () => {
  const packed = packSequences([[7, 8, 9], [4], [5, 6]], 3);
  assertEquals([...packed.tokens], [7, 8, 9, 4, 5, 6]);
  assertEquals([...packed.positions], [0, 1, 2, 0, 0, 1]);
  assertEquals([...packed.lastRows], [2, 3, 5]);
  // Of each row: itself, the first row of its sequence, the end of its sequence, 0.
  const spans = [[0, 0, 3, 0], [1, 0, 3, 0], [2, 0, 3, 0], [3, 3, 4, 0], [4, 4, 6, 0], [
    5,
    4,
    6,
    0,
  ]];
  assertEquals([...packed.spans], spans.flat());
});

Deno.test("packed sequences: an empty or too long one is named", () => {
  assertThrows(() => packSequences([[1], []], 4), ShapeError, "sequence 1 has 0 tokens");
  assertThrows(() => packSequences([[1, 2, 3]], 2), ShapeError, "sequence 0 has 3 tokens");
  assertEquals([...packSequences([[1, 2]], 2).lastRows], [1]);
});
