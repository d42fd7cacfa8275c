import { work } from "../../../engine/executors/worker.ts";
import { probes } from "./probe.ts";

if (import.meta.main) await work(probes, Deno.args[0] ?? "");
