/**
 * Work that an earlier run began and did not finish, as far as there are checkpoints to go on from. Only looks.
 * @module
 */
import { join } from "node:path";
import { checkpointsFolder, runFiles } from "./layout.ts";
import { Lock } from "./lock.ts";
import type { Decision } from "./plan.ts";
import type { ResultIndex } from "./result_index.ts";

/** The run that the next one would go on from for this decision; undefined where it would begin anew. */
export async function unfinishedRun(
  { state, parts }: Decision,
  index: ResultIndex,
  runsFolder: string,
): Promise<string | undefined> {
  if (state !== "run" || parts?.key === undefined) return undefined;
  const begun = index.begun(parts.key);
  if (begun === undefined || await isHeld(runFiles(runsFolder, begun.run).lock)) return undefined;
  const left = await Deno.stat(checkpointsFolder(join(runsFolder, begun.folder)))
    .then(() => true, () => false);
  return left ? begun.run : undefined;
}

/** A run whose folder is gone does nothing. */
async function isHeld(lock: string): Promise<boolean> {
  return await Lock.isHeld(lock).catch(() => false);
}
