/**
 * A device that computes nothing: its pool counts, and its stream forgets. What a program would
 * allocate is found by running that program itself on it, so there is no second account of an op's
 * memory that could go stale.
 * @module
 */
import { Device } from "./device.ts";
import { GpuError } from "./errors.ts";
import type { Stream } from "./stream.ts";

/** What a dry device copies: a {@linkcode Device} is one. */
export interface DeviceModel extends Pick<Device, "adapter" | "tuning"> {
  /** What the adapter can do. */
  readonly gpu: Pick<GPUDevice, "limits" | "features">;
}

function nothing(): void {}

function noNumbers(): Promise<never> {
  return Promise.reject(new GpuError("a dry device computes nothing, so nothing can be read"));
}

/** Keeps nothing of what it is given. */
const dryStream: Stream = {
  dispatches: 0,
  dispatch: nothing,
  copy: nothing,
  copyToTexture: nothing,
  clear: nothing,
  write: nothing,
  flush: nothing,
  settle: () => Promise.resolve(),
  read: noNumbers,
  readIndices: noNumbers,
  readBytes: noNumbers,
};

/** Sizes in place of memory. */
function dryGpu({ limits, features }: DeviceModel["gpu"]): GPUDevice {
  const gpu = {
    limits,
    features,
    lost: new Promise(nothing),
    addEventListener: nothing,
    pushErrorScope: nothing,
    popErrorScope: () => Promise.resolve(null),
    createBuffer: ({ size, label }: GPUBufferDescriptor) => ({ size, label }),
    createTexture: ({ size, format }: GPUTextureDescriptor) => {
      const [width, height] = size as number[];
      return { width, height, format };
    },
    destroy: nothing,
  };
  // Of a GPUDevice these are the members that a device with its own stream is asked for.
  return gpu as unknown as GPUDevice;
}

/** A dry device with the limits, features and tile sizes of another. */
export function dryDevice({ gpu, adapter, tuning }: DeviceModel): Device {
  return new Device(dryGpu(gpu), adapter, tuning, dryStream);
}
