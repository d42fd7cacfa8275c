/**
 * Where in a user's own code an error came from.
 * @module
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = new URL("..", import.meta.url).href;
/** What in this program's folder is a user's, or as if it were. */
const THEIRS = ["workflows", "tests"].map((folder) => `${ROOT}${folder}/`);
/** An installed package, in a folder beside a program or in the runtime's own. */
const PACKAGE = /\/node_modules\/|\/npm\/[\w-]+(?:\.[\w-]+)+\//;

/**
 * File, line and column of the innermost frame of an error's stack that is in a file of the user's; undefined where
 * none is. A file below the working folder is named from there. Throws nothing, whatever the error is.
 */
export function userPlaceOf(error: unknown): string | undefined {
  try {
    if (!(error instanceof Error) || typeof error.stack !== "string") return undefined;
    for (const line of error.stack.split("\n")) {
      const [, url = "", place = ""] = /^\s+at .*?(file:\/\/.*?)(:\d+:\d+)\)?$/.exec(line) ?? [];
      if (isUsers(url)) return `${pathOf(url)}${place}`;
    }
  } catch {
    // A working folder that is gone, an odd URL: the error itself is still to be told.
  }
  return undefined;
}

/** The error's name and message, and the place in the user's code it came from. */
export function describeError(error: unknown): string {
  const place = userPlaceOf(error);
  return `${error}${place === undefined ? "" : ` (at ${place})`}`;
}

function isUsers(url: string): boolean {
  if (url === "" || PACKAGE.test(url)) return false;
  return !url.startsWith(ROOT) || THEIRS.some((folder) => url.startsWith(folder));
}

function pathOf(url: string): string {
  const path = fileURLToPath(url);
  const below = relative(Deno.cwd(), path);
  return below.startsWith("..") ? path : below;
}
