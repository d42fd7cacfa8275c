/**
 * GELU and its derivative.
 */
import { assertEquals } from "../../std/assert.ts";
import { gelu } from "../../kernels/kernels.ts";
import { checkOperation } from "./check_operation.ts";
import { assertClose } from "./close.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";
import * as reference from "./reference/gelu.ts";

const gpu = useGpu();

for (const storage of ["f32", "f16"] as const) {
  Deno.test(`gelu in ${storage} and its derivative equal float64`, () =>
    forAll(6, (random) => {
      const shape = [between(random, 1, 40), between(random, 1, 90)];
      return checkOperation(gpu(), random, {
        name: `gelu (${shape})`,
        shapes: [shape],
        data: [numbers(random, shape[0]! * shape[1]!, 3)],
        run: (tape, [x]) => gelu(tape, x!),
        forward: ([x]) => reference.gelu(x!),
        backward: ([x], dy) => [reference.geluBackward(x!, dy)],
      }, storage);
    }));
}

Deno.test("gelu of numbers of any size is finite: x above, 0 below", () =>
  gpu().run(async (tape) => {
    const x = Float32Array.of(50, 1e4, 1e15, -50, -1e4, -1e15, 0);
    const input = gpu().leaf(tape, x, [7]);
    const y = gelu(tape, input);
    y.gradient = tape.upload(new Float32Array(7).fill(1));
    const values = await gpu().read([y]);
    assertEquals(values[0], Float32Array.of(50, 1e4, 1e15, -0, -0, -0, 0));
    tape.backward(y);
    const [slopes] = await gpu().read([input.gradient!]);
    assertClose(slopes!, [1, 1, 1, 0, 0, 0, 0.5], 1e-6, "slopes");
  }));
