/**
 * The stream of work for the device: kernels and copies are recorded here in order and submitted
 * together, because each submission and each readback has a price (about 10 ms for the latter).
 * @module
 */
import { GpuError, inBytes, requireShape } from "./errors.ts";
import type { Kernel } from "./kernel.ts";
import { Pipelines, type Resource } from "./pipelines.ts";
import { bytesOf, Tensor } from "./tensor.ts";
import type { Verdicts } from "./verdicts.ts";

const SLOT_BYTES = 256;
const SLOTS = 1024;
const MAX_WORKGROUPS = 65_535;

/** Bytes written to the device between two submissions: what is written waits for one in memory of its own. */
const STAGED_BYTES = 2 ** 25;

/** Elements as a tensor stores them. */
export type Elements = Float32Array | Uint32Array | Float16Array | Int8Array;

/** What kernels and copies are recorded on. */
export interface Stream {
  /** Kernels dispatched so far. */
  readonly dispatches: number;
  /** Records one kernel over `invocations` invocations. */
  dispatch<B extends string, P extends string>(
    kernel: Kernel<B, P>,
    bindings: Readonly<Record<NoInfer<B>, Resource>>,
    parameters: Readonly<Record<NoInfer<P>, number>>,
    invocations: number,
  ): void;
  /** Records a copy of `source`'s elements over `target`'s: another buffer, as many bytes. */
  copy(source: Tensor, target: Tensor): void;
  /**
   * Records a copy of a tensor, whose rows fill multiples of 256 bytes, into a texture of 16-byte
   * texels; what is taller than `panelRows` stands in panels of so many rows side by side.
   */
  copyToTexture(source: Tensor, target: GPUTexture, panelRows: number): void;
  /** Records zeros over all elements. */
  clear(target: Tensor): void;
  /** Overwrites all elements, after the work recorded so far; large data in parts. */
  write(target: Tensor, data: Elements): void;
  /** Submits what is recorded. Errors surface at the next {@linkcode settle} or {@linkcode read}. */
  flush(): void;
  /** Waits for the verdict on all work so far, and for the work itself. Throws a GpuError. */
  settle(): Promise<void>;
  /** Submits, waits and returns the elements as f32. Throws a GpuError. */
  read(tensor: Tensor): Promise<Float32Array<ArrayBuffer>>;
  /** Submits, waits and returns the elements as u32. Throws a GpuError. */
  readIndices(tensor: Tensor): Promise<Uint32Array<ArrayBuffer>>;
  /** Submits, waits and returns the bytes, filled up to whole words. Throws a GpuError. */
  readBytes(tensor: Tensor): Promise<ArrayBuffer>;
}

/** Copies are made in whole words; an odd number of f16 elements ends within one. */
function wholeWords(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}

/** The stream of a WebGPU device. */
export class GpuStream implements Stream {
  readonly #gpu: GPUDevice;
  readonly #verdicts: Verdicts;
  readonly #pipelines: Pipelines;
  readonly #uniforms: GPUBuffer;
  readonly #parameters = new DataView(new ArrayBuffer(SLOT_BYTES * SLOTS));
  /** Buffers that recorded work uses: what is written to them must wait for its submission. */
  readonly #recorded = new Set<GPUBuffer>();
  #slot = 0;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #stagedBytes = 0;
  #dispatches = 0;

  /** Starts with nothing recorded. */
  constructor(gpu: GPUDevice, verdicts: Verdicts) {
    this.#gpu = gpu;
    this.#verdicts = verdicts;
    this.#uniforms = verdicts.guard("parameters of kernels", () =>
      gpu.createBuffer({
        size: SLOT_BYTES * SLOTS,
        usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
      }));
    this.#pipelines = new Pipelines(gpu, this.#uniforms, SLOT_BYTES, verdicts);
  }

  get dispatches(): number {
    return this.#dispatches;
  }

  dispatch<B extends string, P extends string>(
    kernel: Kernel<B, P>,
    bindings: Readonly<Record<NoInfer<B>, Resource>>,
    parameters: Readonly<Record<NoInfer<P>, number>>,
    invocations: number,
  ): void {
    if (invocations === 0) return;
    if (this.#slot === SLOTS) this.flush();
    for (const resource of Object.values<Resource>(bindings)) {
      if (resource instanceof Tensor) this.#use(resource, kernel.label);
    }
    const pipeline = this.#pipelines.of(kernel, bindings);
    const group = this.#pipelines.group(pipeline, kernel, bindings);
    const offset = this.#writeParameters(kernel, parameters, invocations);
    const pass = this.#pass ??= this.#encoderOf().beginComputePass();
    pass.setPipeline(pipeline.compute);
    pass.setBindGroup(0, group, [offset]);
    const workgroups = Math.ceil(invocations / kernel.workgroupSize);
    const x = Math.min(workgroups, MAX_WORKGROUPS);
    pass.dispatchWorkgroups(x, Math.ceil(workgroups / x));
    this.#dispatches++;
  }

  copy(source: Tensor, target: Tensor): void {
    requireShape(
      source.byteLength === target.byteLength,
      `copy: (${source.shape}) in ${source.type} does not fit (${target.shape}) in ${target.type}`,
    );
    this.#outsidePass(source, target).copyBufferToBuffer(
      source.buffer,
      source.offset,
      target.buffer,
      target.offset,
      wholeWords(source.byteLength),
    );
  }

  copyToTexture(source: Tensor, target: GPUTexture, panelRows: number): void {
    const bytesPerRow = source.columns * bytesOf(source.type);
    const { buffer, offset, rows } = source;
    for (let first = 0; first < rows; first += panelRows) {
      this.#outsidePass(source).copyBufferToTexture(
        { buffer, offset: offset + first * bytesPerRow, bytesPerRow },
        { texture: target, origin: [first / panelRows * bytesPerRow / 16, 0] },
        [bytesPerRow / 16, Math.min(panelRows, rows - first)],
      );
    }
  }

  clear(target: Tensor): void {
    this.#outsidePass(target).clearBuffer(
      target.buffer,
      target.offset,
      wholeWords(target.byteLength),
    );
  }

  write({ buffer, offset, byteLength }: Tensor, data: Elements): void {
    requireShape(
      data.byteLength === byteLength,
      `write: ${data.byteLength} bytes do not fill a tensor of ${byteLength}`,
    );
    if (this.#recorded.has(buffer)) this.flush();
    let bytes = new Uint8Array(data.buffer, data.byteOffset, byteLength);
    if (byteLength % 4 !== 0) {
      const padded = new Uint8Array(wholeWords(byteLength));
      padded.set(bytes);
      bytes = padded;
    }
    for (let start = 0; start < bytes.length; start += STAGED_BYTES) {
      const part = bytes.subarray(start, start + STAGED_BYTES) as BufferSource;
      this.#verdicts.guard(`write of ${inBytes(part.byteLength)}`, () => {
        this.#gpu.queue.writeBuffer(buffer, offset + start, part);
      });
      this.#stagedBytes += part.byteLength;
      if (this.#stagedBytes >= STAGED_BYTES) this.#submit([]);
    }
  }

  flush(): void {
    this.#endPass();
    if (this.#encoder === undefined) return;
    this.#gpu.queue.writeBuffer(
      this.#uniforms,
      0,
      this.#parameters.buffer as ArrayBuffer,
      0,
      this.#slot * SLOT_BYTES,
    );
    this.#submit([this.#encoder]);
    this.#encoder = undefined;
    this.#slot = 0;
    this.#recorded.clear();
  }

  async settle(): Promise<void> {
    this.flush();
    await this.#verdicts.untilLost(this.#gpu.queue.onSubmittedWorkDone());
    await this.#verdicts.raise();
  }

  async read(tensor: Tensor): Promise<Float32Array<ArrayBuffer>> {
    const bytes = await this.readBytes(tensor);
    return tensor.type === "f16"
      ? Float32Array.from(new Float16Array(bytes, 0, tensor.size))
      : new Float32Array(bytes);
  }

  async readIndices(tensor: Tensor): Promise<Uint32Array<ArrayBuffer>> {
    return new Uint32Array(await this.readBytes(tensor));
  }

  async readBytes(tensor: Tensor): Promise<ArrayBuffer> {
    const size = wholeWords(tensor.byteLength);
    const staging = this.#verdicts.guard(`reading ${inBytes(size)}`, () =>
      this.#gpu.createBuffer({
        size,
        usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      }));
    try {
      this.#outsidePass(tensor).copyBufferToBuffer(tensor.buffer, tensor.offset, staging, 0, size);
      this.flush();
      await this.#verdicts.raise();
      const mapped = staging.mapAsync(GPUMapMode.READ).catch(async (error: Error) => {
        throw await this.#verdicts.explain(
          error,
          (message) =>
            new GpuError(`could not read ${inBytes(tensor.byteLength)} back: ${message}`),
        );
      });
      await this.#verdicts.untilLost(mapped);
      return staging.getMappedRange().slice(0);
    } finally {
      staging.destroy();
    }
  }

  #submit(encoders: readonly GPUCommandEncoder[]): void {
    this.#verdicts.guard("submitted work", () => {
      this.#gpu.queue.submit(encoders.map((encoder) => encoder.finish()));
    });
    this.#stagedBytes = 0;
  }

  #writeParameters(
    kernel: Kernel,
    parameters: Readonly<Record<string, number>>,
    invocations: number,
  ): number {
    const offset = this.#slot++ * SLOT_BYTES;
    this.#parameters.setUint32(offset, invocations, true);
    let position = offset + 4;
    for (const [name, type] of Object.entries(kernel.parameters)) {
      const value = parameters[name]!;
      if (type === "u32") this.#parameters.setUint32(position, value, true);
      else this.#parameters.setFloat32(position, value, true);
      position += 4;
    }
    return offset;
  }

  #encoderOf(): GPUCommandEncoder {
    return this.#encoder ??= this.#gpu.createCommandEncoder();
  }

  #use({ buffer, shape, released }: Tensor, what: string): void {
    requireShape(
      !released,
      `${what}: a tensor (${shape}) was given back and can no longer be used`,
    );
    this.#recorded.add(buffer);
  }

  /** The encoder between two passes, for a copy from or to these tensors. */
  #outsidePass(...tensors: readonly Tensor[]): GPUCommandEncoder {
    for (const tensor of tensors) this.#use(tensor, "copy");
    this.#endPass();
    return this.#encoderOf();
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }
}
