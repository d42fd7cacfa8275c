/**
 * Buffers and textures that are given back and taken again, so that a thousand training steps
 * allocate no more than the first few.
 * @module
 */
import { GpuError } from "./errors.ts";

/** Smallest slice a bind group may start at on every adapter. */
export const ALIGNMENT = 256;

/**
 * Rounds up to one of four sizes per octave: packed batches differ a little from step to step, and
 * a pool of exact sizes would never meet the same one twice.
 */
export function sizeClass(bytes: number): number {
  const octave = 2 ** Math.floor(Math.log2(Math.max(bytes, ALIGNMENT)));
  const quarter = Math.max(octave / 4, ALIGNMENT);
  return Math.ceil(Math.max(bytes, 1) / quarter) * quarter;
}

/** Pool of the storage buffers and textures of one device. */
export class Pool {
  readonly #gpu: GPUDevice;
  readonly #onError: (pending: Promise<void>) => void;
  readonly #buffers = new Map<number, GPUBuffer[]>();
  readonly #textures = new Map<string, GPUTexture[]>();
  #allocatedBytes = 0;

  /** `onError` collects the verdicts of the error scopes around each allocation. */
  constructor(gpu: GPUDevice, onError: (pending: Promise<void>) => void) {
    this.#gpu = gpu;
    this.#onError = onError;
  }

  /** Bytes this pool has ever allocated and not destroyed, in use or free. */
  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  /** A buffer of at least `bytes` bytes, its content undefined. Throws a GpuError beyond the limits. */
  buffer(bytes: number): GPUBuffer {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#gpu.limits;
    const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    const size = Math.min(sizeClass(bytes), limit);
    const free = bytes > limit ? undefined : this.#buffers.get(size)?.pop();
    if (free !== undefined) return free;
    if (bytes > limit) {
      throw new GpuError(
        `a tensor of ${bytes} bytes exceeds the adapter's limit of ${limit} bytes for one binding; ` +
          `use a smaller batch or model`,
      );
    }
    return this.#guarded(
      `buffer of ${size} bytes`,
      size,
      () =>
        this.#gpu.createBuffer({
          size,
          usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC |
            GPUBufferUsage.COPY_DST,
        }),
    );
  }

  /** Gives a buffer back; work already submitted may still use it. */
  release(buffer: GPUBuffer): void {
    const free = this.#buffers.get(buffer.size);
    if (free === undefined) this.#buffers.set(buffer.size, [buffer]);
    else free.push(buffer);
  }

  /** A texture of at least this many 16-byte texels, its width exact, its content undefined. */
  texture(
    width: number,
    height: number,
    format: "rgba32float" | "rgba32uint" = "rgba32float",
  ): GPUTexture {
    // Heights follow the number of packed tokens; classes let batches of nearly equal size share.
    const rows = Math.min(
      sizeClass(height * 16) / 16,
      this.#gpu.limits.maxTextureDimension2D,
    );
    const free = this.#textures.get(`${format} ${width}x${rows}`)?.pop();
    if (free !== undefined) return free;
    return this.#guarded(
      `texture of ${width}x${rows} texels`,
      width * rows * 16,
      () =>
        this.#gpu.createTexture({
          size: [width, rows],
          format,
          usage: GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_DST,
        }),
    );
  }

  /** Gives a texture back; work already submitted may still use it. */
  releaseTexture(texture: GPUTexture): void {
    const key = `${texture.format} ${texture.width}x${texture.height}`;
    const free = this.#textures.get(key);
    if (free === undefined) this.#textures.set(key, [texture]);
    else free.push(texture);
  }

  #guarded<T>(what: string, bytes: number, create: () => T): T {
    this.#gpu.pushErrorScope("out-of-memory");
    this.#gpu.pushErrorScope("validation");
    const created = create();
    const pending = Promise.all([
      this.#gpu.popErrorScope(),
      this.#gpu.popErrorScope(),
    ]);
    this.#onError(pending.then(([invalid, memory]) => {
      const error = invalid ?? memory;
      if (error === null) return;
      throw new GpuError(
        `could not create a ${what} after ${this.#allocatedBytes} bytes: ${error.message}`,
      );
    }));
    this.#allocatedBytes += bytes;
    return created;
  }
}
