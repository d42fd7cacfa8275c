/**
 * Rows of a table and their gradient, and rows placed in a larger tensor.
 */
import { assert, assertEquals, assertThrows } from "../../std/assert.ts";
import { gatherRows, placeRows, ShapeError, Tape } from "../../kernels/kernels.ts";
import { Random } from "../../std/random.ts";
import { checkOperation } from "./check_operation.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";
import * as reference from "./reference/gather_rows.ts";

const gpu = useGpu();

function indicesOf(random: Random, count: number, below: number): Uint32Array {
  return Uint32Array.from({ length: count }, () => random.below(below));
}

for (const storage of ["f32", "f16"] as const) {
  Deno.test(`gathered rows in ${storage}, repeated ones too, and their gradient equal float64`, () =>
    forAll(6, (random) => {
      const [rows, columns] = [between(random, 1, 9), 4 * between(random, 1, 30)];
      const indices = indicesOf(random, between(random, 1, 40), rows);
      return checkOperation(gpu(), random, {
        name: `gather ${indices.length} of ${rows}x${columns}`,
        shapes: [[rows, columns]],
        run: (tape, [table]) => gatherRows(tape, table!, indices),
        forward: ([table]) => reference.gatherRows(table!, columns, indices),
        backward: (_, dy) => [
          reference.gatherRowsBackward(rows * columns, columns, indices, dy),
        ],
      }, storage);
    }));

  Deno.test(`the gradient of many rows in ${storage} is read from a texture where that is faster`, () =>
    forAll(2, async (random) => {
      const [rows, columns] = [between(random, 1, 9), 128];
      const indices = indicesOf(random, between(random, 32, 60), rows);
      const before = gpu().textures;
      await checkOperation(gpu(), random, {
        name: `gather ${indices.length} of ${rows}x${columns}`,
        shapes: [[rows, columns]],
        run: (tape, [table]) => gatherRows(tape, table!, indices),
        forward: ([table]) => reference.gatherRows(table!, columns, indices),
        backward: (_, dy) => [
          reference.gatherRowsBackward(rows * columns, columns, indices, dy),
        ],
      }, storage);
      assertEquals(gpu().textures - before, gpu().device.adapter.software ? 2 : 0);
    }));

  Deno.test(`rows in ${storage} of a second table are added, and both tables get gradients`, () =>
    forAll(4, (random) => {
      const [rowsA, rowsB] = [between(random, 1, 9), between(random, 1, 9)];
      const [count, columns] = [
        between(random, 1, 40),
        4 * between(random, 1, 9),
      ];
      const a = indicesOf(random, count, rowsA);
      const b = indicesOf(random, count, rowsB);
      return checkOperation(gpu(), random, {
        name: `gather ${count} of ${rowsA} and of ${rowsB}`,
        shapes: [[rowsA, columns], [rowsB, columns]],
        run: (tape, [tableA, tableB]) => gatherRows(tape, tableB!, b, gatherRows(tape, tableA!, a)),
        forward: ([tableA, tableB]) => {
          const added = reference.gatherRows(tableB!, columns, b);
          return reference.gatherRows(tableA!, columns, a)
            .map((value, i) => value + added[i]!);
        },
        backward: (_, dy) => [
          reference.gatherRowsBackward(rowsA * columns, columns, a, dy),
          reference.gatherRowsBackward(rowsB * columns, columns, b, dy),
        ],
      }, storage);
    }));
}

Deno.test("rows are gathered by indices the device holds", () =>
  gpu().run(async (tape) => {
    const table = tape.upload(numbers(new Random(1), 5 * 8), [5, 8]);
    const indices = Uint32Array.of(4, 0, 4);
    const y = gatherRows(tape, table, tape.upload(indices));
    assertEquals(y.shape, [3, 8]);
    const [known, taken] = await gpu().read([
      gatherRows(tape, table, indices),
      y,
    ]);
    assertEquals(taken, known);
  }));

/** Sums the gradients of `count` references to one row of a table. */
function sumOfReferences(count: number): Promise<Float32Array> {
  return gpu().run(async (tape) => {
    const table = tape.empty([2, 4], { requiresGradient: true });
    const y = gatherRows(tape, table, new Uint32Array(count).fill(1));
    y.gradient = tape.upload(new Float32Array(count * 4).fill(1), y.shape);
    tape.backward(y);
    return await tape.device.stream.read(table.gradient!);
  });
}

Deno.test("a row referenced as often as a loop can go gets its whole gradient", async () => {
  const most = 65_535;
  const sums = Float32Array.from({ length: 8 }, (_, i) => i < 4 ? 0 : most);
  assertEquals(await sumOfReferences(most), sums);
});

Deno.test("a row referenced more often than that is refused", async () => {
  let refusal: unknown;
  await sumOfReferences(65_536).catch((error) => refusal = error);
  assert(refusal instanceof ShapeError, `got ${refusal}`);
  assert(refusal.message.includes("row 1"), refusal.message);
});

Deno.test("gatherRows refuses tables, indices and sums that do not fit", () => {
  const tape = new Tape(gpu().device);
  const table = tape.empty([3, 8], { requiresGradient: true });
  const refuses = (run: () => unknown, message: string) => assertThrows(run, ShapeError, message);
  const two = Uint32Array.of(0, 2);
  refuses(() => gatherRows(tape, tape.empty([3, 6]), two), "multiple of 4");
  refuses(() => gatherRows(tape, table, Uint32Array.of(3)), "index 3");
  const tall = tape.empty([3, 8], { requiresGradient: true });
  refuses(() => gatherRows(tape, table, two, tall), "cannot take 2 rows");
  const constant = tape.empty([2, 8]);
  refuses(() => gatherRows(tape, table, two, constant), "no gradient");
  const y = gatherRows(tape, table, tape.upload(two));
  y.gradient = tape.empty(y.shape);
  refuses(() => tape.backward(y), "the processor knows");
  tape.release();
});

Deno.test("a tape without gradients adds rows of a trainable table to anything", () =>
  gpu().run(async (tape) => {
    const table = tape.device.empty([1, 4], { requiresGradient: true });
    const row = Float32Array.of(1, 2, 3, 4);
    tape.device.gpu.queue.writeBuffer(table.buffer, 0, row);
    const constant = tape.upload(new Float32Array(4).fill(10), [1, 4]);
    const y = gatherRows(tape, table, Uint32Array.of(0), constant);
    assertEquals(await gpu().read([y]), [Float32Array.of(11, 12, 13, 14)]);
    tape.device.stream.flush();
    tape.device.pool.release(table.buffer);
  }, { gradients: false }));

for (const [from, to] of [["f32", "f32"], ["f16", "f16"], ["f16", "f32"]] as const) {
  Deno.test(`placed rows in ${from} stand in ${to} at their places, other rows untouched`, () =>
    forAll(4, async (random) => {
      const [rows, columns] = [between(random, 3, 30), 4 * between(random, 1, 30)];
      const places = Uint32Array.from(random.shuffle([...Array(rows).keys()]))
        .slice(0, between(random, 1, rows));
      const halves = () => Float32Array.from(Float16Array.from(numbers(random, rows * columns)));
      const x = halves().subarray(0, places.length * columns);
      const before = halves();
      const expected = before.slice();
      places.forEach((place, i) =>
        expected.set(x.subarray(i * columns, (i + 1) * columns), place * columns)
      );
      await gpu().run(async (tape) => {
        const y = gpu().leaf(tape, before, [rows, columns], to);
        const source = gpu().leaf(tape, x, [places.length, columns], from);
        placeRows(tape, source, places, y);
        assertEquals(await gpu().read([y]), [expected]);
      });
    }));
}

Deno.test("placeRows refuses places and shapes that do not fit", () => {
  const tape = new Tape(gpu().device);
  const y = tape.empty([3, 8]);
  const refuses = (shape: number[], places: number[]) =>
    assertThrows(
      () => placeRows(tape, tape.empty(shape), Uint32Array.from(places), y),
      ShapeError,
      `does not fit at ${places.length} places of (3,8)`,
    );
  refuses([2, 8], [0, 3]);
  refuses([2, 8], [0]);
  refuses([1, 4], [0]);
  tape.release();
});
