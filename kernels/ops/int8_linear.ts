/**
 * Weight-only int8: a frozen matrix in a quarter of the memory, for a base model under low-rank
 * adapters (Dettmers et al. 2022, vector-wise quantisation with one scale a row).
 * @module
 */
import type { Device } from "../device.ts";
import { requireShape } from "../errors.ts";
import { defineKernel, ELEMENTWISE } from "../kernel.ts";
import { KeptImages } from "../images.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { addInto } from "./add.ts";
import { matmul } from "./matmul/matmul.ts";

/** A frozen matrix (R, C): row r is `values[r] / 127 · scales[r]`. C is a multiple of 4. */
export class Int8Matrix {
  /** (R, C) i8, from -127 to 127 */
  readonly values: Tensor;
  /** (R) f32: the largest magnitude of each row */
  readonly scales: Tensor;
  readonly #images: KeptImages;

  /** Rounds `data` (R, C) to the nearest of 255 steps a row. Throws a ShapeError where it does not fit. */
  constructor(
    private readonly device: Device,
    data: Float32Array,
    shape: readonly [number, number],
  ) {
    const [rows, columns] = shape;
    requireShape(
      data.length === rows * columns && columns % 4 === 0,
      `int8: ${data.length} elements do not fill (${shape}), whose columns are a multiple of 4`,
    );
    const { values, scales } = quantize(data, columns);
    this.scales = device.upload(scales);
    this.values = device.empty(shape, { type: "i8" });
    device.stream.write(this.values, values);
    this.#images = new KeptImages(device);
    this.values.keptImages = this.#images;
  }

  /** Gives the buffers back to the pool. */
  release(): void {
    this.device.stream.flush();
    this.#images.clear();
    for (const tensor of [this.values, this.scales]) {
      tensor.released = true;
      this.device.pool.release(tensor.buffer);
    }
  }
}

/** Rows as whole numbers up to 127 and the magnitude that 127 stands for. */
export function quantize(
  data: Float32Array,
  columns: number,
): { values: Int8Array<ArrayBuffer>; scales: Float32Array<ArrayBuffer> } {
  const values = new Int8Array(data.length);
  const scales = new Float32Array(data.length / columns);
  for (let row = 0; row < scales.length; row++) {
    const start = row * columns;
    let most = 0;
    for (let i = start; i < start + columns; i++) most = Math.max(most, Math.abs(data[i]!));
    scales[row] = most;
    for (let i = start; i < start + columns && most > 0; i++) {
      values[i] = Math.round(data[i]! / most * 127);
    }
  }
  return { values, scales };
}

const scaleColumnsKernel = defineKernel({
  label: "scale columns",
  bindings: {
    x: "read float", // (M, C)
    scales: "read f32", // (C)
    y: "write float", // (M, C)
  },
  parameters: { columns: "u32" },
  workgroupSize: ELEMENTWISE,
  body: "y[index] = y_t(f32(x[index]) * scales[index % p.columns]);",
});

/** `y (M, C) = x (M, C) · diag(scales (C))` */
function scaleColumns(tape: Tape, x: Tensor, scales: Tensor): Tensor {
  const y = tape.empty(x.shape, { type: x.type });
  const bindings = { x, scales, y };
  tape.device.stream.dispatch(scaleColumnsKernel, bindings, { columns: x.columns }, x.size);
  return y;
}

/** What a frozen linear map may add. */
export interface Int8LinearOptions {
  /** True for weights stored as (outputs, inputs). Default false: (inputs, outputs). */
  readonly transposed?: boolean;
  /** (N), frozen too. */
  readonly bias?: Tensor;
  /** (M, N), added to the result. */
  readonly residual?: Tensor;
}

/**
 * `y (M, N) = x (M, K) · weight [+ bias] [+ residual]` with a frozen weight; derivatives reach x and
 * the residual. The scales of its rows multiply x's columns, or the result's where it is transposed.
 */
export function int8Linear(
  tape: Tape,
  x: Tensor,
  weight: Int8Matrix,
  options: Int8LinearOptions = {},
): Tensor {
  const { transposed = false, bias, residual } = options;
  const columns = transposed ? weight.values.rows : weight.values.columns;
  const requires = x.requiresGradient || residual?.requiresGradient === true;
  const y = tape.result([x.rows, columns], requires);
  multiply(tape, x, weight, transposed, {
    out: y,
    ...(bias === undefined ? {} : { bias }),
    ...(residual === undefined ? {} : { residual }),
  });
  tape.record(y, (dy) => {
    const toX = tape.target(x);
    if (toX !== undefined) {
      const { gradient: out, accumulate } = toX;
      multiply(tape, dy, weight, !transposed, { out, accumulate });
    }
    if (residual !== undefined) {
      tape.handOver(dy, residual, (target) => addInto(tape, dy, target));
    }
  });
  return y;
}

/** The product with the matrix, or with its transpose. */
function multiply(
  tape: Tape,
  x: Tensor,
  { values, scales }: Int8Matrix,
  transposed: boolean,
  rest: {
    readonly out: Tensor;
    readonly bias?: Tensor;
    readonly residual?: Tensor;
    readonly accumulate?: 0 | 1;
  },
): void {
  if (transposed) return matmul(tape, { transposes: "NT", a: x, b: values, scales, ...rest });
  requireShape(
    x.columns === scales.size,
    `int8: (${x.shape}) and (${values.shape}) do not multiply`,
  );
  matmul(tape, { transposes: "NN", a: scaleColumns(tape, x, scales), b: values, ...rest });
}
