/**
 * The stage of the engine's measurements, in a file of its own: its source is in every cache key.
 * @module
 */
import { z } from "zod";
import { artifact } from "../../engine/artifact.ts";
import type { StageModule } from "../../engine/module.ts";

/** Takes up to many data sets and leaves one that tells its name: as little work as a stage can do. */
export const stage: StageModule = {
  name: "pass",
  version: "1",
  description: "Passes on.",
  url: import.meta.url,
  usesDevice: false,
  outputs: { data: { kind: "dataset", description: "What it was given." } },
  with: z.object({ data: z.array(artifact("dataset")).default([]) }),
  run: async (_, context) => {
    await Deno.writeTextFile(context.output("data"), context.instance);
  },
};
