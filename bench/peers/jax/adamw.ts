/**
 * AdamW in jax-js, for all parameters in one compiled function. (Its own optimisers are not on npm.)
 * @module
 */
import { numpy as np } from "@jax-js/jax";
import type { AdamWSettings } from "../../protocol.ts";
import type { Parameters } from "./gpt.ts";

/** Parameters and their two moments. */
export type State = [values: Parameters, first: Parameters, second: Parameters];

/**
 * One step. `correction1` and `correction2` are 1 / (1 − beta^step), as arrays: as numbers they would
 * be constants of the compiled function.
 */
export function adamw(
  settings: AdamWSettings,
  [values, first, second]: State,
  gradients: Parameters,
  correction1: np.Array,
  correction2: np.Array,
): State {
  const { learningRate, beta1, beta2, epsilon, weightDecay } = settings;
  const next: State = [{}, {}, {}];
  for (const name of Object.keys(values)) {
    const [value, gradient] = [values[name]!, gradients[name]!];
    const mean = first[name]!.mul(beta1).add(gradient.ref.mul(1 - beta1));
    const square = second[name]!.mul(beta2).add(np.square(gradient).mul(1 - beta2));
    const root = np.sqrt(square.ref.mul(correction2.ref)).add(epsilon);
    const kept = value.shape.length === 2 ? value.mul(1 - learningRate * weightDecay) : value;
    next[0][name] = kept.sub(mean.ref.mul(correction1.ref).div(root).mul(learningRate));
    next[1][name] = mean;
    next[2][name] = square;
  }
  correction1.dispose();
  correction2.dispose();
  return next;
}
