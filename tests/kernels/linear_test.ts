/**
 * Affine maps: forward and all derivatives, on texture and plain shapes.
 */
import { assertThrows } from "../../std/assert.ts";
import {
  ACTIVATIONS,
  linear,
  linearTransposed,
  ShapeError,
  sizeOf,
  Tape,
} from "../../kernels/kernels.ts";
import type { Random } from "../../std/random.ts";
import { checkOperation } from "./check_operation.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll } from "./property.ts";
import * as reference from "./reference/linear.ts";
import { gelu, geluBackward, geluErf, geluErfBackward } from "./reference/gelu.ts";
import { columnSums, matmul } from "./reference/matmul.ts";
import { silu, siluBackward } from "./reference/silu.ts";

const gpu = useGpu();

const STORAGES = ["f32", "f16"] as const;

/** Half of the cases have extents that textures hold in all three products of a training step. */
function sizesOf(random: Random): reference.LinearSizes {
  const rows = between(random, 1, 70);
  return random.next() < 0.5
    ? {
      rows,
      columns: 64 * between(random, 1, 2),
      depth: 64 * between(random, 1, 2),
    }
    : { rows, columns: between(random, 1, 50), depth: between(random, 1, 50) };
}

for (const storage of STORAGES) {
  Deno.test(`linear with bias and residual in ${storage}, and its derivatives, equal float64`, () =>
    forAll(6, (random) => {
      const sizes = sizesOf(random);
      const { rows, columns, depth } = sizes;
      return checkOperation(gpu(), random, {
        name: `linear ${rows}x${depth}x${columns}`,
        shapes: [[rows, depth], [depth, columns], [columns], [rows, columns]],
        run: (tape, [x, weight, bias, residual]) =>
          linear(tape, x!, weight!, { bias: bias!, residual: residual! }),
        forward: ([x, weight, bias, residual]) =>
          reference.linear(sizes, x!, weight!, bias, residual),
        backward: ([x, weight], dy) => reference.linearBackward(sizes, x!, weight!, dy),
      }, storage);
    }));
}

for (const storage of STORAGES) {
  Deno.test(`linear without bias or residual in ${storage}, and its derivatives, equal float64`, () =>
    forAll(3, (random) => {
      const sizes = sizesOf(random);
      const { rows, columns, depth } = sizes;
      return checkOperation(gpu(), random, {
        name: `linear ${rows}x${depth}x${columns}`,
        shapes: [[rows, depth], [depth, columns]],
        run: (tape, [x, weight]) => linear(tape, x!, weight!),
        forward: ([x, weight]) => reference.linear(sizes, x!, weight!),
        backward: ([x, weight], dy) => reference.linearBackward(sizes, x!, weight!, dy).slice(0, 2),
      }, storage);
    }));
}

for (const storage of STORAGES) {
  Deno.test(`linearTransposed in ${storage} and its derivatives equal float64`, () =>
    forAll(5, (random) => {
      const { rows, columns, depth } = sizesOf(random);
      const forward = { rows, columns, depth };
      const toX = { rows, columns: depth, depth: columns };
      const toTable = { rows: columns, columns: depth, depth: rows };
      return checkOperation(gpu(), random, {
        name: `linearTransposed ${rows}x${depth}x${columns}`,
        shapes: [[rows, depth], [columns, depth]],
        run: (tape, [x, table]) => linearTransposed(tape, x!, table!),
        forward: ([x, table]) => matmul({ ...forward, transposes: "NT" }, x!, table!),
        backward: ([x, table], dy) => [
          matmul({ ...toX, transposes: "NN" }, dy, table!),
          matmul({ ...toTable, transposes: "TN" }, dy, x!),
        ],
      }, storage);
    }));
}

Deno.test("linear refuses a residual of another size", () => {
  const tape = new Tape(gpu().device);
  const [x, weight] = [tape.empty([2, 3]), tape.empty([3, 5])];
  assertThrows(
    () => linear(tape, x, weight, { residual: tape.empty([2, 4]) }),
    ShapeError,
    "residual (2,4) does not fit the result (2,5)",
  );
  tape.release();
});

const ACTIVATION_REFERENCES = {
  gelu: [gelu, geluBackward],
  geluErf: [geluErf, geluErfBackward],
  silu: [silu, siluBackward],
} as const;

for (const activation of ACTIVATIONS) {
  const [apply, carryBack] = ACTIVATION_REFERENCES[activation];
  for (const storage of STORAGES) {
    Deno.test(`linear with ${activation} in ${storage}, and its derivatives, equal float64`, () =>
      forAll(3, (random) => {
        const sizes = sizesOf(random);
        const { rows, columns, depth } = sizes;
        return checkOperation(gpu(), random, {
          name: `${activation} of linear ${rows}x${depth}x${columns}`,
          shapes: [[rows, depth], [depth, columns], [columns]],
          // The slope is taken at a product that was rounded to f16.
          halfTolerance: 4e-3,
          run: (tape, [x, weight, bias]) => linear(tape, x!, weight!, { bias: bias!, activation }),
          forward: ([x, weight, bias]) => apply(reference.linear(sizes, x!, weight!, bias)),
          backward: ([x, weight, bias], dy) => {
            const before = reference.linear(sizes, x!, weight!, bias);
            return reference.linearBackward(sizes, x!, weight!, carryBack(before, dy)).slice(0, 3);
          },
        }, storage);
      }));
  }
}

for (const storage of STORAGES) {
  Deno.test(`linearTransposed in ${storage} with a bias sums its derivative`, () =>
    forAll(3, (random) => {
      const { rows, columns, depth } = sizesOf(random);
      return checkOperation(gpu(), random, {
        name: `linearTransposed with bias ${rows}x${depth}x${columns}`,
        shapes: [[columns]],
        run: (tape, [bias]) => {
          const [x, table] = [[rows, depth], [columns, depth]].map((shape) =>
            tape.upload(new Float32Array(sizeOf(shape)), shape)
          );
          return linearTransposed(tape, x!, table!, { bias: bias! });
        },
        forward: ([bias]) =>
          Float64Array.from({ length: rows * columns }, (_, i) => bias![i % columns]!),
        backward: (_, dy) => [columnSums(dy, columns)],
      }, storage);
    }));
}
