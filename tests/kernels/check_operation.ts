/**
 * One op against its float64 reference: result, every input's derivative (overwriting and adding),
 * the reference's own derivative against finite differences, and the same bits when run again.
 *
 * With `storage: "f16"` all inputs, results and derivatives are stored as f16; the reference is given
 * the rounded inputs, so what differs is the rounding of results.
 * @module
 */
import type { Random } from "../../std/random.ts";
import { sizeOf, type Tape, type Tensor } from "../../kernels/kernels.ts";
import { assertClose, assertSameBits } from "./close.ts";
import type { Gpu } from "./gpu.ts";
import { numbers } from "./property.ts";

/** An op with one result, and what it should compute. */
export interface Operation {
  readonly name: string;
  /** Shapes of the differentiable inputs. */
  readonly shapes: readonly (readonly number[])[];
  /** Their elements. Default: random, of about unit size. */
  readonly data?: readonly Float32Array<ArrayBuffer>[];
  run(tape: Tape, inputs: readonly Tensor[]): Tensor;
  forward(inputs: readonly Float64Array[]): Float64Array;
  /** Derivatives of Σ dy · y by each input. */
  backward(
    inputs: readonly Float64Array[],
    dy: Float64Array,
  ): readonly Float64Array[];
  /** Of f32 against f64, as {@linkcode assertClose} understands it. Default 2e-5. */
  readonly tolerance?: number;
  /** The same of f16, which has 11 significant bits. Default 2e-3. */
  readonly halfTolerance?: number;
}

type Storage = "f32" | "f16";

interface Given {
  readonly storage: Storage;
  readonly data: readonly Float32Array<ArrayBuffer>[];
  readonly dy: Float32Array<ArrayBuffer>;
  /** Derivatives the inputs have already; undefined where the op is the first. */
  readonly earlier: readonly (Float32Array<ArrayBuffer> | undefined)[];
}

function runOnce(
  gpu: Gpu,
  operation: Operation,
  given: Given,
): Promise<Float32Array<ArrayBuffer>[]> {
  const { storage } = given;
  return gpu.run((tape) => {
    const inputs = operation.shapes.map((shape, i) => {
      const input = gpu.leaf(tape, given.data[i]!, shape, storage);
      const earlier = given.earlier[i];
      if (earlier !== undefined) input.gradient = gpu.leaf(tape, earlier, shape, storage);
      return input;
    });
    const y = operation.run(tape, inputs);
    y.gradient = gpu.leaf(tape, given.dy, y.shape, y.type === "f16" ? "f16" : "f32");
    const result = gpu.read([y]);
    tape.backward(y);
    const gradients = gpu.read(inputs.map((input) => input.gradient!));
    return Promise.all([result, gradients]).then((all) => all.flat());
  }, { storage });
}

/** Derivative of Σ dy · y by one element, by central differences. */
function slopeAt(
  operation: Operation,
  inputs: readonly Float64Array[],
  dy: Float64Array,
  at: { readonly input: number; readonly element: number },
): number {
  const step = 1e-5;
  const lossAt = (shift: number) => {
    const moved = inputs.map((input) => input.slice());
    moved[at.input]![at.element]! += shift;
    return operation.forward(moved).reduce((sum, y, i) => sum + y * dy[i]!, 0);
  };
  return (lossAt(step) - lossAt(-step)) / (2 * step);
}

/** Runs an op on random inputs and asserts all that the module's header lists. */
export async function checkOperation(
  gpu: Gpu,
  random: Random,
  operation: Operation,
  storage: Storage = "f32",
): Promise<void> {
  const { shapes } = operation;
  const name = storage === "f16" ? `${operation.name} in f16` : operation.name;
  const tolerance = storage === "f16"
    ? operation.halfTolerance ?? 2e-3
    : operation.tolerance ?? 2e-5;
  const stored = (values: Float32Array<ArrayBuffer>) =>
    storage === "f16" ? Float32Array.from(Float16Array.from(values)) : values;
  const data = (operation.data ?? shapes.map((shape) => numbers(random, sizeOf(shape))))
    .map(stored);
  const inputs = data.map((input) => Float64Array.from(input));
  const expected = operation.forward(inputs);
  const dy = stored(numbers(random, expected.length));
  const earlier = shapes.map((shape) =>
    random.next() < 0.5 ? undefined : stored(numbers(random, sizeOf(shape)))
  );
  const given = { storage, data, dy, earlier };
  const first = await runOnce(gpu, operation, given);
  const second = await runOnce(gpu, operation, given);
  assertClose(first[0]!, expected, tolerance, `${name}, result`);
  const slopes = operation.backward(inputs, Float64Array.from(dy));
  for (const [i, slope] of slopes.entries()) {
    const what = `${name}, derivative by input ${i} (${shapes[i]})`;
    const total = slope.map((value, j) => value + (earlier[i]?.[j] ?? 0));
    assertClose(first[i + 1]!, total, tolerance, what);
    const element = random.below(slope.length);
    const measured = slopeAt(operation, inputs, Float64Array.from(dy), {
      input: i,
      element,
    });
    assertClose([slope[element]!], [measured], 1e-6, `reference: ${what}`);
  }
  first.forEach((numbers, i) =>
    assertSameBits(second[i]!, numbers, `${name}, run again, output ${i}`)
  );
}
