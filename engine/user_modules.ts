/**
 * Imports the modules that a workflow names by their files, before anything is validated.
 * @module
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Diagnostics, Position } from "./diagnostics.ts";
import { isWorkflowPath } from "./included_file.ts";
import { hashSource } from "./source_hash.ts";
import { userPlaceOf } from "../std/error_place.ts";
import { mapScalars, type ScalarNode, type TreeNode } from "./tree.ts";
import { isModulePath, UserModule } from "./user_module.ts";

/** The tree with each `uses: ./file.ts` replaced by the module; paths are relative to `folder`. */
export async function importUserModules(
  tree: TreeNode,
  folder: string,
  diagnostics: Diagnostics,
): Promise<TreeNode> {
  const found = new Map<string, Position[]>();
  mapScalars(tree, (scalar, key) => {
    const path = modulePath(scalar, key);
    if (path !== undefined) {
      found.set(path, [...found.get(path) ?? [], scalar.at]);
    }
    return scalar;
  });
  if (found.size === 0) return tree;
  const modules = new Map<string, UserModule>();
  for (const [path, positions] of found) {
    const imported = await importModule(path, folder);
    if (imported instanceof UserModule) modules.set(path, imported);
    else for (const at of positions) diagnostics.add(at, imported.code, imported.message);
  }
  return mapScalars(tree, (scalar, key) => {
    const path = modulePath(scalar, key);
    if (path === undefined) return scalar;
    const module = modules.get(path);
    return module === undefined ? { ...scalar, broken: true } : { ...scalar, value: module };
  });
}

function modulePath(
  { value }: ScalarNode,
  key: string | undefined,
): string | undefined {
  return key === "uses" && typeof value === "string" && isModulePath(value) ? value : undefined;
}

/** The module, or why there is none. */
type Imported = UserModule | { readonly code: string; readonly message: string };

async function importModule(specifier: string, folder: string): Promise<Imported> {
  if (isWorkflowPath(specifier)) {
    const message = `${specifier} is a workflow file: only the "uses" of a stage can name one`;
    return { code: "wrong-include", message };
  }
  const path = resolve(folder, specifier);
  const info = await Deno.stat(path).catch(() => undefined);
  if (!info?.isFile) {
    const message = `there is no file ${specifier} (paths are relative to the workflow file)`;
    return { code: "module-not-found", message };
  }
  const { href } = pathToFileURL(path);
  try {
    const namespace: { default?: unknown } = await import(href);
    const { hash } = await hashSource(href);
    return new UserModule(specifier, href, namespace.default, hash);
  } catch (error) {
    const [reason] = String(error instanceof Error ? error.message : error)
      .replaceAll(new URL(".", href).href, "").split("\n");
    const place = userPlaceOf(error);
    const at = place === undefined ? "" : ` (at ${place})`;
    return { code: "module-failed", message: `${specifier} cannot be imported: ${reason}${at}` };
  }
}
