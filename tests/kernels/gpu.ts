/**
 * The device of a test file. All memory it hands out is poisoned: every buffer and texture starts
 * as NaN, so elements a kernel forgets to write are seen, and every buffer is followed by a guard,
 * so elements written beyond the end are seen. (WebGPU itself drops what a shader writes beyond its
 * binding; guards catch bindings and copies that are too long.)
 * @module
 */
import { assert } from "../../std/assert.ts";
import {
  type Device,
  requestDevice,
  Tape,
  type TapeOptions,
  Tensor,
} from "../../kernels/kernels.ts";

/** A quiet NaN as f32; as an index, beyond every table. */
const GARBAGE = 0x7fc0_dead;
/** Guards hold this and upwards, each another number: a copy of a NaN or of another guard would not be seen. */
const FIRST_GUARD = 0xc640_0000;
/** Bytes behind the elements of each buffer. Kernels may write whole vec4s, so a guard starts at the next 16. */
const GUARD_BYTES = 256;
const CHECKED_BYTES = GUARD_BYTES - 16;

function garbage(bytes: number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(bytes / 4).fill(GARBAGE);
}

function guardStart(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}

/** A device with poisoned memory. */
export class Gpu {
  /** Textures handed out so far: they tell which path an op took. */
  textures = 0;
  readonly #handed = new Map<GPUBuffer, { bytes: number; guard: number }>();
  #guards = 0;

  constructor(readonly device: Device) {
    this.#poisonBuffers();
    this.#poisonTextures();
  }

  #poisonBuffers(): void {
    const { pool, stream } = this.device;
    const take = pool.buffer.bind(pool);
    pool.buffer = (bytes, occupant) => {
      const buffer = take(bytes + GUARD_BYTES, occupant);
      const guard = FIRST_GUARD + this.#guards++ % 2 ** 20;
      const words = garbage(buffer.size).fill(guard, guardStart(bytes) / 4);
      stream.write(new Tensor([words.length], buffer, 0, false, "u32"), words);
      this.#handed.set(buffer, { bytes, guard });
      return buffer;
    };
  }

  #poisonTextures(): void {
    const { gpu, pool, stream } = this.device;
    const take = pool.texture.bind(pool);
    pool.texture = (width, height, format) => {
      this.textures++;
      const texture = take(width, height, format);
      const bytesPerRow = texture.width * 16;
      // Recorded work may still read what the texture held before.
      stream.flush();
      gpu.queue.writeTexture(
        { texture },
        garbage(bytesPerRow * texture.height),
        { bytesPerRow },
        [texture.width, texture.height],
      );
      return texture;
    };
  }

  /** A tensor of the tape that requires a gradient, with these elements. */
  leaf(
    tape: Tape,
    data: Float32Array<ArrayBuffer>,
    shape: readonly number[],
    type: "f32" | "f16" = "f32",
  ): Tensor {
    const tensor = tape.empty(shape, { requiresGradient: true, type });
    this.write(tensor, data);
    return tensor;
  }

  /** Writes elements as the tensor stores them; what pads the last word stays garbage. */
  write(tensor: Tensor, data: Float32Array<ArrayBuffer>): void {
    const { queue } = this.device.gpu;
    if (tensor.type === "f16") {
      const halves = new Float16Array(Math.ceil(data.length / 2) * 2).fill(NaN);
      halves.set(data);
      queue.writeBuffer(tensor.buffer, tensor.offset, halves as BufferSource);
    } else queue.writeBuffer(tensor.buffer, tensor.offset, data);
  }

  /** Reads several tensors at the price of one. */
  read(tensors: readonly Tensor[]): Promise<Float32Array<ArrayBuffer>[]> {
    const { stream } = this.device;
    return Promise.all(tensors.map((tensor) => stream.read(tensor)));
  }

  /** Asserts that nothing was written behind any buffer handed out since the last check. */
  async checkGuards(): Promise<void> {
    const { gpu, stream } = this.device;
    stream.flush();
    const staging = gpu.createBuffer({
      size: this.#handed.size * CHECKED_BYTES,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    const encoder = gpu.createCommandEncoder();
    const owners = [...this.#handed.values()];
    for (const [i, [buffer, { bytes }]] of [...this.#handed].entries()) {
      const start = guardStart(bytes);
      const target = i * CHECKED_BYTES;
      encoder.copyBufferToBuffer(buffer, start, staging, target, CHECKED_BYTES);
    }
    this.#handed.clear();
    gpu.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const words = new Uint32Array(staging.getMappedRange().slice(0));
    staging.destroy();
    const ownerOf = (word: number) => owners[Math.floor(word / (CHECKED_BYTES / 4))];
    const overwritten = words.findIndex((word, i) => word !== ownerOf(i)!.guard);
    assert(
      overwritten === -1,
      `something was written behind the end of a buffer of ${ownerOf(overwritten)?.bytes} bytes`,
    );
  }

  /** Runs on a tape of its own, then checks the guards and gives the memory back. */
  async run<T>(
    body: (tape: Tape) => Promise<T>,
    options: TapeOptions = {},
  ): Promise<T> {
    const tape = new Tape(this.device, options);
    try {
      const result = await body(tape);
      await this.checkGuards();
      return result;
    } finally {
      tape.release();
    }
  }
}

/** The device of the calling test file: there before its first test, destroyed after its last. */
export function useGpu(): () => Gpu {
  let gpu: Gpu | undefined;
  Deno.test.beforeAll(async () => {
    gpu = new Gpu(await requestDevice());
  });
  Deno.test.afterAll(() => gpu?.device.dispose());
  return () => gpu!;
}
