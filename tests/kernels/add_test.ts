/**
 * Addition of two tensors and its derivatives.
 */
import { assertThrows } from "../../std/assert.ts";
import { add, gelu, ShapeError, Tape } from "../../kernels/kernels.ts";
import { checkOperation } from "./check_operation.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll } from "./property.ts";
import { gelu as geluReference, geluBackward } from "./reference/gelu.ts";

const gpu = useGpu();

for (const storage of ["f32", "f16"] as const) {
  Deno.test(`sums in ${storage} and their derivatives equal float64`, () =>
    forAll(4, (random) => {
      const shape = [between(random, 1, 30), between(random, 1, 30)];
      return checkOperation(gpu(), random, {
        name: `add (${shape})`,
        shapes: [shape, shape],
        run: (tape, [a, b]) => add(tape, a!, b!),
        forward: ([a, b]) => a!.map((value, i) => value + b![i]!),
        backward: (_, dy) => [dy, dy],
      }, storage);
    }));

  for (const first of [true, false]) {
    const place = first ? "left" : "right";
    Deno.test(`a residual in ${storage}, ${place} of its own branch, gets both derivatives`, () =>
      forAll(2, (random) => {
        const shape = [between(random, 1, 30), between(random, 1, 30)];
        return checkOperation(gpu(), random, {
          name: `h + gelu(h), h = gelu(x) (${shape})`,
          shapes: [shape],
          run: (tape, [x]) => {
            const h = gelu(tape, x!);
            return first ? add(tape, h, gelu(tape, h)) : add(tape, gelu(tape, h), h);
          },
          forward: ([x]) => {
            const h = geluReference(x!);
            return geluReference(h).map((value, i) => value + h[i]!);
          },
          backward: ([x], dy) => {
            const h = geluReference(x!);
            const branch = geluBackward(h, dy);
            return [geluBackward(x!, dy.map((value, i) => value + branch[i]!))];
          },
        }, storage);
      }));
  }
}

Deno.test("a tensor added to itself gets twice the derivative", () =>
  forAll(2, (random) => {
    const shape = [between(random, 1, 30), 3];
    return checkOperation(gpu(), random, {
      name: `x + x (${shape})`,
      shapes: [shape],
      run: (tape, [x]) => {
        const h = gelu(tape, x!);
        return add(tape, h, h);
      },
      forward: ([x]) => geluReference(x!).map((value) => 2 * value),
      backward: ([x], dy) => [geluBackward(x!, dy).map((value) => 2 * value)],
    });
  }));

Deno.test("add refuses tensors of different shapes", () => {
  const tape = new Tape(gpu().device);
  assertThrows(
    () => add(tape, tape.empty([2, 3]), tape.empty([3, 2])),
    ShapeError,
    "(2,3) does not fit (3,2)",
  );
  tape.release();
});
