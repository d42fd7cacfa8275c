/**
 * Layer normalisation: forward, derivatives, and the sizes where its sums are split.
 */
import { assertEquals, assertThrows } from "../../std/assert.ts";
import { Device, layerNorm, ShapeError, Tape, Tensor } from "../../kernels/kernels.ts";
import { PANEL_ROWS } from "../../kernels/images.ts";
import { Random } from "../../std/random.ts";
import { checkOperation, type Operation } from "./check_operation.ts";
import { assertClose } from "./close.ts";
import { Gpu, useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";
import * as reference from "./reference/layer_norm.ts";

const gpu = useGpu();
const EPSILON = 1e-5;

function operation(rows: number, columns: number): Operation {
  return {
    name: `layer norm ${rows}x${columns}`,
    shapes: [[rows, columns], [columns], [columns]],
    run: (tape, [x, weight, bias]) => layerNorm(tape, x!, weight!, bias!, EPSILON),
    forward: ([x, weight, bias]) => reference.layerNorm(x!, weight!, bias!, EPSILON),
    backward: ([x, weight], dy) => reference.layerNormBackward(x!, weight!, dy, EPSILON),
  };
}

for (const storage of ["f32", "f16"] as const) {
  Deno.test(`layer norm in ${storage} and its derivatives equal float64`, () =>
    forAll(6, (random) => {
      const columns = 4 * between(random, 2, 40);
      return checkOperation(gpu(), random, operation(between(random, 1, 60), columns), storage);
    }));

  Deno.test(`layer norm in ${storage} sums derivatives over several chunks of 64 rows`, async () => {
    for (const rows of [64, 65, 200]) {
      await checkOperation(gpu(), new Random(rows), operation(rows, 8), storage);
    }
  });

  Deno.test(`layer norm in ${storage} of many rows reads textures where they are faster`, () =>
    forAll(4, async (random) => {
      const before = gpu().textures;
      const sizes = operation(between(random, 32, 150), 128 * between(random, 1, 3));
      await checkOperation(gpu(), random, sizes, storage);
      // x, weight, bias, dy and the statistics, of two runs.
      assertEquals(gpu().textures - before, gpu().device.adapter.software ? 10 : 0);
    }));

  Deno.test(`layer norm in ${storage} of many rows reads buffers where the tuning says so`, () => {
    const { device } = gpu();
    const tuning = { ...device.tuning, readFrom: "buffers" as const };
    const on = new Gpu(new Device(device.gpu, device.adapter, tuning));
    return forAll(2, async (random) => {
      await checkOperation(on, random, operation(between(random, 32, 150), 128), storage);
      assertEquals(on.textures, 0);
    });
  });

  Deno.test(`layer norm in ${storage} of more rows than one panel of a texture holds`, () =>
    checkOperation(gpu(), new Random(8), operation(PANEL_ROWS + 70, 64), storage));
}

Deno.test("layer norm of numbers far from zero keeps its precision", () => {
  const random = new Random(3);
  const x = numbers(random, 5 * 64).map((value) => 100 + value);
  return checkOperation(gpu(), random, {
    ...operation(5, 64),
    data: [x, numbers(random, 64), numbers(random, 64)],
    // The mean of numbers near 100 is known to 1e-5 in f32, against a deviation of 0.6.
    tolerance: 2e-4,
  });
});

Deno.test("layer norm of more rows than 65,535 workgroups of 8 normalises every row", () =>
  gpu().run(async (tape) => {
    const rows = 65_535 * 8 + 3;
    const x = new Float32Array(rows * 4).map((_, i) => i % 4);
    const ones = tape.upload(new Float32Array(4).fill(1));
    const input = tape.upload(x, [rows, 4]);
    const zeros = tape.upload(new Float32Array(4));
    const y = layerNorm(tape, input, ones, zeros);
    const [normed] = await gpu().read([y]);
    const row = reference.layerNorm(
      Float64Array.of(0, 1, 2, 3),
      new Float64Array(4).fill(1),
      new Float64Array(4),
      EPSILON,
    );
    const expected = new Float64Array(rows * 4).map((_, i) => row[i % 4]!);
    assertClose(normed!, expected, 1e-5, "result");
  }));

const WIDEST = 87_376;

Deno.test("layer norm of the widest row is summed to its end", async () => {
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

Deno.test("layer norm refuses shapes that do not fit or are beyond its loops", () => {
  const tape = new Tape(gpu().device);
  const claimed = (...shape: number[]) => new Tensor(shape, tape.empty([4]).buffer, 0, false);
  const refuses = (x: Tensor, width: number, message: string) =>
    assertThrows(
      () => layerNorm(tape, x, claimed(width), claimed(width)),
      ShapeError,
      message,
    );
  refuses(claimed(2, 6), 6, "multiple of 4");
  refuses(claimed(2, 8), 4, "weight (4)");
  refuses(claimed(1, WIDEST + 4), WIDEST + 4, `${WIDEST} columns`);
  refuses(claimed(65_535 * 64 + 1, 4), 4, "4194240 rows");
  tape.release();
});

Deno.test("layer norm refuses a weight and a bias of which one alone is frozen", () => {
  const tape = new Tape(gpu().device);
  const weight = tape.empty([8], { requiresGradient: true });
  assertThrows(
    () => layerNorm(tape, tape.empty([2, 8]), weight, tape.empty([8])),
    ShapeError,
    "trained or frozen together",
  );
  tape.release();
});
