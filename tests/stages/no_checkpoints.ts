/**
 * Checkpoints for stages that are tested without an engine: none is there, and none is kept.
 * @module
 */
import type { Checkpoints } from "../../engine/module.ts";

/** As on a first attempt, each of which is the only one. */
export const noCheckpoints: Checkpoints = {
  latest: () => Promise.resolve(undefined),
  save: () => Promise.resolve(),
  clear: () => Promise.resolve(),
};
