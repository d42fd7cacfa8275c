/**
 * The training traces made by PyTorch (`tests/fixtures/training_trace.py`), loaded.
 */
import { readSafetensors, type Tensor } from "../../models/safetensors.ts";

/** Numbers of a trace; the script's docstring says what each means. */
export interface Trace<Config> {
  readonly config: Config;
  readonly optimiser: {
    readonly learningRate: number;
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    readonly weightDecay: number;
    readonly gradientClip: number;
  };
  /** Lengths of the packed sequences. */
  readonly lengths: number[];
  /** One of each per packed token. */
  readonly tokens: number[];
  readonly positions: number[];
  readonly targets: number[];
  readonly weights: number[];
  /** One per step. */
  readonly losses: number[];
  readonly gradientNorms: number[];
  /** By parameter, at the last step. */
  readonly lastGradientNorms: Record<string, number>;
  readonly float64_difference: Record<string, number>;
  /** `initial/NAME`, `gradient0/NAME`, `final/NAME`, `logits0`. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Loads the trace of this name, its configuration checked by `parse`. */
export function loadTrace<Config>(
  name: "gpt2_trace" | "llama_trace",
  parse: (config: unknown, where: string) => Config,
): Trace<Config> {
  const path = (extension: string) =>
    new URL(`../fixtures/${name}.${extension}`, import.meta.url).pathname;
  const json = JSON.parse(Deno.readTextFileSync(path("json")));
  return {
    ...json,
    config: parse(json.config, path("json")),
    tensors: readSafetensors(path("safetensors")),
  };
}

/** The tensors whose name begins with `prefix/`, by the rest of the name. */
export function tensorsOf(trace: Trace<unknown>, prefix: string): Map<string, Tensor> {
  const result = new Map<string, Tensor>();
  for (const [name, tensor] of trace.tensors) {
    if (name.startsWith(`${prefix}/`)) {
      result.set(name.slice(prefix.length + 1), tensor);
    }
  }
  return result;
}
