/**
 * Errors of the compute layer. Each says what was asked, what happened and what to do.
 * @module
 */

/** No usable WebGPU adapter. The message ends with the one command that mends it. */
export class NoAdapterError extends Error {
  /** The class's name, for messages. */
  override readonly name = "NoAdapterError";
}

/**
 * The device rejected work. What has a name of its own is one of the classes below; what has none,
 * such as a validation error, is this one.
 */
export class GpuError extends Error {
  /** The class's name, for messages. */
  override readonly name: string = "GpuError";
}

/** The device has no memory left for what was asked. */
export class OutOfMemoryError extends GpuError {
  /** The class's name, for messages. */
  override readonly name = "OutOfMemoryError";
}

/** The device is gone, and all it held with it. A new one can be requested in the same process. */
export class DeviceLostError extends GpuError {
  /** The class's name, for messages. */
  override readonly name = "DeviceLostError";
}

/** What was asked exceeds a limit of the adapter, or a budget, and was not tried. */
export class LimitError extends GpuError {
  /** The class's name, for messages. */
  override readonly name = "LimitError";
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

/** A number of bytes as messages give it: `134,217,728 bytes`. */
export function inBytes(bytes: number): string {
  return `${bytes.toLocaleString("en-US")} bytes`;
}
