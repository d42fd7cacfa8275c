/**
 * A tensor: a shape over a slice of a GPU buffer. Row-major.
 * @module
 */
import { requireShape } from "./errors.ts";
import type { KeptImages } from "./images.ts";

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** How an element is stored: f32, u32 (indices), f16 or i8 (less memory; kernels compute in f32). */
export type ElementType = "f32" | "u32" | "f16" | "i8";

/** Bytes of one element. */
export function bytesOf(type: ElementType): number {
  return { f32: 4, u32: 4, f16: 2, i8: 1 }[type];
}

/** What a new tensor is to be. */
export interface TensorOptions {
  /** Whether backward must reach it. Default false. */
  readonly requiresGradient?: boolean;
  /** Default f32. */
  readonly type?: ElementType;
  /** Name in error messages. Default: its shape alone. */
  readonly label?: string;
  /** It stays for long: its memory is of its own size, not of a size class. Default false. */
  readonly exact?: boolean;
}

/** A dense row-major tensor on the device. */
export class Tensor {
  /** Where the loss's derivative by this tensor is collected; undefined until it is needed. */
  gradient: Tensor | undefined;
  /** Where its image outlives a tape; undefined for temporaries. */
  keptImages: KeptImages | undefined;
  /** True once its memory went back to the pool: it can no longer be used. */
  released = false;

  /** Wraps a slice of a buffer; the buffer holds at least `sizeOf(shape)` elements from the offset. */
  constructor(
    readonly shape: readonly number[],
    readonly buffer: GPUBuffer,
    /** Byte offset of the first element; a multiple of 256. */
    readonly offset: number,
    /** True where backward must reach this tensor. */
    readonly requiresGradient: boolean,
    /** How its elements are stored. */
    readonly type: ElementType = "f32",
  ) {}

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Bytes of the elements. */
  get byteLength(): number {
    return this.size * bytesOf(this.type);
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
    return new Tensor(shape, this.buffer, this.offset, this.requiresGradient, this.type);
  }
}
