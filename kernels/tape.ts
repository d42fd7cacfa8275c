/**
 * The autograd tape. An op computes its result at once and records how to carry the derivative back;
 * `backward` replays those records in reverse. The tape owns every temporary it hands out.
 * @module
 */
import type { Device } from "./device.ts";
import { requireShape } from "./errors.ts";
import type { Tensor } from "./tensor.ts";

/** Texture rows are copied in units of 256 bytes. */
const TEXTURE_COLUMNS = 64;

/** Where an op's backward leaves a derivative. */
export interface GradientTarget {
  /** Same shape as the tensor it belongs to. */
  readonly gradient: Tensor;
  /** 1 where there is a derivative already, to which this one is added; 0 to overwrite. */
  readonly accumulate: 0 | 1;
}

/** Records one forward pass. */
export class Tape {
  readonly #backwards: (() => void)[] = [];
  readonly #temporaries: Tensor[] = [];
  readonly #images = new Map<Tensor, GPUTexture>();
  readonly #textures: GPUTexture[] = [];
  /** Tensors whose gradients are temporaries of this tape. */
  readonly #derived: Tensor[] = [];

  /** With `gradients: false` (inference) nothing is recorded for backward. */
  constructor(
    readonly device: Device,
    private readonly options: { readonly gradients: boolean } = {
      gradients: true,
    },
  ) {}

  /** Whether ops are recorded for backward. */
  get gradients(): boolean {
    return this.options.gradients;
  }

  /** A temporary, its elements undefined; it lives until {@linkcode release}. */
  empty(shape: readonly number[], requiresGradient = false): Tensor {
    const tensor = this.device.empty(
      shape,
      requiresGradient && this.options.gradients,
    );
    this.#temporaries.push(tensor);
    return tensor;
  }

  /** A temporary with these elements. */
  upload(
    data: Float32Array | Uint32Array,
    shape: readonly number[] = [data.length],
  ): Tensor {
    const tensor = this.device.upload(data, shape);
    this.#temporaries.push(tensor);
    return tensor;
  }

  /** Records how the derivative of `output` is carried to the op's inputs. */
  record(output: Tensor, backward: (gradient: Tensor) => void): void {
    if (!output.requiresGradient) return;
    this.#backwards.push(() => {
      if (output.gradient !== undefined) backward(output.gradient);
    });
  }

  /** Where to leave the derivative by `tensor`; undefined where none is wanted. */
  target(tensor: Tensor): GradientTarget | undefined {
    if (!tensor.requiresGradient) return undefined;
    if (tensor.gradient !== undefined) {
      this.changed(tensor.gradient);
      return { gradient: tensor.gradient, accumulate: 1 };
    }
    tensor.gradient = this.empty(tensor.shape);
    this.#derived.push(tensor);
    return { gradient: tensor.gradient, accumulate: 0 };
  }

  /**
   * Passes a finished derivative on unchanged, as an addition does. The first time it is handed over
   * rather than copied: its op has no more use for it once its own backward is through.
   */
  handOver(
    gradient: Tensor,
    tensor: Tensor,
    add: (target: Tensor) => void,
  ): void {
    if (!tensor.requiresGradient) return;
    if (tensor.gradient === undefined) {
      tensor.gradient = gradient.reshape(tensor.shape);
      this.#derived.push(tensor);
    } else add(this.target(tensor)!.gradient);
  }

  /**
   * The tensor (R, C) as a texture of C/4 × R texels, copied at most once per tape: texture loads are
   * about twice as fast as buffer loads on the software adapter. Undefined where the shape does not allow it.
   */
  image(tensor: Tensor): GPUTexture | undefined {
    const known = this.#images.get(tensor);
    if (known !== undefined) return known;
    const limit = this.device.gpu.limits.maxTextureDimension2D;
    const fits = tensor.columns % TEXTURE_COLUMNS === 0 &&
      tensor.rows <= limit &&
      tensor.columns / 4 <= limit;
    if (!fits) return undefined;
    const texture = this.device.pool.texture(tensor.columns / 4, tensor.rows);
    this.device.stream.copyToTexture(tensor, texture);
    this.#images.set(tensor, texture);
    this.#textures.push(texture);
    return texture;
  }

  /** To be called by an op that writes into a tensor older than itself: its texture is out of date. */
  changed(tensor: Tensor): void {
    this.#images.delete(tensor);
  }

  /** Carries the derivative of `loss`, given in `loss.gradient`, back to every tensor that requires it. */
  backward(loss: Tensor): void {
    requireShape(
      loss.gradient !== undefined,
      "backward needs the derivative of the loss",
    );
    for (const step of this.#backwards.reverse()) step();
    this.#backwards.length = 0;
  }

  /** Submits the recorded work and gives every temporary back to the pool. */
  release(): void {
    this.device.stream.flush();
    for (const { buffer } of this.#temporaries) {
      this.device.pool.release(buffer);
    }
    for (const texture of this.#textures) {
      this.device.pool.releaseTexture(texture);
    }
    for (const tensor of this.#derived) tensor.gradient = undefined;
    this.#derived.length = 0;
    this.#temporaries.length = 0;
    this.#textures.length = 0;
    this.#images.clear();
  }
}
