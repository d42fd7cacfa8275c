/**
 * The precision models are trained in. With f16 weights, results and derivatives are stored in half
 * the memory; the optimiser keeps the weights in f32 beside them, and those are what is saved.
 * @module
 */
import { type Device, LimitError, type Parameters } from "../kernels/kernels.ts";

/** How numbers are stored while a model is trained; kernels compute in f32 all the same. */
export type Precision = "f32" | "f16";

/**
 * What a loss is multiplied by where derivatives are stored as f16, which vanish below 6e-8 and end at
 * 65,504: those of a mean over a batch are small, so there is more room above than below.
 */
const HALF_LOSS_SCALE = 1024;

/** What to multiply a loss by before backward; the optimiser takes it out again. */
export function lossScaleOf({ storage }: Pick<Parameters, "storage">): number {
  return storage === "f16" ? HALF_LOSS_SCALE : 1;
}

/** Throws a LimitError where the adapter cannot store numbers so. */
export function requirePrecision(
  { adapter, halfPrecision }: Pick<Device, "adapter" | "halfPrecision">,
  precision: Precision,
): void {
  if (precision === "f32" || halfPrecision) return;
  throw new LimitError(
    `precision f16 needs an adapter with shader-f16, and ${adapter.description} has none; use ` +
      `precision: f32`,
  );
}
