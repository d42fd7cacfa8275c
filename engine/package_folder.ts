/**
 * Folders of installed packages, as `npm:NAME/MODULE` where a path is expected: the folder that holds this
 * module of the package. So a workflow can use what the set-up installs, wherever that lies.
 * @module
 */
import { createRequire } from "node:module";
import { dirname, isAbsolute } from "node:path";

const PREFIX = "npm:";
/** A package, perhaps of a scope, and perhaps a module of it: neither a path nor a version. */
const NAME = /^(@[\w-][\w.-]*\/)?[\w-][\w.-]*(\/(?!\.\.?(\/|$))[^/@]+)*$/;
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
  const wrong = (why: string, cause?: unknown) =>
    new Error(
      `expected a module of an installed package, as npm:zod or npm:deno-std/csv/mod.js, got ${
        JSON.stringify(path)
      }: ${why}`,
      { cause },
    );
  if (!NAME.test(name)) throw wrong("it is no package's name");
  let found: string;
  try {
    found = resolve(name);
  } catch (cause) {
    throw wrong(cause instanceof Error ? cause.message.split("\n")[0]! : String(cause), cause);
  }
  // Modules that are built in have a name and no file.
  if (!isAbsolute(found)) throw wrong("it is built in and has no folder");
  return dirname(found);
}
