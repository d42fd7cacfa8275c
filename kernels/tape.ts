/**
 * The autograd tape. An op computes its result at once and records how to carry the derivative back;
 * `backward` replays those records in reverse. The tape owns every temporary it hands out.
 *
 * While backward goes from op to op, what an op has computed and that result's derivative are of no
 * more use and go back to the pool: the derivatives of a deep model live where its results did.
 * @module
 */
import type { Device } from "./device.ts";
import { requireShape } from "./errors.ts";
import { type Image, makeImage } from "./images.ts";
import { Tensor, type TensorOptions } from "./tensor.ts";

/** Where an op's backward leaves a derivative. */
export interface GradientTarget {
  /** Same shape as the tensor it belongs to. */
  readonly gradient: Tensor;
  /** 1 where there is a derivative already, to which this one is added; 0 to overwrite. */
  readonly accumulate: 0 | 1;
}

/** How the derivative of a result is carried on. */
interface Entry {
  readonly output: Tensor;
  readonly backward: (gradient: Tensor) => void;
}

/** A part of a forward pass: computes one tensor from others, on the tape it is given. */
export type Segment = (tape: Tape, inputs: readonly Tensor[]) => Tensor;

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
  readonly #entries: Entry[] = [];
  readonly #temporaries = new Map<GPUBuffer, Tensor>();
  readonly #images = new Map<Tensor, Image>();
  readonly #textures = new Set<GPUTexture>();
  /** What keeps a buffer from going back to the pool during backward; without an entry it stays. */
  readonly #uses = new Map<GPUBuffer, number>();
  /** Entries of a result that have not been replayed. */
  readonly #open = new Map<Tensor, number>();
  readonly #uploads = new Map<object, Map<string | number, Tensor>>();
  /** Tensors whose gradients are temporaries of this tape. */
  readonly #derived: Tensor[] = [];
  /** The tensors of another tape whose derivatives this one finds; undefined where there is no other. */
  #inputs: ReadonlySet<Tensor> | undefined;

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
    this.#temporaries.set(tensor.buffer, tensor);
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
    this.#temporaries.set(tensor.buffer, tensor);
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
    const open = this.#open.get(output) ?? 0;
    if (open === 0) this.#hold(output.buffer);
    this.#open.set(output, open + 1);
    this.#entries.push({ output, backward });
  }

  /** Where to leave the derivative by `tensor`; undefined where none is wanted. */
  target(tensor: Tensor): GradientTarget | undefined {
    if (!tensor.requiresGradient) return undefined;
    if (tensor.gradient !== undefined) {
      this.changed(tensor.gradient);
      return { gradient: tensor.gradient, accumulate: 1 };
    }
    const gradient = this.empty(tensor.shape, { type: tensor.type });
    this.#derive(tensor, gradient);
    return { gradient, accumulate: 0 };
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
    if (tensor.gradient === undefined) this.#derive(tensor, gradient.reshape(tensor.shape));
    else add(this.target(tensor)!.gradient);
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
      this.#textures.add(image.texture);
    }
    return image;
  }

  /**
   * To be called by an op that writes into a tensor older than itself: its texture is out of date,
   * and so are those of other views of its memory.
   */
  changed(tensor: Tensor): void {
    tensor.keptImages?.clear();
    for (const known of this.#images.keys()) {
      if (known.buffer === tensor.buffer) this.#images.delete(known);
    }
  }

  /**
   * The result of `run`, of which nothing else is kept: backward computes it again, so memory holds
   * the inner results of one such segment at a time. `run` must compute the same each time, and take
   * whatever requires a derivative and is no parameter from `inputs`.
   */
  checkpoint(inputs: readonly Tensor[], run: Segment): Tensor {
    if (!this.gradients) return run(this, inputs);
    const { device, storage } = this;
    const inner = new Tape(device, { gradients: false, storage });
    const { shape, buffer, offset, type } = run(inner, inputs);
    requireShape(
      inner.#temporaries.delete(buffer),
      "checkpoint: a segment must return what it has computed, not one of its inputs",
    );
    const y = new Tensor(shape, buffer, offset, true, type);
    this.#temporaries.set(buffer, y);
    inner.#giveBack();
    this.record(y, (gradient) => this.#recompute(inputs, run, gradient));
    return y;
  }

  /** Runs a segment again and carries the derivative of its result back through it. */
  #recompute(inputs: readonly Tensor[], run: Segment, gradient: Tensor): void {
    const inner = new Tape(this.device, { storage: this.storage });
    // An input that has a derivative already is added to in place, as without the checkpoint.
    const views = inputs.map((input) => {
      const view = input.reshape(input.shape);
      view.gradient = input.gradient;
      if (input.gradient !== undefined) this.changed(input.gradient);
      return view;
    });
    inner.#inputs = new Set(views);
    const y = run(inner, views);
    y.gradient = gradient;
    inner.backward(y);
    for (const [i, { gradient }] of views.entries()) {
      if (gradient === undefined || inputs[i]!.gradient !== undefined) continue;
      const owned = inner.#temporaries.get(gradient.buffer);
      if (owned !== undefined) this.#temporaries.set(gradient.buffer, owned);
      inner.#temporaries.delete(gradient.buffer);
      this.#derive(inputs[i]!, gradient);
    }
    inner.#giveBack();
  }

  /**
   * Carries the derivative of `loss`, given in `loss.gradient`, back to every tensor that requires
   * it. What ops computed, `loss` excepted, can no longer be read afterwards.
   */
  backward(loss: Tensor): void {
    requireShape(
      loss.gradient !== undefined,
      "backward needs the derivative of the loss",
    );
    this.#hold(loss.buffer);
    for (const { output, backward } of this.#entries.reverse()) {
      const { gradient } = output;
      if (gradient !== undefined) {
        if (!this.#uses.has(gradient.buffer)) this.#hold(gradient.buffer);
        backward(gradient);
      }
      const open = this.#open.get(output)! - 1;
      this.#open.set(output, open);
      if (open > 0) continue;
      output.gradient = undefined;
      if (gradient !== undefined) this.#drop(gradient.buffer);
      this.#drop(output.buffer);
    }
    this.#entries.length = 0;
    this.#open.clear();
  }

  /** Submits the recorded work and gives every temporary back to the pool. */
  release(): void {
    this.device.stream.flush();
    this.#giveBack();
  }

  #derive(tensor: Tensor, gradient: Tensor): void {
    requireShape(
      this.#inputs === undefined || this.#inputs.has(tensor) ||
        this.#temporaries.has(tensor.buffer),
      `checkpoint: the segment uses a tensor (${tensor.shape}) that requires a derivative and is ` +
        `not among its inputs`,
    );
    tensor.gradient = gradient;
    this.#hold(gradient.buffer);
    this.#derived.push(tensor);
  }

  #hold(buffer: GPUBuffer): void {
    this.#uses.set(buffer, (this.#uses.get(buffer) ?? 0) + 1);
  }

  /** Ends one use; after the last the buffer and its textures go back. */
  #drop(buffer: GPUBuffer): void {
    const left = this.#uses.get(buffer)! - 1;
    if (left > 0) {
      this.#uses.set(buffer, left);
      return;
    }
    this.#uses.delete(buffer);
    const tensor = this.#temporaries.get(buffer);
    if (tensor === undefined) return;
    this.#temporaries.delete(buffer);
    this.#giveBackBuffer(tensor);
    for (const [pictured, { texture }] of this.#images) {
      if (pictured.buffer !== buffer) continue;
      this.#images.delete(pictured);
      this.#textures.delete(texture);
      this.device.pool.releaseTexture(texture);
    }
  }

  #giveBackBuffer(tensor: Tensor): void {
    tensor.released = true;
    this.device.pool.release(tensor.buffer);
  }

  #giveBack(): void {
    for (const tensor of this.#temporaries.values()) this.#giveBackBuffer(tensor);
    for (const texture of this.#textures) this.device.pool.releaseTexture(texture);
    for (const tensor of this.#derived) tensor.gradient = undefined;
    this.#derived.length = 0;
    this.#temporaries.clear();
    this.#textures.clear();
    this.#images.clear();
    this.#uses.clear();
    this.#uploads.clear();
  }
}
