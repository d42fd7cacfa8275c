/**
 * What a stage's own process runs; the engine starts it (engine/executors/local.ts).
 * @module
 */
import { work } from "../engine/executors/worker.ts";
import { stages } from "./stages.ts";

if (import.meta.main) await work(stages, Deno.args[0] ?? "");
