/**
 * GELU in both forms, and its derivatives.
 */
import { assertEquals, assertLess, assertNotEquals } from "../../std/assert.ts";
import { gelu } from "../../kernels/kernels.ts";
import { checkOperation } from "./check_operation.ts";
import { assertClose } from "./close.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";
import * as reference from "./reference/gelu.ts";

const gpu = useGpu();

const FORMS = {
  tanh: { forward: reference.gelu, backward: reference.geluBackward },
  erf: { forward: reference.geluErf, backward: reference.geluErfBackward },
};

for (const form of ["tanh", "erf"] as const) {
  const { forward, backward } = FORMS[form];
  for (const storage of ["f32", "f16"] as const) {
    Deno.test(`gelu by ${form} in ${storage} and its derivative equal float64`, () =>
      forAll(6, (random) => {
        const shape = [between(random, 1, 40), between(random, 1, 90)];
        return checkOperation(gpu(), random, {
          name: `gelu by ${form} (${shape})`,
          shapes: [shape],
          data: [numbers(random, shape[0]! * shape[1]!, 3)],
          run: (tape, [x]) => gelu(tape, x!, form),
          forward: ([x]) => forward(x!),
          backward: ([x], dy) => [backward(x!, dy)],
        }, storage);
      }));
  }

  Deno.test(`gelu by ${form} of numbers of any size is finite: x above, 0 below`, () =>
    gpu().run(async (tape) => {
      const x = Float32Array.of(50, 1e4, 1e15, -50, -1e4, -1e15, 0);
      const input = gpu().leaf(tape, x, [7]);
      const y = gelu(tape, input, form);
      y.gradient = tape.upload(new Float32Array(7).fill(1));
      const values = await gpu().read([y]);
      assertEquals(values[0], Float32Array.of(50, 1e4, 1e15, -0, -0, -0, 0));
      tape.backward(y);
      const [slopes] = await gpu().read([input.gradient!]);
      assertClose(slopes!, [1, 1, 1, 0, 0, 0, 0.5], 1e-6, "slopes");
    }));
}

Deno.test("the default form of gelu is tanh", () =>
  gpu().run(async (tape) => {
    const x = tape.upload(Float32Array.of(-1.5, 2));
    const [first, second, third] = await gpu().read([
      gelu(tape, x),
      gelu(tape, x, "tanh"),
      gelu(tape, x, "erf"),
    ]);
    assertEquals(first, second);
    assertNotEquals(first, third);
  }));

Deno.test("the normal distribution within gelu is as exact as stated", () =>
  gpu().run(async (tape) => {
    const x = Float32Array.from({ length: 24_001 }, (_, i) => (i - 12_000) / 2000);
    const [y] = await gpu().read([gelu(tape, tape.upload(x), "erf")]);
    const exact = reference.geluErf(Float64Array.from(x));
    // Φ = y / x is off by at most 0.75e-7 by its formula, and by the roundings of some f32 steps.
    const worst = exact.reduce((most, value, i) => {
      return x[i] === 0 ? most : Math.max(most, Math.abs(y![i]! - value) / Math.abs(x[i]!));
    }, 0);
    assertLess(worst, 3e-7);
  }));

Deno.test("the reference's error function has the tabulated values", () => {
  const table = [[0, 0], [0.5, 0.5204998778130465], [1, 0.8427007929497149], [
    -2,
    -0.9953222650189527,
  ], [7, 1]];
  for (const [x, value] of table) assertClose([reference.erf(x!)], [value!], 1e-15, `erf(${x})`);
});
