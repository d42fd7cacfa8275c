/**
 * The parameters of a model, together in few large buffers: the optimiser, the gradient norm and a
 * reset are then one kernel for each of those, however many tensors there are.
 * @module
 */
import type { Device } from "./device.ts";
import { NonFiniteError, requireShape } from "./errors.ts";
import { KeptImages } from "./images.ts";
import { ALIGNMENT } from "./pool.ts";
import { bytesOf, type ElementType, sizeOf, Tensor } from "./tensor.ts";

/** One parameter before it is placed. */
export interface ParameterShape {
  /** Unique within the model. */
  readonly name: string;
  /** Extents, outermost first. */
  readonly shape: readonly number[];
  /** Whether weight decay applies. */
  readonly decay: boolean;
}

/** How parameters are held. */
export interface ParametersOptions {
  /** Whether they have gradients. */
  readonly trainable: boolean;
  /**
   * Ops are given f16. A model that is trained keeps its f32 values too, which the optimiser updates
   * and rounds to f16 anew at each step, and its gradients are f32. Default false.
   */
  readonly half?: boolean;
}

/** Parameters that share their buffers, those that decay first. */
export interface Arena {
  /** All their elements (P), padding between tensors included and zero: f32, or f16 where none is trained. */
  readonly values: Tensor;
  /** The values as ops take them (P), f16; undefined where that is `values`. */
  readonly shadow: Tensor | undefined;
  /** Their gradients (P), f32; undefined for a model that is not trained. */
  readonly gradients: Tensor | undefined;
  /** Elements before this position decay. */
  readonly decayEnd: number;
  /** Elements in the arenas before this one. */
  readonly start: number;
}

/** Elements read back together: each reading has a price, and takes memory twice. */
const PIECE_ELEMENTS = 2 ** 24;

/** A parameter where it is placed. */
interface Place {
  /** What ops are given. */
  readonly tensor: Tensor;
  /** What it is read from and written to. */
  readonly values: Tensor;
  readonly arena: Arena;
  /** Elements of the arena before it. */
  readonly offset: number;
}

/** Named parameters, placed one after another in as many arenas as the device's buffers demand. */
export class Parameters {
  /** In the order of their parameters. */
  readonly arenas: readonly Arena[];
  readonly #places = new Map<string, Place>();
  readonly #images: KeptImages;

  /** Places parameters, all zero. Throws a LimitError for one that no buffer can hold. */
  constructor(
    private readonly device: Device,
    shapes: readonly ParameterShape[],
    private readonly options: ParametersOptions,
  ) {
    this.#images = new KeptImages(device);
    let start = 0;
    this.arenas = this.#distribute(shapes).map((part) => {
      const arena = this.#place(part, start);
      start += arena.values.size;
      return arena;
    });
    device.stream.flush();
  }

  /** How ops are given them; results are best stored alike (see `Tape`). */
  get storage(): "f32" | "f16" {
    return this.options.half ? "f16" : "f32";
  }

  /** How values are stored. */
  get #type(): ElementType {
    return this.options.half && !this.options.trainable ? "f16" : "f32";
  }

  /** Elements a tensor fills: each starts where any binding may, in its shadow too. */
  #room({ shape }: ParameterShape): number {
    const unit = ALIGNMENT / (this.options.half ? 2 : 4);
    return Math.ceil(sizeOf(shape) / unit) * unit;
  }

  /** Splits the parameters, each into the first arena that has room for it. */
  #distribute(shapes: readonly ParameterShape[]): ParameterShape[][] {
    const { pool } = this.device;
    const largest = pool.largestBuffer.bytes / bytesOf(this.#type);
    const arenas: { room: number; parts: ParameterShape[] }[] = [];
    for (const part of shapes) {
      const { name, shape } = part;
      const room = this.#room(part);
      pool.requireBuffer(room * bytesOf(this.#type), { label: name, shape });
      let arena = arenas.find((arena) => arena.room >= room);
      if (arena === undefined) arenas.push(arena = { room: largest, parts: [] });
      arena.room -= room;
      arena.parts.push(part);
    }
    return arenas.map(({ parts }) => parts);
  }

  #place(parts: readonly ParameterShape[], start: number): Arena {
    const { trainable, half } = this.options;
    const decaying = parts.filter(({ decay }) => decay);
    const ordered = [...decaying, ...parts.filter(({ decay }) => !decay)];
    const count = (list: typeof parts) => list.reduce((sum, part) => sum + this.#room(part), 0);
    const vector = (label: string, type: ElementType) => {
      const tensor = this.device.empty([count(parts)], { label, type, exact: true });
      this.device.stream.clear(tensor);
      return tensor;
    };
    const arena: Arena = {
      values: vector("parameters", this.#type),
      shadow: trainable && half ? vector("parameters in f16", "f16") : undefined,
      gradients: trainable ? vector("gradients", "f32") : undefined,
      decayEnd: count(decaying),
      start,
    };
    let offset = 0;
    for (const part of ordered) {
      const place = placeIn(arena, part.shape, offset);
      place.tensor.keptImages = this.#images;
      this.#places.set(part.name, place);
      offset += this.#room(part);
    }
    return arena;
  }

  /** Names, arena after arena, in the order they are placed. */
  get names(): string[] {
    return [...this.#places.keys()];
  }

  /** Elements of all arenas, padding included. */
  get size(): number {
    return this.arenas.reduce((sum, { values }) => sum + values.size, 0);
  }

  /** The parameter with this name, as ops take it. Throws a ShapeError where there is none. */
  get(name: string): Tensor {
    return this.#placeOf(name).tensor;
  }

  /**
   * Overwrites one parameter, after the work recorded so far. Throws a NonFiniteError for a value
   * that f16 cannot hold, where f16 is asked for.
   */
  write(name: string, data: Float32Array): void {
    const { tensor, values } = this.#placeOf(name);
    requireShape(
      data.length === tensor.size,
      `parameter ${name} (${tensor.shape}) takes ${tensor.size} elements, got ${data.length}`,
    );
    const halves = tensor.type === "f16" ? Float16Array.from(data) : undefined;
    const at = halves?.findIndex((value) => !Number.isFinite(value)) ?? -1;
    if (at >= 0) {
      throw new NonFiniteError(
        `element ${at} of parameter ${name} is ${data[at]}, which f16 cannot hold; use f32`,
      );
    }
    this.changed();
    if (values.type === "f32") this.device.stream.write(values, data);
    if (halves !== undefined) this.device.stream.write(tensor, halves);
  }

  /** To be called by whoever writes into the arenas' values: images of the old ones are dropped. */
  changed(): void {
    this.#images.clear();
  }

  /** Reads all parameters, or all gradients, back by name. */
  read(what: "values" | "gradients" = "values"): Promise<Map<string, Float32Array<ArrayBuffer>>> {
    return this.readLike((arena) => {
      const source = what === "values" ? arena.values : arena.gradients;
      requireShape(source !== undefined, "a model that is not trained has no gradients");
      return source;
    });
  }

  /** Reads vectors that are laid out as the arenas are, such as an optimiser's, back by name. */
  async readLike(
    vectorOf: (arena: Arena) => Tensor,
  ): Promise<Map<string, Float32Array<ArrayBuffer>>> {
    return new Map(await Array.fromAsync(this.readParts(vectorOf)));
  }

  /**
   * As {@linkcode Parameters.readLike}, one parameter after another, in the order of `names`: of a large
   * model only a piece of about so many elements is in the host's memory, and in a buffer for reading.
   */
  async *readParts(
    vectorOf: (arena: Arena) => Tensor,
    elements = PIECE_ELEMENTS,
  ): AsyncGenerator<[name: string, data: Float32Array<ArrayBuffer>]> {
    for (const arena of this.arenas) {
      const places = [...this.#places].filter(([, place]) => place.arena === arena);
      for (const piece of piecesOf(places, elements)) {
        const [first, last] = [piece[0]![1], piece.at(-1)![1]];
        const length = last.offset + last.tensor.size - first.offset;
        const data = await this.device.stream.read(slice(vectorOf(arena), [length], first.offset));
        for (const [name, { offset, tensor }] of piece) {
          const start = offset - first.offset;
          yield [name, data.slice(start, start + tensor.size)];
        }
      }
    }
  }

  /** Writes into a vector that is laid out as the parameter's arena is; one of f16 rounds. */
  writeLike(vectorOf: (arena: Arena) => Tensor, name: string, data: Float32Array): void {
    const { arena, offset, tensor } = this.#placeOf(name);
    this.changed();
    const target = slice(vectorOf(arena), tensor.shape, offset);
    this.device.stream.write(target, target.type === "f16" ? Float16Array.from(data) : data);
  }

  /** Whose element stands at a position, counted through all arenas. */
  locate(position: number): { readonly name: string; readonly element: number } {
    for (const [name, { arena, offset, tensor }] of this.#places) {
      const element = position - arena.start - offset;
      if (element >= 0 && element < tensor.size) return { name, element };
    }
    return { name: "no parameter", element: position };
  }

  /** Gives the buffers back to the pool. */
  release(): void {
    this.#images.clear();
    for (const { values, shadow, gradients } of this.arenas) {
      for (const tensor of [values, shadow, gradients]) {
        if (tensor === undefined) continue;
        tensor.released = true;
        this.device.pool.release(tensor.buffer);
      }
    }
    for (const { tensor } of this.#places.values()) tensor.released = true;
  }

  #placeOf(name: string): Place {
    const place = this.#places.get(name);
    requireShape(place !== undefined, `the model has no parameter ${name}`);
    return place;
  }
}

/** Splits neighbours into runs of at most so many elements; what is larger stands alone. */
function* piecesOf(
  places: readonly (readonly [string, Place])[],
  most: number,
): Generator<(readonly [string, Place])[]> {
  let piece: (readonly [string, Place])[] = [];
  let size = 0;
  for (const place of places) {
    const own = place[1].tensor.size;
    if (piece.length > 0 && size + own > most) {
      yield piece;
      [piece, size] = [[], 0];
    }
    piece.push(place);
    size += own;
  }
  if (piece.length > 0) yield piece;
}

/** A tensor over a part of a vector. */
function slice(
  { buffer, type }: Tensor,
  shape: readonly number[],
  offset: number,
  requiresGradient = false,
): Tensor {
  return new Tensor(shape, buffer, offset * bytesOf(type), requiresGradient, type);
}

function placeIn(arena: Arena, shape: readonly number[], offset: number): Place {
  const { gradients, shadow } = arena;
  const tensor = slice(shadow ?? arena.values, shape, offset, gradients !== undefined);
  if (gradients !== undefined) tensor.gradient = slice(gradients, shape, offset);
  return { tensor, values: slice(arena.values, shape, offset), arena, offset };
}
