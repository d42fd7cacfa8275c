/**
 * Swappable modules by name or by path, and their options, with errors that say what to do.
 *
 * For code that makes environments and agents without a workflow; in a workflow the loader checks the
 * same and points at the token.
 * @module
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { z } from "zod";
import { issueWords } from "./issue_words.ts";
import { nearest } from "./nearest.ts";

/** A module that cannot be found, loaded or given these options. The message says what to change. */
export class ModuleError extends Error {
  /** The class's name, for messages. */
  override readonly name = "ModuleError";
}

/** What a stage's process is allowed, by Deno's names. */
export interface ModulePermissions {
  /** Files and folders to read. */
  readonly read?: readonly string[];
  /** Variables of the environment. */
  readonly env?: readonly string[];
  /** Hosts, as `api.openai.com` or `127.0.0.1:8080`; `*` is any. */
  readonly net?: readonly string[];
  /** Facts about the system, as `systemMemoryInfo`. */
  readonly sys?: readonly string[];
}

/**
 * What a module needs of its stage's process: always the same, or what its options come to. In those a
 * reference or a secret is what stands for it before the run. Typed as a method, so that a module with
 * options of its own can stand where any module can, as with `make`.
 */
export type Permissions<Options = unknown> =
  | ModulePermissions
  | { of(options: Options): ModulePermissions }["of"];

/** What every swappable module has. */
export interface SwappableModule {
  /** The word after `uses:`. */
  readonly name: string;
  /** Schema of the options. */
  readonly with: z.ZodType;
}

/** A family of modules: what it is called, which are built in, and what one must have. */
export interface ModuleFamily<M extends SwappableModule> {
  /** In messages: "environment". */
  readonly noun: string;
  /** The built-in ones, by name. */
  readonly registry: ReadonlyMap<string, M>;
  /** What else is wrong with one that has `name`, `version`, `description`, `with` and `make`; undefined where nothing is. */
  readonly problem?: (module: object) => string | undefined;
}

/**
 * Finds a module: a registered name, or the path (relative to the working folder) or URL of a file
 * whose default export is one. Throws a {@linkcode ModuleError} where there is none.
 */
export async function findModule<M extends SwappableModule>(
  family: ModuleFamily<M>,
  id: string,
): Promise<M> {
  const { noun, registry } = family;
  if (isLocation(id)) return await importModule(family, id);
  const found = registry.get(id);
  if (found !== undefined) return found;
  const names = [...registry.keys()];
  const close = nearest(id, names);
  const hint = close === undefined ? "" : `; did you mean "${close}"?`;
  throw new ModuleError(
    `no ${noun} is named "${id}"${hint} (known: ${
      names.join(", ")
    }; or give the path of a module, as ./my_${noun.split(" ").at(-1)}.ts)`,
  );
}

/** Options as the module's schema completes them. Throws a {@linkcode ModuleError} that lists all that is wrong. */
export function parseOptions<T>(
  noun: string,
  module: { readonly name: string; readonly with: z.ZodType<T> },
  options: unknown = {},
): T {
  const parsed = module.with.safeParse(options, { reportInput: true });
  if (parsed.success) return parsed.data;
  const known = optionNames(module.with);
  const problems = parsed.error.issues.flatMap((issue) => describeIssue(issue, known));
  throw new ModuleError(
    `${noun} "${module.name}": ${problems.join("; ")}`,
  );
}

/** True for what names a file or URL, not a registered module. */
function isLocation(id: string): boolean {
  return /[/\\]|\.[cm]?[jt]s$|^\w+:/.test(id);
}

async function importModule<M extends SwappableModule>(
  family: ModuleFamily<M>,
  location: string,
): Promise<M> {
  const url = /^[a-z][a-z\d+.-]+:/i.test(location)
    ? location
    : pathToFileURL(resolve(location)).href;
  let exported: unknown;
  try {
    // In a workflow the engine imports users' modules and hashes their source itself.
    exported = (await import(/* @keyed */ url)).default;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModuleError(
      `cannot load ${family.noun} module ${location}: ${reason}`,
      { cause },
    );
  }
  const problem = partsProblem(exported) ?? family.problem?.(exported as object);
  if (problem === undefined) return exported as M;
  throw new ModuleError(
    `${location}: expected the default export to be ${article(family.noun)} module, but ${problem}`,
  );
}

function partsProblem(exported: unknown): string | undefined {
  if (exported === undefined) return "there is no default export";
  const missing = missingParts(exported);
  return missing.length === 0
    ? undefined
    : `these parts are missing or of the wrong type: ${missing.join(", ")}`;
}

function missingParts(value: unknown): string[] {
  const parts: Record<string, (part: unknown) => boolean> = {
    name: isText,
    version: isText,
    description: isText,
    with: (part) => part instanceof Object && "safeParse" in part,
    make: (part) => typeof part === "function",
  };
  return Object.entries(parts)
    .filter(([key, fits]) => !(value instanceof Object) || !fits(Reflect.get(value, key)))
    .map(([key]) => key);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function article(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
}

/** Names of the options an object schema takes; none for other schemas. */
function optionNames(schema: z.ZodType): string[] {
  const shape: unknown = "shape" in schema ? schema.shape : undefined;
  return shape instanceof Object ? Object.keys(shape) : [];
}

function describeIssue(
  issue: z.core.$ZodIssue,
  known: readonly string[],
): string[] {
  const at = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys" && issue.path.length === 0) {
    return issue.keys.map((key) => {
      const close = nearest(key, known);
      const hint = close === undefined ? "" : `; did you mean "${close}"?`;
      return `no option "${key}"${hint} (valid: ${known.join(", ")})`;
    });
  }
  return [at === "" ? issueWords(issue) : `option "${at}": ${issueWords(issue)}`];
}
