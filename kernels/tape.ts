/**
 * The autograd tape. An op computes its result at once and records how to carry the derivative back;
 * `backward` replays those records in reverse. The tape owns every temporary it hands out.
 * @module
 */
import type { Device } from "./device.ts";
import { requireShape } from "./errors.ts";
import { type Image, makeImage } from "./images.ts";
import type { Tensor, TensorOptions } from "./tensor.ts";

/** Where an op's backward leaves a derivative. */
export interface GradientTarget {
  /** Same shape as the tensor it belongs to. */
  readonly gradient: Tensor;
  /** 1 where there is a derivative already, to which this one is added; 0 to overwrite. */
  readonly accumulate: 0 | 1;
}

/** How a tape works. */
export interface TapeOptions {
  /** False for inference: nothing is recorded for backward. Default true. */
  readonly gradients?: boolean;
  /** How results of ops are stored; f16 needs an adapter that has `shader-f16`. Default f32. */
  readonly storage?: "f32" | "f16";
}

/** Records one forward pass. */
export class Tape {
  /** Whether ops are recorded for backward. */
  readonly gradients: boolean;
  /** How results of ops are stored. */
  readonly storage: "f32" | "f16";
  readonly #backwards: (() => void)[] = [];
  readonly #temporaries: Tensor[] = [];
  readonly #images = new Map<Tensor, Image>();
  readonly #textures: GPUTexture[] = [];
  readonly #uploads = new Map<object, Map<string | number, Tensor>>();
  /** Tensors whose gradients are temporaries of this tape. */
  readonly #derived: Tensor[] = [];

  /** Starts empty. Throws a ShapeError where f16 is asked of an adapter that lacks it. */
  constructor(readonly device: Device, options: TapeOptions = {}) {
    this.gradients = options.gradients ?? true;
    this.storage = options.storage ?? "f32";
    requireShape(
      this.storage === "f32" || device.halfPrecision,
      `results cannot be stored as f16: ${device.adapter.description} has no shader-f16; use f32`,
    );
  }

  /** A temporary, its elements undefined; it lives until {@linkcode release}. Not a result of an op: f32. */
  empty(shape: readonly number[], options: TensorOptions = {}): Tensor {
    const requiresGradient = (options.requiresGradient ?? false) && this.gradients;
    const tensor = this.device.empty(shape, { ...options, requiresGradient });
    this.#temporaries.push(tensor);
    return tensor;
  }

  /** A temporary for the result of an op, stored as the tape says. */
  result(shape: readonly number[], requiresGradient: boolean): Tensor {
    return this.empty(shape, { requiresGradient, type: this.storage });
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

  /** A temporary made at the first call with this owner and key, and then the same. Default shape: flat. */
  uploadOnce(
    owner: object,
    key: string | number,
    make: () => Float32Array | Uint32Array,
    shape?: readonly number[],
  ): Tensor {
    let known = this.#uploads.get(owner);
    if (known === undefined) this.#uploads.set(owner, known = new Map());
    let tensor = known.get(key);
    if (tensor === undefined) known.set(key, tensor = this.upload(make(), shape));
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
    tensor.gradient = this.empty(tensor.shape, { type: tensor.type });
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
   * The tensor as a texture, made at most once per tape; see `images.ts`. That of a parameter is kept
   * until the parameters change. Undefined where no texture can hold it.
   */
  image(tensor: Tensor): Image | undefined {
    const make = () =>
      makeImage(this.device, tensor, (shape, options) => this.empty(shape, options));
    if (tensor.keptImages !== undefined) return tensor.keptImages.of(tensor, make);
    let image = this.#images.get(tensor);
    if (image === undefined) {
      image = make();
      if (image === undefined) return undefined;
      this.#images.set(tensor, image);
      this.#textures.push(image.texture);
    }
    return image;
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
    this.#uploads.clear();
  }
}
