/**
 * Errors of the compute layer. Each says what was asked, what happened and what to do.
 * @module
 */

/** No usable WebGPU adapter. The message ends with the one command that mends it. */
export class NoAdapterError extends Error {
  /** The class's name, for messages. */
  override readonly name = "NoAdapterError";
}

/** The device rejected work: a validation error, an exhausted memory, a lost device. */
export class GpuError extends Error {
  /** The class's name, for messages. */
  override readonly name = "GpuError";
}

/** Shapes that do not fit together, or exceed what a kernel can do. */
export class ShapeError extends Error {
  /** The class's name, for messages. */
  override readonly name = "ShapeError";
}

/** A NaN or an infinity where training needs a number. */
export class NonFiniteError extends Error {
  /** The class's name, for messages. */
  override readonly name = "NonFiniteError";
}

/** Throws a {@linkcode ShapeError} unless `condition` holds. */
export function requireShape(
  condition: boolean,
  message: string,
): asserts condition {
  if (!condition) throw new ShapeError(message);
}
