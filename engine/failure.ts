/**
 * What a stage's process says of an error that a stage threw.
 * @module
 */
import { userPlaceOf } from "../std/error_place.ts";
import { messageOf } from "./storage_error.ts";

/** What a module's `permissions` can name; see `std/modules.ts`. */
const DECLARABLE: ReadonlySet<string> = new Set(["read", "env", "net", "sys"]);
const REFUSED = /^Requires (\w+) access(?: to (.*?))?, run again with the --allow-[\w-]+ flag$/s;

/**
 * The message; for an error in a user's own code with its place there, for a permission that the process does not
 * have with what to do.
 */
export function failureMessage(error: unknown): string {
  const place = userPlaceOf(error);
  const at = place === undefined ? "" : ` (at ${place})`;
  const refused = error instanceof Deno.errors.NotCapable ? REFUSED.exec(error.message) : null;
  if (refused === null) return `${messageOf(error)}${at}`;
  const [, kind = "", what] = refused;
  return `${kind} access${what === undefined ? "" : ` to ${what}`} is not permitted${at}: ${
    adviceOn(kind, what)
  }`;
}

function adviceOn(kind: string, what: string | undefined): string {
  if (DECLARABLE.has(kind)) {
    return "a stage's process may do what its modules declare. Declare it in the module that needs it, " +
      `permissions: { ${kind}: [${what ?? "…"}] }`;
  }
  return kind === "write"
    ? "a stage writes its outputs (context.output), and else below context.folder"
    : "no stage's process has it";
}
