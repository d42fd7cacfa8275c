/**
 * The WebGPU device: found, checked, and wrapped with the pool and the stream that all kernels use.
 * @module
 */
import { NoAdapterError } from "./errors.ts";
import { Pool } from "./pool.ts";
import { GpuStream, type Stream } from "./stream.ts";
import { bytesOf, sizeOf, Tensor, type TensorOptions } from "./tensor.ts";
import { type Tuning, tuningFor } from "./tuning.ts";
import { Verdicts } from "./verdicts.ts";

/** Which adapter to ask for: `auto` takes what there is, `gpu` refuses software, `software` the rest. */
export type AdapterChoice = "auto" | "gpu" | "software";

/** What is known of an adapter. */
export interface AdapterDescription {
  /** Vendor's name or number, as the driver gives it; may be empty. */
  readonly vendor: string;
  /** Family of GPUs; may be empty. */
  readonly architecture: string;
  /** The adapter's own name: `llvmpipe (LLVM 15.0.6, 256 bits)`. */
  readonly description: string;
  /** True where the processor computes: lavapipe, SwiftShader, WARP. */
  readonly software: boolean;
}

const WANTED_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxTextureDimension2D",
] as const;

/** Taken where the adapter has them: tensors stored as f16, and times of kernels. */
const WANTED_FEATURES = ["shader-f16", "timestamp-query"] as const;

const REMEDY = "install a driver with `sh setup.sh` and run the command again";

/** A WebGPU device ready to compute. */
export class Device {
  /** Where buffers and textures come from. */
  readonly pool: Pool;
  /** Where work is recorded. */
  readonly stream: Stream;

  readonly #verdicts: Verdicts;
  #unused: readonly [Tensor, Tensor, Tensor] | undefined;

  /** Wraps a device; {@linkcode requestDevice} makes them. */
  constructor(
    readonly gpu: GPUDevice,
    readonly adapter: AdapterDescription,
    /** Tile sizes for this adapter. */
    readonly tuning: Tuning = tuningFor(adapter),
    /** Where work is recorded, in place of a stream of this device. */
    stream?: Stream,
  ) {
    this.#verdicts = new Verdicts(gpu);
    this.stream = stream ?? new GpuStream(gpu, this.#verdicts);
    this.pool = new Pool(gpu, this.#verdicts, adapter.description);
  }

  /** Whether tensors can be stored as f16. */
  get halfPrecision(): boolean {
    return this.gpu.features.has("shader-f16");
  }

  /** Three small tensors for bindings a call does not use: the first only to be read. */
  get unused(): readonly [Tensor, Tensor, Tensor] {
    return this.#unused ??= [this.empty([4]), this.empty([4]), this.empty([4])];
  }

  /** A new tensor from the pool, its elements undefined. */
  empty(shape: readonly number[], options: TensorOptions = {}): Tensor {
    const { requiresGradient = false, type = "f32" } = options;
    const buffer = this.pool.buffer(sizeOf(shape) * bytesOf(type), { ...options, shape });
    return new Tensor(shape, buffer, 0, requiresGradient, type);
  }

  /** A new tensor with these elements. */
  upload(
    data: Float32Array | Uint32Array,
    shape: readonly number[] = [data.length],
  ): Tensor {
    const tensor = this.empty(shape, { type: data instanceof Uint32Array ? "u32" : "f32" });
    this.stream.write(tensor, data);
    return tensor;
  }

  /** Destroys the device and all it holds; what waits for it is rejected with a DeviceLostError. */
  dispose(): void {
    this.#verdicts.lose("the device was disposed of");
    this.gpu.destroy();
  }
}

/**
 * Deno's WebGPU falls back to OpenGL where Vulkan has no driver, and that adapter lacks the limits
 * kernels need; asking for Vulkan alone makes its absence an error instead. The Vulkan software
 * driver also complains on stderr without a runtime directory.
 */
function prepareLinux(): void {
  if (Deno.build.os !== "linux") return;
  if (Deno.env.get("DENO_WEBGPU_BACKEND") === undefined) {
    Deno.env.set("DENO_WEBGPU_BACKEND", "vulkan");
  }
  if (Deno.env.get("XDG_RUNTIME_DIR") === undefined) {
    Deno.env.set("XDG_RUNTIME_DIR", "/tmp");
  }
}

function describe(info: GPUAdapterInfo): AdapterDescription {
  const description = info.description;
  return {
    vendor: info.vendor,
    architecture: info.architecture,
    description,
    software: info.isFallbackAdapter ||
      /llvmpipe|swiftshader|basic render/i.test(description),
  };
}

async function findAdapter(
  choice: AdapterChoice,
): Promise<[GPUAdapter, AdapterDescription]> {
  prepareLinux();
  const adapter = await navigator.gpu.requestAdapter({
    powerPreference: "high-performance",
    forceFallbackAdapter: choice === "software" && Deno.build.os !== "linux",
  });
  if (adapter === null) {
    throw new NoAdapterError(
      `no WebGPU adapter was found on this machine; ${REMEDY}`,
    );
  }
  const description = describe(adapter.info);
  if (choice === "gpu" && description.software) {
    throw new NoAdapterError(
      `a hardware GPU was asked for, but only a software adapter was found ` +
        `(${description.description}); install the GPU's Vulkan driver, or use --device auto`,
    );
  }
  if (choice === "software" && !description.software) {
    throw new NoAdapterError(
      `a software adapter was asked for, but the system offers ${description.description}; ` +
        `use --device auto`,
    );
  }
  return [adapter, description];
}

/** Describes the adapter {@linkcode requestDevice} would take. Throws a NoAdapterError. */
export async function describeAdapter(
  choice: AdapterChoice = "auto",
): Promise<AdapterDescription> {
  return (await findAdapter(choice))[1];
}

/**
 * Requests a device with the adapter's own limits.
 *
 * Throws a {@linkcode NoAdapterError} when there is no adapter, or none of the chosen sort.
 */
export async function requestDevice(
  options: { readonly choice?: AdapterChoice } = {},
): Promise<Device> {
  const [adapter, description] = await findAdapter(options.choice ?? "auto");
  const requiredLimits: Record<string, number> = {};
  for (const limit of WANTED_LIMITS) {
    requiredLimits[limit] = adapter.limits[limit];
  }
  const requiredFeatures = WANTED_FEATURES.filter((feature) => adapter.features.has(feature));
  return new Device(
    await adapter.requestDevice({ requiredLimits, requiredFeatures }),
    description,
  );
}
