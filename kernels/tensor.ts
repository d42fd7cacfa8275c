/**
 * A tensor: a shape over a slice of a GPU buffer. Row-major, 32-bit elements.
 * @module
 */
import { requireShape } from "./errors.ts";

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** A dense row-major tensor of 32-bit elements (f32, or u32 for indices) on the device. */
export class Tensor {
  /** Where the loss's derivative by this tensor is collected; undefined until it is needed. */
  gradient: Tensor | undefined;

  /** Wraps a slice of a buffer; the buffer holds at least `sizeOf(shape)` elements from the offset. */
  constructor(
    readonly shape: readonly number[],
    readonly buffer: GPUBuffer,
    /** Byte offset of the first element; a multiple of 256. */
    readonly offset: number,
    /** True where backward must reach this tensor. */
    readonly requiresGradient: boolean,
  ) {}

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Bytes of the elements. */
  get byteLength(): number {
    return this.size * 4;
  }

  /** Product of all extents but the last. */
  get rows(): number {
    return this.columns === 0 ? 0 : this.size / this.columns;
  }

  /** The last extent. */
  get columns(): number {
    return this.shape.at(-1) ?? 1;
  }

  /** The same elements under another shape of the same size. Shares buffer, not gradient. */
  reshape(shape: readonly number[]): Tensor {
    requireShape(
      sizeOf(shape) === this.size,
      `cannot view (${this.shape}) as (${shape}): ${this.size} elements against ${sizeOf(shape)}`,
    );
    return new Tensor(shape, this.buffer, this.offset, this.requiresGradient);
  }
}
