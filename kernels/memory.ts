/**
 * How much memory a training step will take, known before it starts.
 * @module
 */
import type { Device } from "./device.ts";
import { type DeviceModel, dryDevice } from "./dry.ts";
import { inBytes, LimitError } from "./errors.ts";
import { AdamW } from "./optimizers/adamw.ts";
import type { Parameters } from "./parameters.ts";
import { Tape, type TapeOptions } from "./tape.ts";

/** What a training step holds at its peak, in bytes. */
export interface TrainingMemory {
  /** Values, and their f16 copies where there are any. */
  readonly parameters: number;
  /** Gradients of parameters. */
  readonly gradients: number;
  /** AdamW's moments and helpers. */
  readonly optimizer: number;
  /** Results of ops, their derivatives, and what ops keep for backward. */
  readonly activations: number;
  /** Tensors as textures. */
  readonly textures: number;
  /** All of it. */
  readonly total: number;
}

/** A model and one step of its training. */
export interface TrainingStep {
  /** Of the model, trainable. */
  readonly parameters: Parameters;
  /** Forward and backward of the largest batch. */
  run(tape: Tape): void;
}

/**
 * Predicts a training step's memory by a dry run of it: `prepare` makes the model on the device it is
 * given, which computes nothing. Throws a LimitError where a tensor exceeds the limits of `device`.
 */
export function predictMemory(
  device: DeviceModel,
  prepare: (dry: Device) => TrainingStep,
  options: TapeOptions = {},
): TrainingMemory {
  const dry = dryDevice(device);
  const { pool } = dry;
  const step = prepare(dry);
  const held = pool.allocatedBytes;
  const gradients = step.parameters.arenas.reduce(
    (sum, arena) => sum + (arena.gradients?.buffer.size ?? 0),
    0,
  );
  // Its constructor allocates all it will ever use.
  new AdamW(dry, step.parameters);
  const optimizer = pool.allocatedBytes - held;
  const tape = new Tape(dry, options);
  step.run(tape);
  tape.release();
  const { allocatedBytes: total, textureBytes: textures } = pool;
  return {
    parameters: held - gradients,
    gradients,
    optimizer,
    activations: total - textures - held - optimizer,
    textures,
    total,
  };
}

/**
 * Bytes a training may take on this device, what it holds already included: of a software adapter the
 * system's free memory, where the program may ask for it (`--allow-sys=systemMemoryInfo`). WebGPU
 * does not tell how much memory a GPU has: undefined.
 */
export function memoryBudget({ adapter, pool }: Device): number | undefined {
  if (!adapter.software) return undefined;
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" });
  if (state !== "granted") return undefined;
  return Deno.systemMemoryInfo().available + pool.allocatedBytes;
}

/** Throws a LimitError with all numbers where a training needs more than `budget` bytes. */
export function requireMemory(needed: TrainingMemory, budget: number | undefined): void {
  if (budget === undefined || needed.total <= budget) return;
  const parts = (["parameters", "gradients", "optimizer", "activations", "textures"] as const)
    .map((part) => `${part} ${inBytes(needed[part])}`);
  throw new LimitError(
    `a training step needs ${inBytes(needed.total)} (${parts.join(", ")}), but there are ` +
      `${inBytes(budget)}; use a smaller batch or model, or checkpoints`,
  );
}
