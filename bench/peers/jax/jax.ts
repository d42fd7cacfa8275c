/**
 * jax-js on one of its backends; the backend's name is the argument.
 * @module
 */
import { defaultDevice, init } from "@jax-js/jax";
import type { Greeting } from "../../protocol.ts";
import { serve } from "../../serve.ts";
import { openMatmul } from "./matmul.ts";
import { openTraining } from "./training_step.ts";

const [backend] = Deno.args;
if (backend !== "webgpu" && backend !== "wasm") {
  throw new TypeError(`expected "webgpu" or "wasm", got ${backend}`);
}

async function greet(backend: "webgpu" | "wasm"): Promise<Greeting> {
  const available = await init(backend);
  if (!available.includes(backend)) return { missing: `jax-js has no ${backend} backend here` };
  defaultDevice(backend);
  return { ready: { version: `jax-js ${versionOf(import.meta.resolve("@jax-js/jax"))}` } };
}

/** The version in an address such as npm:/@jax-js/jax@0.1.25. */
function versionOf(address: string): string {
  return /(?:@|\/)(\d+\.\d+\.\d+)/.exec(address)?.[1] ?? "of unknown version";
}

await serve(await greet(backend), async (task) => {
  if (task.kind === "matmul") return await openMatmul(task);
  if (task.kind === "training") return await openTraining(task);
  throw new Error(`jax-js is not asked for ${task.kind}`);
});
