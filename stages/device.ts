/**
 * The WebGPU device as stages and the engine see it.
 * @module
 */
import type { DeviceChoice } from "../engine/module.ts";
import { describeAdapter, type Device, requestDevice } from "../kernels/kernels.ts";

/** Tells the engine which device stages will compute on, without computing. */
export interface DeviceProvider {
  /** What `--device` said. */
  readonly choice: DeviceChoice;
  /** Class of the device (a part of cache keys) and what is known of it. Throws where there is none. */
  describe(): Promise<{ class: string; info: Record<string, string> }>;
}

/** The provider for `--device choice`. Its `describe` throws a NoAdapterError with the remedy. */
export function deviceProvider(choice: DeviceChoice): DeviceProvider {
  return {
    choice,
    async describe() {
      const adapter = await describeAdapter(choice);
      const kind = adapter.software ? "software" : "gpu";
      return {
        class: `${kind} ${adapter.description}`,
        info: {
          kind,
          description: adapter.description,
          vendor: adapter.vendor,
          architecture: adapter.architecture,
        },
      };
    },
  };
}

/** Runs `work` with a device of its own, destroyed afterwards whatever happens. */
export async function withDevice<T>(
  choice: DeviceChoice,
  work: (device: Device) => Promise<T>,
): Promise<T> {
  const device = await requestDevice({ choice });
  try {
    return await work(device);
  } finally {
    device.dispose();
  }
}
