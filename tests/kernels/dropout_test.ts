/**
 * Dropout: the mask bit by bit, the derivative through the same mask, and that the mask looks random.
 */
import { assertEquals, assertLess, assertThrows } from "../../std/assert.ts";
import { dropout, Tape } from "../../kernels/kernels.ts";
import { checkOperation } from "./check_operation.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll } from "./property.ts";
import * as reference from "./reference/dropout.ts";

const gpu = useGpu();

/** What the device keeps of `count` ones. */
function maskOf(
  count: number,
  rate: number,
  seed: number,
  storage: "f32" | "f16" = "f32",
): Promise<boolean[]> {
  return gpu().run(async (tape) => {
    const ones = gpu().leaf(tape, new Float32Array(count).fill(1), [count], storage);
    const [y] = await gpu().read([dropout(tape, ones, { rate, seed })]);
    return Array.from(y!, (value) => value !== 0);
  }, { storage });
}

for (const storage of ["f32", "f16"] as const) {
  Deno.test(`dropout in ${storage} and its derivative equal float64`, () =>
    forAll(6, (random) => {
      const shape = [between(random, 1, 40), between(random, 1, 90)];
      const rate = random.pick([0.1, 0.5, 0.9]);
      const seed = random.below(2 ** 32);
      return checkOperation(gpu(), random, {
        name: `dropout of (${shape}) at ${rate} by ${seed}`,
        shapes: [shape],
        run: (tape, [x]) => dropout(tape, x!, { rate, seed }),
        forward: ([x]) => reference.dropout(x!, rate, seed),
        backward: (_, dy) => [reference.dropout(dy, rate, seed)],
      }, storage);
    }));

  Deno.test(`the mask of dropout in ${storage} is the reference's, element by element`, async () => {
    for (const seed of [0, 1, 0xffff_ffff]) {
      assertEquals(
        await maskOf(9_999, 0.3, seed, storage),
        reference.dropoutMask(9_999, 0.3, seed),
      );
    }
  });
}

/** Share of elements that hold. */
function share(mask: readonly boolean[]): number {
  return mask.filter((kept) => kept).length / mask.length;
}

Deno.test("dropout keeps its share, whatever a neighbour or another seed keeps", async () => {
  const count = 200_000;
  const rate = 0.3;
  const [one, two] = [await maskOf(count, rate, 1), await maskOf(count, rate, 2)];
  const both = (shift: number, other: readonly boolean[]) =>
    share(one.map((kept, i) => kept && other[(i + shift) % count]!));
  // Five deviations of a share of 0.7, and of one of 0.49, among 200,000.
  assertLess(Math.abs(share(one) - 0.7), 5 * Math.sqrt(0.7 * 0.3 / count));
  const bound = 5 * Math.sqrt(0.49 * 0.51 / count);
  for (const shift of [1, 2, 3, 4, 64, 1024]) {
    assertLess(Math.abs(both(shift, one) - 0.49), bound, `${shift} elements further`);
  }
  for (const shift of [0, 1, 4]) {
    assertLess(Math.abs(both(shift, two) - 0.49), bound, `seed 2, ${shift} elements further`);
  }
});

Deno.test("dropout at rate 0 is the tensor itself, and other rates and seeds are refused", () => {
  const tape = new Tape(gpu().device);
  const x = tape.empty([3]);
  assertEquals(dropout(tape, x, { rate: 0, seed: 1 }) === x, true);
  const refuses = (rate: number, seed: number, message: string) =>
    assertThrows(() => dropout(tape, x, { rate, seed }), RangeError, message);
  refuses(1, 1, "got 1");
  refuses(-0.1, 1, "got -0.1");
  refuses(NaN, 1, "got NaN");
  refuses(0.5, 2 ** 32, "got 4294967296");
  refuses(0.5, 0.5, "got 0.5");
  tape.release();
});
