/**
 * AdamW with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2) and clipping by the
 * global gradient norm, over all parameters at once.
 * @module
 */
import type { Device } from "../device.ts";
import { requireShape } from "../errors.ts";
import { defineKernel, MAX_ITERATIONS } from "../kernel.ts";
import type { Parameters } from "../parameters.ts";
import type { Tensor } from "../tensor.ts";

/** Partial sums of the norm; each invocation strides over the gradients by this many vec4s. */
const PARTIALS = 1024;

const partialNormsKernel = defineKernel({
  label: "gradient norm, partial sums",
  bindings: { gradients: "read vec4f", partials: "write f32" },
  parameters: { count: "u32" },
  workgroupSize: 8,
  body: `var total = 0.0;
for (var i = index; i < p.count; i += ${PARTIALS}u) {
  let g = gradients[i];
  total += dot(g, g);
}
partials[index] = total;`,
});

const normKernel = defineKernel({
  label: "gradient norm",
  bindings: { partials: "read f32", norm: "write f32" },
  parameters: {},
  workgroupSize: 1,
  body: `var total = 0.0;
for (var i = 0u; i < ${PARTIALS}u; i++) { total += partials[i]; }
norm[0] = sqrt(total);`,
});

const stepKernel = defineKernel({
  label: "AdamW",
  bindings: {
    values: "write vec4f", // (P)
    gradients: "write vec4f", // (P), set to zero for the next step
    first: "write vec4f", // (P): mean of gradients
    second: "write vec4f", // (P): mean of squared gradients
    norm: "read f32", // (1)
  },
  parameters: {
    learningRate: "f32",
    beta1: "f32",
    beta2: "f32",
    correction1: "f32", // 1 − beta1^step
    correction2: "f32", // 1 − beta2^step
    epsilon: "f32",
    decay: "f32",
    decayEnd: "u32", // in vec4s
    clip: "f32", // 0: no clipping
  },
  workgroupSize: 64,
  body: `var scale = 1.0;
if (p.clip > 0.0) { scale = min(1.0, p.clip / (norm[0] + 1.0e-6)); }
let g = gradients[index] * scale;
let m = p.beta1 * first[index] + (1.0 - p.beta1) * g;
let v = p.beta2 * second[index] + (1.0 - p.beta2) * g * g;
var value = values[index];
if (index < p.decayEnd) { value -= p.learningRate * p.decay * value; }
values[index] = value - p.learningRate * (m / p.correction1) / (sqrt(v / p.correction2) + p.epsilon);
first[index] = m;
second[index] = v;
gradients[index] = vec4f();`,
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
}

/** The optimiser of one model: its settings and its two moments. */
export class AdamW {
  /** (1): global norm of the gradients of the newest step, before clipping. */
  readonly norm: Tensor;
  readonly #settings: Required<AdamWOptions>;
  readonly #first: Tensor;
  readonly #second: Tensor;
  readonly #partials: Tensor;
  #steps = 0;

  /** Starts with zero moments. */
  constructor(
    private readonly device: Device,
    private readonly parameters: Parameters,
    options: AdamWOptions = {},
  ) {
    requireShape(
      parameters.gradients !== undefined,
      "AdamW: the model is not trainable",
    );
    requireShape(
      parameters.values.size / 4 / PARTIALS <= MAX_ITERATIONS,
      `AdamW: ${parameters.values.size} parameters in one buffer exceed the gradient norm's range`,
    );
    this.#settings = {
      learningRate: options.learningRate ?? 2e-4,
      beta1: options.beta1 ?? 0.9,
      beta2: options.beta2 ?? 0.999,
      epsilon: options.epsilon ?? 1e-8,
      weightDecay: options.weightDecay ?? 1e-3,
      clip: options.clip ?? 0.3,
    };
    this.#first = device.empty([parameters.values.size]);
    this.#second = device.empty([parameters.values.size]);
    device.stream.clear(this.#first);
    device.stream.clear(this.#second);
    this.#partials = device.empty([PARTIALS]);
    this.norm = device.empty([1]);
  }

  /** Steps taken so far. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Applies the gradients and sets them to zero; work is recorded, not awaited.
   * `learningRate` overrides the setting for this step (schedules).
   */
  step(learningRate: number = this.#settings.learningRate): void {
    const { stream } = this.device;
    const { values, decayEnd } = this.parameters;
    const gradients = this.parameters.gradients!;
    const { beta1, beta2, epsilon, weightDecay, clip } = this.#settings;
    const count = values.size / 4;
    const step = ++this.#steps;
    this.parameters.changed();
    stream.dispatch(
      partialNormsKernel,
      { gradients, partials: this.#partials },
      { count },
      PARTIALS,
    );
    stream.dispatch(
      normKernel,
      { partials: this.#partials, norm: this.norm },
      {},
      1,
    );
    stream.dispatch(
      stepKernel,
      {
        values,
        gradients,
        first: this.#first,
        second: this.#second,
        norm: this.norm,
      },
      {
        learningRate,
        beta1,
        beta2,
        correction1: 1 - beta1 ** step,
        correction2: 1 - beta2 ** step,
        epsilon,
        decay: weightDecay,
        decayEnd: decayEnd / 4,
        clip,
      },
      count,
    );
  }

  /** Gives the moments back to the pool. */
  release(): void {
    this.device.stream.flush();
    for (
      const { buffer } of [this.#first, this.#second, this.#partials, this.norm]
    ) {
      this.device.pool.release(buffer);
    }
  }
}
