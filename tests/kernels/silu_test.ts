/**
 * SiLU, the product it gates in two tensors and in one, and their derivatives.
 */
import { assertEquals, assertThrows } from "../../std/assert.ts";
import { ShapeError, silu, siluGate, siluGatePacked, Tape } from "../../kernels/kernels.ts";
import { checkOperation, type Operation } from "./check_operation.ts";
import { assertClose } from "./close.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";
import * as reference from "./reference/silu.ts";

const gpu = useGpu();

/** The halves of the rows of x (rows, 2 · columns). */
function halves(x: Float64Array, columns: number): [Float64Array, Float64Array] {
  const at = (i: number, shift: number) =>
    2 * columns * Math.floor(i / columns) + i % columns + shift;
  const half = (shift: number) => new Float64Array(x.length / 2).map((_, i) => x[at(i, shift)]!);
  return [half(0), half(columns)];
}

/** The inverse of {@linkcode halves}. */
function joined(columns: number, left: Float64Array, right: Float64Array): Float64Array {
  const x = new Float64Array(2 * left.length);
  for (let at = 0; at < left.length; at += columns) {
    x.set(left.subarray(at, at + columns), 2 * at);
    x.set(right.subarray(at, at + columns), 2 * at + columns);
  }
  return x;
}

function two(rows: number, columns: number): Operation {
  return {
    name: `silu gate ${rows}x${columns}`,
    shapes: [[rows, columns], [rows, columns]],
    run: (tape, [gate, up]) => siluGate(tape, gate!, up!),
    forward: ([gate, up]) => reference.siluGate(gate!, up!),
    backward: ([gate, up], dy) => reference.siluGateBackward(gate!, up!, dy),
  };
}

function packed(rows: number, columns: number): Operation {
  return {
    name: `silu gate of halves ${rows}x${columns}`,
    shapes: [[rows, 2 * columns]],
    run: (tape, [x]) => siluGatePacked(tape, x!),
    forward: ([x]) => reference.siluGate(...halves(x!, columns)),
    backward: ([x], dy) => [
      joined(columns, ...reference.siluGateBackward(...halves(x!, columns), dy)),
    ],
  };
}

for (const storage of ["f32", "f16"] as const) {
  Deno.test(`silu in ${storage} and its derivative equal float64`, () =>
    forAll(6, (random) => {
      const shape = [between(random, 1, 40), between(random, 1, 90)];
      return checkOperation(gpu(), random, {
        name: `silu (${shape})`,
        shapes: [shape],
        data: [numbers(random, shape[0]! * shape[1]!, 4)],
        run: (tape, [x]) => silu(tape, x!),
        forward: ([x]) => reference.silu(x!),
        backward: ([x], dy) => [reference.siluBackward(x!, dy)],
      }, storage);
    }));

  Deno.test(`silu gates in ${storage} and its derivatives equal float64`, () =>
    forAll(6, async (random) => {
      const [rows, columns] = [between(random, 1, 31), 4 * between(random, 1, 30)];
      await checkOperation(gpu(), random, two(rows, columns), storage);
      await checkOperation(gpu(), random, packed(rows, columns), storage);
    }));

  Deno.test(`silu gates in ${storage} of many rows read textures where they are faster`, () =>
    forAll(2, async (random) => {
      const [rows, columns] = [between(random, 32, 70), 128 * between(random, 1, 2)];
      const start = gpu().textures;
      await checkOperation(gpu(), random, two(rows, columns), storage);
      const middle = gpu().textures;
      await checkOperation(gpu(), random, packed(rows, columns), storage);
      // Gate, up and dy, or x and dy, of two runs.
      const taken = [middle - start, gpu().textures - middle];
      assertEquals(taken, gpu().device.adapter.software ? [6, 4] : [0, 0]);
    }));
}

Deno.test("silu of numbers of any size is finite: x above, 0 below", () =>
  gpu().run(async (tape) => {
    const x = Float32Array.of(90, 1e4, 1e15, -90, -1e4, -1e15, 0);
    const input = gpu().leaf(tape, x, [7]);
    const y = silu(tape, input);
    y.gradient = tape.upload(new Float32Array(7).fill(1));
    const values = await gpu().read([y]);
    assertClose(values[0]!, [90, 1e4, 1e15, 0, 0, 0, 0], 1e-6, "values");
    tape.backward(y);
    const [slopes] = await gpu().read([input.gradient!]);
    assertClose(slopes!, [1, 1, 1, 0, 0, 0, 0.5], 1e-6, "slopes");
  }));

Deno.test("silu gates refuse shapes and gradients that do not fit", () => {
  const tape = new Tape(gpu().device);
  const refuses = (run: () => unknown, message: string) => assertThrows(run, ShapeError, message);
  const gate = tape.empty([3, 8], { requiresGradient: true });
  refuses(() => siluGate(tape, gate, gate), "two tensors");
  refuses(() => siluGate(tape, gate, tape.empty([3, 4], { requiresGradient: true })), "(3,4)");
  refuses(() => siluGate(tape, gate, tape.empty([3, 8])), "both with gradients");
  refuses(() => siluGate(tape, tape.empty([3, 6]), tape.empty([3, 6])), "multiple of 4");
  refuses(() => siluGatePacked(tape, tape.empty([3, 12])), "multiple of 4");
  refuses(() => siluGatePacked(tape, tape.empty([3, 9])), "multiple of 4");
  tape.release();
});
