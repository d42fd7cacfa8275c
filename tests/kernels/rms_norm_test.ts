/**
 * Root mean square normalisation: forward, derivatives, and the sizes where its sums are split.
 */
import { assertEquals, assertThrows } from "../../std/assert.ts";
import { rmsNorm, ShapeError, Tape, Tensor } from "../../kernels/kernels.ts";
import { Random } from "../../std/random.ts";
import { checkOperation, type Operation } from "./check_operation.ts";
import { assertClose } from "./close.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";
import * as reference from "./reference/rms_norm.ts";

const gpu = useGpu();
const EPSILON = 1e-5;

function operation(rows: number, columns: number): Operation {
  return {
    name: `rms norm ${rows}x${columns}`,
    shapes: [[rows, columns], [columns]],
    run: (tape, [x, weight]) => rmsNorm(tape, x!, weight!, EPSILON),
    forward: ([x, weight]) => reference.rmsNorm(x!, weight!, EPSILON),
    backward: ([x, weight], dy) => reference.rmsNormBackward(x!, weight!, dy, EPSILON),
  };
}

for (const storage of ["f32", "f16"] as const) {
  Deno.test(`rms norm in ${storage} and its derivatives equal float64`, () =>
    forAll(6, (random) => {
      const columns = 4 * between(random, 1, 40);
      return checkOperation(gpu(), random, operation(between(random, 1, 60), columns), storage);
    }));

  Deno.test(`rms norm in ${storage} sums derivatives over several chunks of 64 rows`, async () => {
    for (const rows of [64, 65, 200]) {
      await checkOperation(gpu(), new Random(rows), operation(rows, 8), storage);
    }
  });

  Deno.test(`rms norm in ${storage} of many rows reads textures where they are faster`, () =>
    forAll(4, async (random) => {
      const before = gpu().textures;
      const sizes = operation(between(random, 32, 150), 128 * between(random, 1, 3));
      await checkOperation(gpu(), random, sizes, storage);
      // x, weight, dy and the scales, of two runs.
      assertEquals(gpu().textures - before, gpu().device.adapter.software ? 8 : 0);
    }));
}

Deno.test("rms norm of a row of zeros is zeros, with finite derivatives", () =>
  checkOperation(gpu(), new Random(4), {
    ...operation(3, 8),
    data: [new Float32Array(24), numbers(new Random(5), 8)],
    // Slopes are of the size of 1 / √epsilon, some hundreds.
    tolerance: 1e-5,
  }));

const WIDEST = 131_068;

Deno.test("rms norm of the widest row is summed to its end", async () => {
  const wide = operation(1, WIDEST);
  const random = new Random(5);
  await gpu().run(async (tape) => {
    const data = wide.shapes.map((shape) => numbers(random, shape.at(-1)!));
    const inputs = data.map((input, i) => gpu().leaf(tape, input, wide.shapes[i]!));
    const exact = data.map((input) => Float64Array.from(input));
    const y = wide.run(tape, inputs);
    const [result] = await gpu().read([y]);
    assertClose(result!, wide.forward(exact), 1e-4, "result");
    const dy = numbers(random, WIDEST);
    y.gradient = tape.upload(dy, y.shape);
    tape.backward(y);
    const [slope] = await gpu().read([inputs[0]!.gradient!]);
    const expected = wide.backward(exact, Float64Array.from(dy))[0]!;
    assertClose(slope!, expected, 1e-4, "derivative");
  });
});

Deno.test("rms norm refuses shapes that do not fit or are beyond its loops", () => {
  const tape = new Tape(gpu().device);
  const claimed = (...shape: number[]) => new Tensor(shape, tape.empty([4]).buffer, 0, false);
  const refuses = (x: Tensor, width: number, message: string) =>
    assertThrows(() => rmsNorm(tape, x, claimed(width)), ShapeError, message);
  refuses(claimed(2, 6), 6, "multiple of 4");
  refuses(claimed(2, 8), 4, "weight (4)");
  refuses(claimed(1, WIDEST + 4), WIDEST + 4, `${WIDEST} columns`);
  refuses(claimed(65_535 * 64 + 1, 4), 4, "4194240 rows");
  tape.release();
});
