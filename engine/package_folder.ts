/**
 * Folders of installed packages, as `npm:NAME/MODULE` where a path is expected: the folder that holds this
 * module of the package. So a workflow can use what the set-up installs, wherever that lies.
 * @module
 */
import { createRequire } from "node:module";
import { dirname } from "node:path";

const PREFIX = "npm:";
const { resolve } = createRequire(import.meta.url);

/** True for what names a package's folder. */
export function isPackageFolder(path: string): boolean {
  return path.startsWith(PREFIX);
}

/**
 * The folder that holds the module. Throws an Error where no such package is installed, or it has no such
 * module.
 */
export function packageFolder(path: string): string {
  const name = path.slice(PREFIX.length);
  try {
    return dirname(resolve(name));
  } catch (cause) {
    throw new Error(
      `expected a module of an installed package, as npm:zod or npm:deno-std/csv/mod.js, got ${
        JSON.stringify(path)
      }: ${cause instanceof Error ? cause.message.split("\n")[0] : cause}`,
      { cause },
    );
  }
}
