/**
 * Opens an ONNX file in onnxruntime-web, on its WebAssembly backend.
 *
 * The runtime's files are read from Deno's package cache: they need read permission there, and
 * nothing from the network.
 * @module
 */
import type { InferenceSession, Tensor } from "onnxruntime-web";

export type { InferenceSession, Tensor } from "onnxruntime-web";

/** The runtime itself. */
export type Runtime = typeof import("onnxruntime-web");

/** A file and what runs it. */
export interface OpenSession {
  /** The loaded model. */
  readonly session: InferenceSession;
  /** An int64 tensor for it. */
  integers(
    values: BigInt64Array<ArrayBuffer>,
    shape: readonly number[],
  ): Tensor;
  /** A float tensor for it. */
  floats(
    values: Float32Array<ArrayBuffer>,
    shape: readonly number[],
  ): Tensor;
}

/** Below this size, in bytes, a second thread costs a model more than it brings (measured). */
const WORTH_THREADS = 16 * 2 ** 20;
const MOST_THREADS = 4;

let runtime: Promise<Runtime> | undefined;

/**
 * Opens a model.
 *
 * The runtime starts once per process, and the first model opened decides its threads: one for a
 * small model, up to four for a large one. Results do not depend on it.
 *
 * @param path the `.onnx` file
 * @throws {Deno.errors.NotFound} when there is no such file
 * @throws {TypeError} when onnxruntime cannot load it
 */
export async function openSession(path: string): Promise<OpenSession> {
  const bytes = await Deno.readFile(path);
  runtime ??= start(bytes.length);
  const { InferenceSession, Tensor } = await runtime;
  try {
    const session = await InferenceSession.create(bytes, {
      executionProviders: ["wasm"],
    });
    return {
      session,
      integers: (values, shape) => new Tensor("int64", values, shape),
      floats: (values, shape) => new Tensor("float32", values, shape),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(
      `onnxruntime cannot load ${path}: ${reason}. Expected an ONNX model as this program exports it, and permission to read Deno's package cache.`,
      { cause },
    );
  }
}

/** Loaded when it is first needed: most commands never are in need of it. */
async function start(size: number): Promise<Runtime> {
  const loaded = await import("onnxruntime-web");
  loaded.env.wasm.numThreads = size < WORTH_THREADS
    ? 1
    : Math.min(MOST_THREADS, navigator.hardwareConcurrency);
  return loaded;
}
