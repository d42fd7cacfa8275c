/**
 * All parameters of a model in one buffer, their gradients in another: the optimiser, the gradient
 * norm and a reset are then one kernel each, however many tensors there are.
 * @module
 */
import type { Device } from "./device.ts";
import { requireShape } from "./errors.ts";
import { KeptImages } from "./images.ts";
import { ALIGNMENT } from "./pool.ts";
import { sizeOf, Tensor } from "./tensor.ts";

/** One parameter before it is placed. */
export interface ParameterShape {
  /** Unique within the model. */
  readonly name: string;
  /** Extents, outermost first. */
  readonly shape: readonly number[];
  /** Whether weight decay applies. */
  readonly decay: boolean;
}

const ALIGNED_ELEMENTS = ALIGNMENT / 4;

function aligned(elements: number): number {
  return Math.ceil(elements / ALIGNED_ELEMENTS) * ALIGNED_ELEMENTS;
}

/** Named parameters, placed one after another: those that decay first. */
export class Parameters {
  /** All parameters as one vector (P), padding between them included and zero. */
  readonly values: Tensor;
  /** Their gradients, laid out alike. Undefined for a model that is not trained. */
  readonly gradients: Tensor | undefined;
  /** Elements before this position decay. */
  readonly decayEnd: number;
  readonly #tensors = new Map<string, Tensor>();
  readonly #images: KeptImages;

  /** Places parameters, all zero. */
  constructor(
    private readonly device: Device,
    shapes: readonly ParameterShape[],
    options: { readonly trainable: boolean },
  ) {
    this.#images = new KeptImages(device);
    const ordered = [
      ...shapes.filter(({ decay }) => decay),
      ...shapes.filter(({ decay }) => !decay),
    ];
    const total = ordered.reduce(
      (sum, { shape }) => sum + aligned(sizeOf(shape)),
      0,
    );
    this.decayEnd = ordered.filter(({ decay }) => decay)
      .reduce((sum, { shape }) => sum + aligned(sizeOf(shape)), 0);
    this.values = device.empty([total]);
    device.stream.clear(this.values);
    if (options.trainable) {
      this.gradients = device.empty([total]);
      device.stream.clear(this.gradients);
    }
    this.#place(ordered);
    device.stream.flush();
  }

  #place(ordered: readonly ParameterShape[]): void {
    let offset = 0;
    for (const { name, shape } of ordered) {
      const tensor = new Tensor(
        shape,
        this.values.buffer,
        offset * 4,
        this.gradients !== undefined,
      );
      if (this.gradients !== undefined) {
        tensor.gradient = new Tensor(
          shape,
          this.gradients.buffer,
          offset * 4,
          false,
        );
      }
      tensor.keptImages = this.#images;
      this.#tensors.set(name, tensor);
      offset += aligned(sizeOf(shape));
    }
  }

  /** Names in the order they are placed. */
  get names(): string[] {
    return [...this.#tensors.keys()];
  }

  /** The parameter with this name. Throws a ShapeError where there is none. */
  get(name: string): Tensor {
    const tensor = this.#tensors.get(name);
    requireShape(tensor !== undefined, `the model has no parameter ${name}`);
    return tensor;
  }

  /** Overwrites one parameter, after the work recorded so far. */
  write(name: string, data: Float32Array): void {
    const tensor = this.get(name);
    requireShape(
      data.length === tensor.size,
      `parameter ${name} (${tensor.shape}) takes ${tensor.size} elements, got ${data.length}`,
    );
    this.changed();
    this.device.stream.flush();
    this.device.gpu.queue.writeBuffer(
      tensor.buffer,
      tensor.offset,
      data as BufferSource,
    );
  }

  /** To be called by whoever writes into {@linkcode values}: images of the old ones are dropped. */
  changed(): void {
    this.#images.clear();
  }

  /** Reads all parameters, or all gradients, back by name. */
  async read(
    what: "values" | "gradients" = "values",
  ): Promise<Map<string, Float32Array<ArrayBuffer>>> {
    const source = what === "values" ? this.values : this.gradients;
    requireShape(
      source !== undefined,
      "a model that is not trained has no gradients",
    );
    const all = await this.device.stream.read(source);
    return new Map([...this.#tensors].map(([name, { offset, size }]) => {
      return [name, all.slice(offset / 4, offset / 4 + size)];
    }));
  }

  /** Gives the buffers back to the pool. */
  release(): void {
    this.device.stream.flush();
    this.#images.clear();
    this.device.pool.release(this.values.buffer);
    if (this.gradients !== undefined) {
      this.device.pool.release(this.gradients.buffer);
    }
  }
}
