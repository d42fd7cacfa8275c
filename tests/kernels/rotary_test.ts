/**
 * Rotary positions over packed queries, keys and values, and their derivative.
 */
import { assertEquals, assertThrows } from "../../std/assert.ts";
import {
  rotary,
  rotaryFrequencies,
  type RotaryScaling,
  rotaryTable,
  ShapeError,
  Tape,
} from "../../kernels/kernels.ts";
import { Random } from "../../std/random.ts";
import { checkOperation, type Operation } from "./check_operation.ts";
import { assertClose } from "./close.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll } from "./property.ts";
import * as reference from "./reference/rotary.ts";

const gpu = useGpu();

interface Layout {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly theta?: number;
}

function operation(positions: Uint32Array, layout: Layout): Operation {
  const { heads, keyValueHeads, headDim, theta } = layout;
  const frequency = reference.frequencyOf(headDim, theta ?? 10_000);
  const sizes = { heads, keyValueHeads, headDim, positions, frequency };
  return {
    name: `rotary at (${positions}), ${JSON.stringify(layout)}`,
    shapes: [[positions.length, (heads + 2 * keyValueHeads) * headDim]],
    run: (tape, [x]) => rotary(tape, x!, rotaryTable(tape, positions, layout), layout),
    forward: ([x]) => reference.rotary(sizes, x!),
    backward: (_, dy) => [reference.rotaryBackward(sizes, dy)],
  };
}

function positionsOf(random: Random, rows: number): Uint32Array {
  return Uint32Array.from({ length: rows }, () => random.below(random.pick([4, 100, 100_000])));
}

for (const storage of ["f32", "f16"] as const) {
  Deno.test(`rotary in ${storage} and its derivative equal float64`, () =>
    forAll(6, (random) => {
      const keyValueHeads = between(random, 1, 3);
      const layout = {
        keyValueHeads,
        heads: keyValueHeads * between(random, 1, 3),
        headDim: random.pick([8, 24, 40]),
        ...(random.next() < 0.5 ? {} : { theta: 500_000 }),
      };
      const positions = positionsOf(random, between(random, 1, 40));
      return checkOperation(gpu(), random, operation(positions, layout), storage);
    }));

  Deno.test(`rotary in ${storage} of many rows reads textures where they are faster`, async () => {
    const before = gpu().textures;
    const random = new Random(2);
    const sizes = operation(positionsOf(random, 45), { heads: 4, keyValueHeads: 2, headDim: 64 });
    await checkOperation(gpu(), random, sizes, storage);
    // x, dy and the table, of two runs.
    assertEquals(gpu().textures - before, gpu().device.adapter.software ? 6 : 0);
  });
}

Deno.test("a row at position 0 is not turned, and values never are", () =>
  gpu().run(async (tape) => {
    const row = Float32Array.from({ length: 24 }, (_, i) => i + 1);
    const x = tape.upload(Float32Array.from([...row, ...row]), [2, 24]);
    const table = rotaryTable(tape, Uint32Array.of(0, 7), { headDim: 8 });
    const [y] = await gpu().read([rotary(tape, x, table, { heads: 1, keyValueHeads: 1 })]);
    assertEquals(y!.slice(0, 24), row);
    assertEquals(y!.slice(24 + 16), row.slice(16));
  }));

Deno.test("scaled frequencies are kept where fast, divided where slow, blended between", () => {
  // As Llama 3.1 does it: wavelengths below 8192 / 4 are kept, above 8192 / 1 divided by 8.
  const scaling: RotaryScaling = {
    factor: 8,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalPositions: 8192,
  };
  const options = { headDim: 128, theta: 500_000 };
  const plain = rotaryFrequencies(options);
  const scaled = rotaryFrequencies({ ...options, scaling });
  const expected = plain.map((frequency) => {
    const wavelength = 2 * Math.PI / frequency;
    if (wavelength < 8192 / 4) return frequency;
    if (wavelength > 8192) return frequency / 8;
    const smooth = (8192 / wavelength - 1) / (4 - 1);
    return (1 - smooth) * frequency / 8 + smooth * frequency;
  });
  assertClose(scaled, expected, 1e-14, "frequencies");
  const blended = scaled.filter((f, i) => f < plain[i]! * 0.999 && f > plain[i]! / 8 * 1.001);
  assertEquals(blended.length > 0 && scaled[0] === plain[0], true);
  assertClose([scaled[63]!], [plain[63]! / 8], 1e-14, "the slowest");
});

Deno.test("rotary refuses heads and angles that do not fit", () => {
  const tape = new Tape(gpu().device);
  const refuses = (run: () => unknown, message: string) => assertThrows(run, ShapeError, message);
  refuses(() => rotaryTable(tape, Uint32Array.of(0), { headDim: 12 }), "multiple of 8");
  const table = rotaryTable(tape, Uint32Array.of(0, 1), { headDim: 8 });
  const layout = { heads: 2, keyValueHeads: 1 };
  refuses(() => rotary(tape, tape.empty([2, 24]), table, layout), "2 + 2 · 1 heads");
  refuses(() => rotary(tape, tape.empty([3, 32]), table, layout), "(3,32)");
  refuses(() => rotary(tape, tape.empty([2, 16]), tape.empty([2, 4]), layout), "(2,4)");
  tape.release();
});
