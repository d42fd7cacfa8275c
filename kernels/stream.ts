/**
 * The stream of work for the device: kernels and copies are recorded here in order and submitted
 * together, because each submission and each readback has a price (about 10 ms for the latter).
 * @module
 */
import { GpuError } from "./errors.ts";
import type { Kernel } from "./kernel.ts";
import { Pipelines, type Resource } from "./pipelines.ts";
import { bytesOf, type Tensor } from "./tensor.ts";

const SLOT_BYTES = 256;
const SLOTS = 1024;
const MAX_WORKGROUPS = 65_535;

/** Records kernels and copies, submits them, reads results back and raises the device's errors. */
export class Stream {
  readonly #gpu: GPUDevice;
  readonly #pipelines: Pipelines;
  readonly #uniforms: GPUBuffer;
  readonly #parameters = new DataView(new ArrayBuffer(SLOT_BYTES * SLOTS));
  #slot = 0;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #verdicts: Promise<void>[] = [];
  #failure: Error | undefined;
  #dispatches = 0;

  /** Starts with nothing recorded. */
  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
    this.#uniforms = gpu.createBuffer({
      size: SLOT_BYTES * SLOTS,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.#pipelines = new Pipelines(
      gpu,
      this.#uniforms,
      SLOT_BYTES,
      (what, run) => this.#guard(what, run),
    );
    gpu.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.#failure ??= new GpuError(
        (event as GPUUncapturedErrorEvent).error.message,
      );
    });
    gpu.lost.then(({ message, reason }) => {
      if (reason !== "destroyed") {
        this.#failure ??= new GpuError(`the device was lost: ${message}`);
      }
    });
  }

  /** Kernels dispatched so far. */
  get dispatches(): number {
    return this.#dispatches;
  }

  /** Adds the verdict of an error scope; the next {@linkcode settle} throws what it throws. */
  watch(verdict: Promise<void>): void {
    this.#verdicts.push(verdict.catch((error) => {
      this.#failure ??= error as Error;
    }));
  }

  /** Records one kernel over `invocations` invocations. */
  dispatch<B extends string, P extends string>(
    kernel: Kernel<B, P>,
    bindings: Readonly<Record<NoInfer<B>, Resource>>,
    parameters: Readonly<Record<NoInfer<P>, number>>,
    invocations: number,
  ): void {
    if (invocations === 0) return;
    if (this.#slot === SLOTS) this.flush();
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

  /** Records a copy of `source`'s elements over `target`'s, which may be in another buffer. */
  copy(source: Tensor, target: Tensor): void {
    this.#outsidePass().copyBufferToBuffer(
      source.buffer,
      source.offset,
      target.buffer,
      target.offset,
      source.byteLength,
    );
  }

  /**
   * Records a copy of a tensor, whose rows fill multiples of 256 bytes, into a texture of 16-byte
   * texels; what is taller than `panelRows` stands in panels of so many rows side by side.
   */
  copyToTexture(source: Tensor, target: GPUTexture, panelRows: number): void {
    const bytesPerRow = source.columns * bytesOf(source.type);
    const { buffer, offset, rows } = source;
    for (let first = 0; first < rows; first += panelRows) {
      this.#outsidePass().copyBufferToTexture(
        { buffer, offset: offset + first * bytesPerRow, bytesPerRow },
        { texture: target, origin: [first / panelRows * bytesPerRow / 16, 0] },
        [bytesPerRow / 16, Math.min(panelRows, rows - first)],
      );
    }
  }

  /** Records zeros over all elements. */
  clear(target: Tensor): void {
    this.#outsidePass().clearBuffer(
      target.buffer,
      target.offset,
      target.byteLength,
    );
  }

  /** Submits what is recorded. Errors surface at the next {@linkcode settle} or {@linkcode read}. */
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
    this.#guard("submit", () => {
      this.#gpu.queue.submit([this.#encoder!.finish()]);
    });
    this.#encoder = undefined;
    this.#slot = 0;
  }

  /** Waits for the verdict on all work so far, and for the work itself. Throws a GpuError. */
  async settle(): Promise<void> {
    this.flush();
    await this.#gpu.queue.onSubmittedWorkDone();
    await this.#raise();
  }

  /** Submits, waits and returns the elements as f32. */
  async read(tensor: Tensor): Promise<Float32Array<ArrayBuffer>> {
    const bytes = await this.readBytes(tensor);
    return tensor.type === "f16"
      ? Float32Array.from(new Float16Array(bytes, 0, tensor.size))
      : new Float32Array(bytes);
  }

  /** Submits, waits and returns the elements as u32. */
  async readIndices(tensor: Tensor): Promise<Uint32Array<ArrayBuffer>> {
    return new Uint32Array(await this.readBytes(tensor));
  }

  /** Submits, waits and returns the bytes, filled up to whole words. */
  async readBytes(tensor: Tensor): Promise<ArrayBuffer> {
    // Copies are made in whole words; an odd number of f16 elements ends within one.
    const size = Math.ceil(tensor.byteLength / 4) * 4;
    const staging = this.#gpu.createBuffer({
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    try {
      this.#outsidePass().copyBufferToBuffer(tensor.buffer, tensor.offset, staging, 0, size);
      this.flush();
      await this.#raise();
      await staging.mapAsync(GPUMapMode.READ).catch((error: Error) => {
        throw this.#failure ?? new GpuError(
          `could not read ${tensor.byteLength} bytes back (${error.message}); ` +
            `the device is lost or was disposed of`,
        );
      });
      return staging.getMappedRange().slice(0);
    } finally {
      staging.destroy();
    }
  }

  async #raise(): Promise<void> {
    const verdicts = this.#verdicts;
    this.#verdicts = [];
    await Promise.all(verdicts);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #guard(what: string, run: () => void): void {
    this.#gpu.pushErrorScope("out-of-memory");
    this.#gpu.pushErrorScope("validation");
    run();
    const scopes = Promise.all([
      this.#gpu.popErrorScope(),
      this.#gpu.popErrorScope(),
    ]);
    this.watch(scopes.then(([invalid, memory]) => {
      const error = invalid ?? memory;
      if (error !== null) throw new GpuError(`${what}: ${error.message}`);
    }));
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

  #outsidePass(): GPUCommandEncoder {
    this.#endPass();
    return this.#encoderOf();
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }
}
