/**
 * AdamW in float64 (Loshchilov & Hutter 2019, algorithm 2), over one vector.
 * @module
 */

/** Settings, all given. */
export interface AdamWSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** 0: none. */
  readonly clip: number;
}

/** The optimiser's state. */
export class ReferenceAdamW {
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  #steps = 0;

  /** `decays[i]` says whether weight decay applies to element i. */
  constructor(
    readonly values: Float64Array,
    private readonly decays: readonly boolean[],
    private readonly settings: AdamWSettings,
  ) {
    this.#first = new Float64Array(values.length);
    this.#second = new Float64Array(values.length);
  }

  /** Applies gradients; returns their global norm before clipping. */
  step(gradients: ArrayLike<number>): number {
    const s = this.settings;
    this.#steps++;
    const norm = Math.sqrt(
      Array.from(gradients).reduce((sum, g) => sum + g * g, 0),
    );
    const scale = s.clip > 0 ? Math.min(1, s.clip / (norm + 1e-6)) : 1;
    for (let i = 0; i < this.values.length; i++) {
      const g = gradients[i]! * scale;
      const m = s.beta1 * this.#first[i]! + (1 - s.beta1) * g;
      const v = s.beta2 * this.#second[i]! + (1 - s.beta2) * g * g;
      this.#first[i] = m;
      this.#second[i] = v;
      const mean = m / (1 - s.beta1 ** this.#steps);
      const spread = Math.sqrt(v / (1 - s.beta2 ** this.#steps));
      if (this.decays[i]) {
        this.values[i]! *= 1 - s.learningRate * s.weightDecay;
      }
      this.values[i]! -= s.learningRate * mean / (spread + s.epsilon);
    }
    return norm;
  }
}
