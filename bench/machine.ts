/**
 * A description of this machine, for whoever reads the figures elsewhere.
 * @module
 */
import { cpus, release, totalmem } from "node:os";
import type { WorkerDetails } from "./protocol.ts";
import type { Machine } from "./results.ts";

/** Describes the machine; the adapter is what our worker says it has. */
export function describeMachine({ adapter, software }: WorkerDetails): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() || "unknown processor",
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30 * 10) / 10,
    system: `${Deno.build.os} ${release()}, ${Deno.build.arch}`,
    adapter: adapter ?? "unknown adapter",
    softwareAdapter: software ?? false,
    deno: Deno.version.deno,
  };
}
