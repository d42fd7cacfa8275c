/**
 * The op of `kernels/ADDING_AN_OP.md`, tested as the page shows it; and that the page shows this code.
 */
import { assertEquals, assertThrows } from "../../std/assert.ts";
import { requireShape } from "../../kernels/errors.ts";
import { defineKernel } from "../../kernels/kernel.ts";
import { ShapeError, Tape, type Tensor } from "../../kernels/kernels.ts";
import { checkOperation } from "./check_operation.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll } from "./property.ts";

const gpu = useGpu();

// From here to the next such line the code is that of the page.

/** `y = max(x, 0)² · z`, element by element, in float64. */
function referenceReluGate(x: Float64Array, z: Float64Array): Float64Array {
  return x.map((value, i) => Math.max(value, 0) ** 2 * z[i]!);
}

/** Derivatives of Σ dy · y by x and z. */
function referenceReluGateBackward(x: Float64Array, z: Float64Array, dy: Float64Array) {
  return [
    x.map((value, i) => dy[i]! * 2 * Math.max(value, 0) * z[i]!),
    x.map((value, i) => dy[i]! * Math.max(value, 0) ** 2),
  ];
}

for (const storage of ["f32", "f16"] as const) {
  Deno.test(`reluGate in ${storage} and its derivatives equal float64`, () =>
    forAll(6, (random) => {
      const shape = [between(random, 1, 40), between(random, 1, 90)];
      return checkOperation(gpu(), random, {
        name: `reluGate (${shape})`,
        shapes: [shape, shape],
        run: (tape, [x, z]) => reluGate(tape, x!, z!),
        forward: ([x, z]) => referenceReluGate(x!, z!),
        backward: ([x, z], dy) => referenceReluGateBackward(x!, z!, dy),
      }, storage);
    }));
}

Deno.test("reluGate refuses shapes that differ", () => {
  const tape = new Tape(gpu().device);
  const [x, z] = [tape.empty([2, 3]), tape.empty([3, 2])];
  assertThrows(() => reluGate(tape, x, z), ShapeError, "x (2,3) and z (3,2)");
  tape.release();
});

const forwardKernel = defineKernel({
  label: "relu gate",
  bindings: { x: "read float4", z: "read float4", y: "write float4" },
  parameters: {},
  workgroupSize: 64,
  body: `let r = max(vec4f(x[index]), vec4f());
y[index] = y_t(r * r * vec4f(z[index]));`,
});

/** One input's derivative is `dy` times this. */
const slopes = { x: "2.0 * r * vec4f(z[index])", z: "r * r" };

function backwardKernel(by: "x" | "z") {
  return defineKernel({
    label: `relu gate backward, ${by}`,
    bindings: {
      x: "read float4",
      z: "read float4",
      dy: "read float4",
      out: "write float4",
    },
    parameters: { accumulate: "u32" },
    workgroupSize: 64,
    body: `let r = max(vec4f(x[index]), vec4f());
var value = vec4f(dy[index]) * ${slopes[by]};
if (p.accumulate == 1u) { value += vec4f(out[index]); }
out[index] = out_t(value);`,
  });
}

const backwardKernels = { x: backwardKernel("x"), z: backwardKernel("z") };

/** `y = max(x, 0)² · z`, element by element; x and z of the same shape. Throws a ShapeError. */
function reluGate(tape: Tape, x: Tensor, z: Tensor): Tensor {
  requireShape(
    x.rows === z.rows && x.columns === z.columns,
    `relu gate: x (${x.shape}) and z (${z.shape}) need the same shape`,
  );
  const y = tape.result(x.shape, x.requiresGradient || z.requiresGradient);
  tape.device.stream.dispatch(forwardKernel, { x, z, y }, {}, Math.ceil(x.size / 4));
  tape.record(y, (dy) => reluGateBackward(tape, { x, z, dy }));
  return y;
}

function reluGateBackward(tape: Tape, tensors: { x: Tensor; z: Tensor; dy: Tensor }): void {
  for (const by of ["x", "z"] as const) {
    const target = tape.target(tensors[by]);
    if (target === undefined) continue;
    const { gradient: out, accumulate } = target;
    const count = Math.ceil(out.size / 4);
    tape.device.stream.dispatch(backwardKernels[by], { ...tensors, out }, { accumulate }, count);
  }
}

// To here.

Deno.test("the page on adding an op shows this file's code", async () => {
  const page = await Deno.readTextFile(new URL("../../kernels/ADDING_AN_OP.md", import.meta.url));
  const shown = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!.trimEnd());
  const file = await Deno.readTextFile(new URL(import.meta.url));
  const [, code] = /^\/\/ From here .*?$(.*?)^\/\/ To here\.$/ms.exec(file)!;
  assertEquals(shown.join("\n\n"), code!.trim());
});
