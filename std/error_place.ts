/**
 * Where in a user's own code an error came from.
 * @module
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = new URL("..", import.meta.url).href;
/** Folders of this program: what goes wrong in them is not in the user's file. */
const OWN = ["agents", "cli", "engine", "envs", "kernels", "models", "stages", "std", "training"]
  .map((folder) => `${ROOT}${folder}/`);

/**
 * File, line and column of the innermost frame of an error's stack that is in a file of the user's; undefined where
 * none is. A file below the working folder is named from there.
 */
export function userPlaceOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  for (
    const [, url = "", place = ""] of (error.stack ?? "").matchAll(
      /(file:\/\/[^\s()]+?)(:\d+:\d+)/g,
    )
  ) {
    if (OWN.some((folder) => url.startsWith(folder)) || url.includes("/npm/")) continue;
    const path = fileURLToPath(url);
    const below = relative(Deno.cwd(), path);
    return `${below.startsWith("..") ? path : below}${place}`;
  }
  return undefined;
}

/** The error's name and message, and the place in the user's code it came from. */
export function describeError(error: unknown): string {
  const place = userPlaceOf(error);
  return `${error}${place === undefined ? "" : ` (at ${place})`}`;
}
