/**
 * What the bench and its workers say to each other: one JSON object a line. Each contestant, ours
 * included, is a process of its own, so none slows another by its threads, heap or compiled code.
 *
 * A worker first says `{ "ready": … }` or `{ "missing": … }`; then it answers each request in turn.
 * @module
 */

/** op(A) op(B): T takes an operand transposed. */
export type Transposes = "NN" | "NT" | "TN";

/** Where one tensor lies in a file of float32 numbers. */
export interface StoredArray {
  /** GPT-2's name without the `transformer.` prefix, or `a` and `b` of a product. */
  readonly name: string;
  /** Row-major, outermost first. */
  readonly shape: readonly number[];
  /** First element, counted in numbers. */
  readonly offset: number;
}

/** A file of little-endian float32 numbers and what lies in it. */
export interface ArrayFile {
  /** Absolute path. */
  readonly path: string;
  /** In the order of the file, without gaps. */
  readonly arrays: readonly StoredArray[];
}

/** The shape of a GPT-2 style model: pre-norm, learned positions, tied head, GELU by tanh. */
export interface GptShape {
  /** Blocks. */
  readonly layers: number;
  /** Width of the residual stream. */
  readonly width: number;
  /** Attention heads; they divide the width. */
  readonly heads: number;
  /** Token ids. */
  readonly vocabulary: number;
  /** Longest sequence, in tokens. */
  readonly positions: number;
}

/** Settings of AdamW, the same for everyone; there is no clipping. */
export interface AdamWSettings {
  /** Size of a step. */
  readonly learningRate: number;
  /** Memory of the mean gradient. */
  readonly beta1: number;
  /** Memory of the mean squared gradient. */
  readonly beta2: number;
  /** Added to the root of the mean square. */
  readonly epsilon: number;
  /** Decoupled; applies to matrices only, embeddings included. */
  readonly weightDecay: number;
}

/** `out (M, N) = op(a) op(b)`; the check is a few elements of `out`. */
export interface MatmulTask {
  readonly kind: "matmul";
  readonly transposes: Transposes;
  /** M, K, N */
  readonly shape: readonly [number, number, number];
  /** `a` and `b` as they are stored: (K, M) under TN, (N, K) under NT. */
  readonly operands: ArrayFile;
  /** Elements of `out` to hand back, by their row-major position. */
  readonly probes: readonly number[];
}

/** Whole training steps on one batch; the check is the losses of the first steps. */
export interface TrainingTask {
  readonly kind: "training";
  readonly model: GptShape;
  readonly weights: ArrayFile;
  readonly optimizer: AdamWSettings;
  /** (B, T) token ids */
  readonly tokens: readonly (readonly number[])[];
  /** (B, T) the token to expect behind each */
  readonly targets: readonly (readonly number[])[];
  /** Steps to take, and losses to hand back, before the first measurement. */
  readonly checkedSteps: number;
}

/** Greedy writing; the check is the tokens written. */
export interface DecodeTask {
  readonly kind: "decode";
  /** A model folder in Hugging Face layout. */
  readonly modelFolder: string;
  /** The same model as exported to ONNX. */
  readonly onnxFolder: string;
  /** Token ids. */
  readonly prompts: readonly (readonly number[])[];
  /** Tokens to write behind each prompt. */
  readonly count: number;
}

/** The adapter's highest rate of f32 multiply-adds; the check is empty. */
export interface PeakTask {
  readonly kind: "peak";
}

/** Episodes of an environment played again, step by step; the check is the state each ends in. */
export interface StepsTask {
  readonly kind: "steps";
  /** Name of a registered environment. */
  readonly environment: string;
  /** Its options. */
  readonly options: Readonly<Record<string, unknown>>;
  /** How many play side by side, one step each in turn. */
  readonly instances: number;
  /** The seed of the reset, the state it gives, and the labels to take. */
  readonly episodes: readonly {
    readonly seed: number;
    readonly state: unknown;
    readonly labels: readonly string[];
  }[];
}

/** Work that can be measured. */
export type Task = MatmulTask | TrainingTask | DecodeTask | PeakTask | StepsTask;

/** What a worker says first. */
export type Greeting = { readonly ready: WorkerDetails } | { readonly missing: string };

/** What a worker is. */
export interface WorkerDetails {
  /** Versions of what computes: `jax-js 0.1.25`. */
  readonly version: string;
  /** The WebGPU adapter, where it uses one. */
  readonly adapter?: string;
  /** Whether that adapter is the processor. */
  readonly software?: boolean;
}

/** A request: prepare a task, repeat it, or let go of it. */
export type Request =
  | { readonly method: "open"; readonly task: Task }
  | { readonly method: "measure"; readonly repetitions: number }
  | { readonly method: "close" };

/** What a measurement or a preparation gives. */
export interface Reply {
  /** `open`: numbers that must agree between workers. */
  readonly check?: readonly number[];
  /** `measure`: seconds of one repetition. `peak` answers with seconds of one GFLOP. */
  readonly seconds?: number;
  /** What went wrong, where something did. */
  readonly error?: string;
}
