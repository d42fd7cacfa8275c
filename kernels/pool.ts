/**
 * Buffers and textures that are given back and taken again, so that a thousand training steps
 * allocate no more than the first few. Of those that fit, the oldest is taken: steps that are alike
 * get the same memory in the same places, and find the bind groups they made before.
 * @module
 */
import { inBytes, LimitError } from "./errors.ts";
import type { Verdicts } from "./verdicts.ts";

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

/** Whom a buffer is for: what error messages say of it. */
export interface Occupant {
  /** Extents of the tensor. */
  readonly shape?: readonly number[];
  /** The tensor's name. */
  readonly label?: string;
  /** It stays: of the size asked for rather than of a size class. Default false. */
  readonly exact?: boolean;
}

function nameOf({ shape, label }: Occupant): string {
  const name = label === undefined ? "" : ` "${label}"`;
  return `tensor${name}${shape === undefined ? "" : ` (${shape.join(", ")})`}`;
}

/** What a pool asks of a device. */
type Memory = Pick<GPUDevice, "limits" | "createBuffer" | "createTexture">;

/** Pool of the storage buffers and textures of one device. */
export class Pool {
  readonly #buffers = new Map<number, GPUBuffer[]>();
  readonly #textures = new Map<string, GPUTexture[]>();
  /** Position of each in the order they were made. */
  readonly #ages = new WeakMap<GPUBuffer | GPUTexture, number>();
  #made = 0;
  #bufferBytes = 0;
  #textureBytes = 0;

  /** `verdicts` guards each allocation; `adapter` names the device in messages. */
  constructor(
    private readonly gpu: Memory,
    private readonly verdicts: Pick<Verdicts, "guard">,
    private readonly adapter: string,
  ) {}

  /** Bytes this pool has ever allocated and not destroyed, in use or free. */
  get allocatedBytes(): number {
    return this.#bufferBytes + this.#textureBytes;
  }

  /** Those of them that are textures. */
  get textureBytes(): number {
    return this.#textureBytes;
  }

  /** Most bytes one buffer can have, and the limit that says so. */
  get largestBuffer(): { readonly bytes: number; readonly limit: string } {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.gpu.limits;
    return maxBufferSize < maxStorageBufferBindingSize
      ? { bytes: maxBufferSize, limit: "maxBufferSize" }
      : { bytes: maxStorageBufferBindingSize, limit: "maxStorageBufferBindingSize" };
  }

  /** Throws a LimitError where no buffer can have so many bytes. */
  requireBuffer(bytes: number, occupant: Occupant): void {
    const largest = this.largestBuffer;
    if (bytes <= largest.bytes) return;
    throw new LimitError(
      `a ${nameOf(occupant)} of ${inBytes(bytes)} exceeds ${largest.limit}, ` +
        `${
          inBytes(largest.bytes)
        } on ${this.adapter}; use a smaller batch or model, or store it as f16`,
    );
  }

  /** A buffer of at least `bytes` bytes, its content undefined. Throws a LimitError beyond the limits. */
  buffer(bytes: number, occupant: Occupant = {}): GPUBuffer {
    this.requireBuffer(bytes, occupant);
    const wanted = occupant.exact ? Math.ceil(bytes / ALIGNMENT) * ALIGNMENT : sizeClass(bytes);
    const size = Math.min(Math.max(wanted, ALIGNMENT), this.largestBuffer.bytes);
    const free = this.#buffers.get(size)?.pop();
    if (free !== undefined) return free;
    // A buffer that changes hands would bear its first tensor's name for ever.
    const label = occupant.exact ? occupant.label ?? "" : "";
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const created = this.#guarded(
      `${nameOf(occupant)} of ${inBytes(bytes)}`,
      size,
      () => this.gpu.createBuffer({ label, size, usage }),
    );
    this.#bufferBytes += size;
    return created;
  }

  /** Gives a buffer back; work already recorded may still use it. */
  release(buffer: GPUBuffer): void {
    this.#putBack(this.#buffers, buffer.size, buffer);
  }

  /**
   * A texture of at least this many 16-byte texels, its width exact, its content undefined. Throws a
   * LimitError beyond the limits.
   */
  texture(
    width: number,
    height: number,
    format: "rgba32float" | "rgba32uint" = "rgba32float",
  ): GPUTexture {
    const limit = this.gpu.limits.maxTextureDimension2D;
    const what = `texture of ${width}x${height} texels`;
    if (Math.max(width, height) > limit) {
      throw new LimitError(`a ${what} exceeds maxTextureDimension2D, ${limit} on ${this.adapter}`);
    }
    // Heights follow the number of packed tokens; classes let batches of nearly equal size share.
    const rows = Math.min(sizeClass(height * 16) / 16, limit);
    const free = this.#textures.get(`${format} ${width}x${rows}`)?.pop();
    if (free !== undefined) return free;
    const usage = GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_DST;
    const bytes = width * rows * 16;
    const created = this.#guarded(
      what,
      bytes,
      () => this.gpu.createTexture({ size: [width, rows], format, usage }),
    );
    this.#textureBytes += bytes;
    return created;
  }

  /** Gives a texture back; work already recorded may still use it. */
  releaseTexture(texture: GPUTexture): void {
    const key = `${texture.format} ${texture.width}x${texture.height}`;
    this.#putBack(this.#textures, key, texture);
  }

  /** Keeps the oldest last, where it is taken from. */
  #putBack<K, T extends GPUBuffer | GPUTexture>(lists: Map<K, T[]>, key: K, returned: T): void {
    const free = lists.get(key);
    if (free === undefined) {
      lists.set(key, [returned]);
      return;
    }
    const age = (one: T) => this.#ages.get(one)!;
    let at = free.length;
    while (at > 0 && age(free[at - 1]!) < age(returned)) at--;
    free.splice(at, 0, returned);
  }

  #guarded<T extends GPUBuffer | GPUTexture>(what: string, bytes: number, create: () => T): T {
    const created = this.verdicts.guard(
      `could not allocate ${inBytes(bytes)} for a ${what}, with ${inBytes(this.allocatedBytes)} ` +
        `allocated on ${this.adapter}; use a smaller batch or model, on a new device`,
      create,
    );
    this.#ages.set(created, this.#made++);
    return created;
  }
}
