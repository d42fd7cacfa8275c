/**
 * Who is measured, and how each is started. To add a peer, write a worker that speaks `protocol.ts`
 * and name it here.
 * @module
 */
import type { Contestant } from "./worker.ts";

/** What every user of WebGPU needs on Linux; see `kernels/device.ts`. */
const environment = Deno.build.os === "linux"
  ? { DENO_WEBGPU_BACKEND: "vulkan", XDG_RUNTIME_DIR: "/tmp" }
  : {};

/** This project. */
export const ours: Contestant = {
  name: "ours",
  command: [
    "deno",
    "run",
    "--no-prompt",
    "--allow-read",
    "--allow-env=DENO_WEBGPU_BACKEND,XDG_RUNTIME_DIR",
    "bench/ours/ours.ts",
  ],
  environment,
};

function jax(backend: "webgpu" | "wasm"): Contestant {
  const config = ["--config", "bench/peers/jax/deno.json"];
  const worker = ["--no-prompt", "--allow-read", "bench/peers/jax/jax.ts", backend];
  return {
    name: `jax-js-${backend}`,
    command: ["deno", "run", ...config, ...worker],
    environment,
  };
}

const pytorch: Contestant = { name: "pytorch-cpu", command: ["python3", "bench/peers/pytorch.py"] };

const onnxruntime: Contestant = {
  name: "onnxruntime-web-wasm",
  command: [
    "deno",
    "run",
    "--no-prompt",
    "--allow-read",
    "--allow-env=LOG_TOKENS,LOG_STREAM,NODE_ENV",
    "bench/peers/onnxruntime.ts",
  ],
};

const gymnasium: Contestant = {
  name: "gymnasium",
  command: ["python3", "bench/peers/gymnasium_steps.py"],
};

/** Peers that multiply and train. */
export const trainers: readonly Contestant[] = [jax("webgpu"), jax("wasm"), pytorch];

/** Peers that write text. */
export const writers: readonly Contestant[] = [onnxruntime];

/** Peers that have environments. */
export const worlds: readonly Contestant[] = [gymnasium];
