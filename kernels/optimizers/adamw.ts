/**
 * AdamW with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2) and clipping by the
 * global gradient norm, over all parameters at once.
 *
 * A step whose gradients hold a NaN or an infinity changes nothing but sets them to zero; the next
 * {@linkcode AdamW.check} says which it was.
 * @module
 */
import type { Device } from "../device.ts";
import { requireShape } from "../errors.ts";
import { defineKernel, ELEMENTWISE } from "../kernel.ts";
import type { Arena, Parameters } from "../parameters.ts";
import type { Tensor } from "../tensor.ts";
import { GradientNorm, skipUnlessFinite } from "./gradient_norm.ts";

const bindings = {
  values: "write vec4f", // (P)
  gradients: "write vec4f", // (P), set to zero for the next step
  first: "write vec4f", // (P): mean of gradients
  second: "write vec4f", // (P): mean of squared gradients
  norm: "read f32", // (1)
  status: "write u32", // (4)
} as const;

const parameters = {
  learningRate: "f32",
  beta1: "f32",
  beta2: "f32",
  correction1: "f32", // 1 − beta1^step
  correction2: "f32", // 1 − beta2^step
  epsilon: "f32",
  decay: "f32",
  decayEnd: "u32", // in vec4s
  clip: "f32", // 0: no clipping
  lossScale: "f32",
  step: "u32",
  start: "u32", // elements of the arenas before this one
} as const;

const body = `${skipUnlessFinite}
var scale = 1.0;
if (p.clip > 0.0) { scale = min(1.0, p.clip / (norm[0] + 1.0e-6)); }
let g = gradients[index] * (scale / p.lossScale);
let m = p.beta1 * first[index] + (1.0 - p.beta1) * g;
let v = p.beta2 * second[index] + (1.0 - p.beta2) * g * g;
var value = values[index];
if (index < p.decayEnd) { value -= p.learningRate * p.decay * value; }
value -= p.learningRate * (m / p.correction1) / (sqrt(v / p.correction2) + p.epsilon);
values[index] = value;
first[index] = m;
second[index] = v;
gradients[index] = vec4f();`;

const stepKernel = defineKernel({
  label: "AdamW",
  bindings,
  parameters,
  workgroupSize: ELEMENTWISE,
  body,
});

const halfStepKernel = defineKernel({
  label: "AdamW with values in f16",
  bindings: { ...bindings, shadow: "write float4" }, // (P): what ops are given
  parameters,
  workgroupSize: ELEMENTWISE,
  body: `${body}
shadow[index] = shadow_t(value);`,
});

/** Settings of AdamW; the defaults are Reflect-RL's (paper, appendix; clip 0.3, decay 1e-3). */
export interface AdamWOptions {
  /** Default 2e-4. */
  readonly learningRate?: number;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** Default 1e-3. */
  readonly weightDecay?: number;
  /** Largest global gradient norm; 0 does not clip. Default 0.3. */
  readonly clip?: number;
  /**
   * What the loss was multiplied by before backward; gradients are divided by it before anything
   * else. Derivatives stored as f16 vanish below 6e-8, and a large loss keeps them above. Default 1.
   */
  readonly lossScale?: number;
}

/** A part of an optimiser's state: `first/NAME`, say, and the elements. */
export type StatePart = readonly [key: string, data: Float32Array<ArrayBuffer>];

interface Moments {
  readonly first: Tensor;
  readonly second: Tensor;
}

/** The optimiser of one model: its settings and its two moments. */
export class AdamW {
  readonly #settings: Required<AdamWOptions>;
  readonly #moments = new Map<Arena, Moments>();
  readonly #norm: GradientNorm;
  #steps = 0;

  /** Starts with zero moments. Throws a ShapeError for a model that is not trainable. */
  constructor(
    private readonly device: Device,
    private readonly parameters: Parameters,
    options: AdamWOptions = {},
  ) {
    this.#settings = {
      learningRate: options.learningRate ?? 2e-4,
      beta1: options.beta1 ?? 0.9,
      beta2: options.beta2 ?? 0.999,
      epsilon: options.epsilon ?? 1e-8,
      weightDecay: options.weightDecay ?? 1e-3,
      clip: options.clip ?? 0.3,
      lossScale: options.lossScale ?? 1,
    };
    this.#norm = new GradientNorm(device, parameters, this.#settings.lossScale);
    for (const arena of parameters.arenas) {
      const vector = (label: string) => {
        const tensor = device.empty([arena.values.size], { label, exact: true });
        device.stream.clear(tensor);
        return tensor;
      };
      this.#moments.set(arena, {
        first: vector("mean of gradients"),
        second: vector("mean of squared gradients"),
      });
    }
  }

  /** Steps taken so far, skipped ones included. */
  get steps(): number {
    return this.#steps;
  }

  /** (1): global norm of the gradients of the newest step, before clipping. */
  get norm(): Tensor {
    return this.#norm.norm;
  }

  /**
   * Applies the gradients and sets them to zero; work is recorded, not awaited.
   * `learningRate` overrides the setting for this step (schedules).
   */
  step(learningRate: number = this.#settings.learningRate): void {
    const { beta1, beta2, epsilon, weightDecay, clip, lossScale } = this.#settings;
    const step = ++this.#steps;
    this.#norm.record(step);
    this.parameters.changed();
    for (const [arena, moments] of this.#moments) {
      this.#update(arena, moments, {
        learningRate,
        beta1,
        beta2,
        correction1: 1 - beta1 ** step,
        correction2: 1 - beta2 ** step,
        epsilon,
        decay: weightDecay,
        decayEnd: arena.decayEnd / 4,
        clip,
        lossScale,
        step,
        start: arena.start,
      });
    }
  }

  #update(
    { values, gradients, shadow }: Arena,
    moments: Moments,
    numbers: Record<keyof typeof parameters, number>,
  ): void {
    const { stream } = this.device;
    const { norm, status } = this.#norm;
    const tensors = { values, gradients: gradients!, ...moments, norm, status };
    const count = values.size / 4;
    if (shadow === undefined) stream.dispatch(stepKernel, tensors, numbers, count);
    else stream.dispatch(halfStepKernel, { ...tensors, shadow }, numbers, count);
  }

  /**
   * Waits for the steps taken and gives the newest one's global gradient norm, before clipping.
   *
   * @throws {NonFiniteError} when a step since the last check met a NaN or an infinity: the first
   * such step, the parameter, the element
   */
  async check(): Promise<{ readonly norm: number }> {
    return { norm: await this.#norm.read() };
  }

  /** The vectors that further steps depend on besides {@linkcode AdamW.steps}, laid out as arenas are. */
  get #vectors(): ReadonlyMap<string, (arena: Arena) => Tensor> {
    const vectors = new Map<string, (arena: Arena) => Tensor>([
      ["values", ({ values }) => values],
      ["first", (arena) => this.#moments.get(arena)!.first],
      ["second", (arena) => this.#moments.get(arena)!.second],
    ]);
    // The device rounds as it likes: rounding the values again might give others.
    const isHalf = this.parameters.arenas.some(({ shadow }) => shadow !== undefined);
    return isHalf ? vectors.set("shadow", ({ shadow }) => shadow!) : vectors;
  }

  /** Shapes of the parts of the state by key, in the order in which they are read. */
  get stateShapes(): Map<string, readonly number[]> {
    const { parameters } = this;
    return new Map([...this.#vectors.keys()].flatMap((word) => {
      return parameters.names.map((name) => [`${word}/${name}`, parameters.get(name).shape]);
    }));
  }

  /** Reads back what further steps depend on, the parameters included, part after part. */
  async *readState(): AsyncGenerator<StatePart> {
    for (const [word, vectorOf] of this.#vectors) {
      for await (const [name, data] of this.parameters.readParts(vectorOf)) {
        yield [`${word}/${name}`, data];
      }
    }
  }

  /**
   * Goes on from a state after that many steps: further ones are those of the optimiser it was read
   * from, bit for bit. Throws a ShapeError where a part is missing, unknown or of another size.
   */
  restore(steps: number, parts: Iterable<StatePart>): void {
    const vectors = this.#vectors;
    const missing = new Set(this.stateShapes.keys());
    for (const [key, data] of parts) {
      requireShape(missing.delete(key), `AdamW: the state has ${key} twice, or it is unknown`);
      const slash = key.indexOf("/");
      this.parameters.writeLike(vectors.get(key.slice(0, slash))!, key.slice(slash + 1), data);
    }
    requireShape(missing.size === 0, `AdamW: the state lacks ${[...missing].join(", ")}`);
    this.#steps = steps;
  }

  /** Gives the moments back to the pool. */
  release(): void {
    this.#norm.release();
    for (const { first, second } of this.#moments.values()) {
      this.device.pool.release(first.buffer);
      this.device.pool.release(second.buffer);
    }
  }
}
