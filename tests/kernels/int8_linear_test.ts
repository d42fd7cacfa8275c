/**
 * Frozen int8 matrices: products, derivatives, rounding, and low-rank adapters trained above them.
 */
import { assert, assertEquals, assertThrows } from "../../std/assert.ts";
import {
  Device,
  gatherRows,
  int8Linear,
  Int8Matrix,
  linear,
  ShapeError,
  Tape,
} from "../../kernels/kernels.ts";
import { quantize } from "../../kernels/ops/int8_linear.ts";
import { tuningFor } from "../../kernels/tuning.ts";
import { Random } from "../../std/random.ts";
import { checkOperation, type Operation } from "./check_operation.ts";
import { assertClose } from "./close.ts";
import { Gpu, useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";
import * as linearReference from "./reference/linear.ts";
import { matmul } from "./reference/matmul.ts";

const gpu = useGpu();

/** What the device computes with: rounded rows, in float64. */
function rounded(data: Float32Array, columns: number): Float64Array {
  const { values, scales } = quantize(data, columns);
  return Float64Array.from(values, (value, i) => value / 127 * scales[Math.floor(i / columns)]!);
}

interface Case {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly transposed: boolean;
}

function caseOf(random: Random): Case {
  const transposed = random.next() < 0.5;
  const fours = () => 4 * between(random, 1, 50);
  const odd = () => between(random, 1, 150);
  return {
    rows: between(random, 1, 60),
    inputs: transposed ? fours() : odd(),
    outputs: transposed ? odd() : fours(),
    transposed,
  };
}

function operation(on: Gpu, random: Random, given: Case, release: (() => void)[]): Operation {
  const { rows, inputs, outputs, transposed } = given;
  const shape = transposed ? [outputs, inputs] as const : [inputs, outputs] as const;
  const data = numbers(random, inputs * outputs);
  const matrix = new Int8Matrix(on.device, data, shape);
  release.push(() => matrix.release());
  const weight = rounded(data, shape[1]);
  const sizes = { rows, columns: outputs, depth: inputs };
  const bias = numbers(random, outputs);
  return {
    name: `int8 ${JSON.stringify(given)}`,
    shapes: [[rows, inputs], [rows, outputs]],
    run: (tape, [x, residual]) =>
      int8Linear(tape, x!, matrix, { transposed, bias: tape.upload(bias), residual: residual! }),
    forward: ([x, residual]) =>
      matmul({ ...sizes, transposes: transposed ? "NT" : "NN" }, x!, weight)
        .map((value, i) => value + bias[i % outputs]! + residual![i]!),
    backward: (_, dy) => {
      const back = { rows, columns: inputs, depth: outputs };
      return [matmul({ ...back, transposes: transposed ? "NN" : "NT" }, dy, weight), dy];
    },
  };
}

function checkCases(on: Gpu, cases: number, storage: "f32" | "f16"): Promise<void> {
  return forAll(cases, async (random) => {
    const release: (() => void)[] = [];
    await checkOperation(on, random, operation(on, random, caseOf(random), release), storage);
    release.forEach((free) => free());
  });
}

for (const storage of ["f32", "f16"] as const) {
  Deno.test(`int8 products in ${storage}, and their derivative, equal float64`, () =>
    checkCases(gpu(), 5, storage));
}

Deno.test("int8 products with tiles of a workgroup equal float64", () => {
  const { device } = gpu();
  const tuning = { ...tuningFor({ software: true }), matmul: "workgroup" as const };
  return checkCases(new Gpu(new Device(device.gpu, device.adapter, tuning)), 4, "f32");
});

Deno.test("rounding errs by at most half a step of its row, and keeps rows of zeros", () => {
  const random = new Random(1);
  const data = numbers(random, 40, 3).map((value, i) => i < 8 ? 0 : value);
  const exact = rounded(data, 8);
  const { values, scales } = quantize(data, 8);
  data.forEach((value, i) => {
    const step = scales[Math.floor(i / 8)]! / 127;
    assert(Math.abs(exact[i]! - value) <= step / 2 * 1.00001, `${value} became ${exact[i]}`);
  });
  assertEquals([...values.slice(0, 8)], new Array(8).fill(0));
  assert(values.some((value) => Math.abs(value) === 127));
});

Deno.test("low-rank adapters train above a frozen int8 matrix", () =>
  gpu().run(async (tape) => {
    // y = x W + (x A) B: derivatives reach A and B, and the base's buffers stay as they were.
    const [rows, inputs, outputs, rank] = [9, 20, 12, 4];
    const random = new Random(2);
    const data = numbers(random, inputs * outputs);
    const base = new Int8Matrix(gpu().device, data, [inputs, outputs]);
    const before = await gpu().device.stream.readBytes(base.values);
    const [x, a, b, dy] = [rows * inputs, inputs * rank, rank * outputs, rows * outputs]
      .map((count) => numbers(random, count));
    const input = tape.upload(x!, [rows, inputs]);
    const left = gpu().leaf(tape, a!, [inputs, rank]);
    const right = gpu().leaf(tape, b!, [rank, outputs]);
    const y = linear(tape, linear(tape, input, left), right, {
      residual: int8Linear(tape, input, base),
    });
    y.gradient = tape.upload(dy!, y.shape);
    const [result] = await gpu().read([y]);
    tape.backward(y);
    const [xs, as, bs, ds] = [x, a, b, dy].map((values) => Float64Array.from(values!));
    const inner = matmul({ transposes: "NN", rows, columns: rank, depth: inputs }, xs!, as!);
    const outer = { rows, columns: outputs, depth: rank };
    const frozen = { rows, columns: outputs, depth: inputs };
    const expected = linearReference.linear(
      outer,
      inner,
      bs!,
      undefined,
      matmul({ ...frozen, transposes: "NN" }, xs!, rounded(data, outputs)),
    );
    assertClose(result!, expected, 2e-5, "result");
    const [toInner, toRight] = linearReference.linearBackward(outer, inner, bs!, ds!);
    const [, toLeft] = linearReference.linearBackward(
      { rows, columns: rank, depth: inputs },
      xs!,
      as!,
      toInner,
    );
    const [gradientA, gradientB] = await gpu().read([left.gradient!, right.gradient!]);
    assertClose(gradientA!, toLeft, 2e-5, "derivative by A");
    assertClose(gradientB!, toRight, 2e-5, "derivative by B");
    assertEquals(await gpu().device.stream.readBytes(base.values), before);
    base.release();
  }));

Deno.test("int8 refuses what does not fit", () => {
  const { device } = gpu();
  const refuses = (run: () => unknown, message: string) => assertThrows(run, ShapeError, message);
  refuses(() => new Int8Matrix(device, new Float32Array(6), [1, 6]), "multiple of 4");
  refuses(
    () => new Int8Matrix(device, new Float32Array(6), [2, 4]),
    "6 elements do not fill (2,4)",
  );
  const tape = new Tape(device);
  const matrix = new Int8Matrix(device, new Float32Array(8), [2, 4]);
  refuses(() => int8Linear(tape, tape.empty([3, 5]), matrix), "(3,5) and (2,4) do not multiply");
  refuses(() => gatherRows(tape, matrix.values, Uint32Array.of(0)), "holds i8");
  matrix.release();
  refuses(() => int8Linear(tape, tape.empty([3, 2]), matrix), "was given back");
  tape.release();
});
