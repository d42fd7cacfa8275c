/**
 * What a stage's process may do: read its inputs and this program, write its own folders, and what its
 * modules ask for. Nothing else: no network, no other programs.
 * @module
 */
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Artifact } from "../artifact.ts";
import type { ModulePermissions, Permissions } from "../module.ts";
import { ModuleChoice } from "../slot.ts";
import { isModulePath, UserModule } from "../user_module.ts";
import type { StageJob } from "./executor.ts";

/** Where there are more, the store they lie in may be read: a command line does not take them all. */
const MOST_ARTIFACTS = 100;

/** The command line flags that grant a job's process what it needs. */
export function permissionFlags(job: StageJob, always: ModulePermissions): string[] {
  const { instance, stageFolder, attemptFolder } = job;
  const asked = [always, ...permissionsIn(instance.module, instance.input)];
  const of = (kind: keyof ModulePermissions) => asked.flatMap((each) => each[kind] ?? []);
  const writes = [stageFolder, attemptFolder].map((path) => resolve(path));
  const reads = [
    ...programFolders(),
    ...writes,
    ...pathsIn(job.values),
    ...(isModulePath(instance.uses) ? [dirname(fileURLToPath(instance.url))] : []),
    ...of("read").map((path) => resolve(path)),
  ];
  const flag = (name: string, values: readonly string[]) =>
    values.length === 0
      ? []
      : [`--allow-${name}=${[...new Set(values)].map(withoutComma).join(",")}`];
  return [
    ...flag("read", reads),
    ...flag("write", writes),
    ...flag("env", of("env")),
    ...flag("sys", of("sys")),
    ...(of("net").includes("*") ? ["--allow-net"] : flag("net", of("net"))),
  ];
}

/** The runtime takes a comma for the end of a name, and has no other way to write one. */
function withoutComma(value: string): string {
  if (!value.includes(",")) return value;
  throw new Error(
    `no permission can name "${value}", for it has a comma: give the folder or file a name without one`,
  );
}

/** This program, and where its packages lie. */
function programFolders(): string[] {
  const program = fileURLToPath(new URL("../../", import.meta.url));
  const aPackage = createRequire(import.meta.url).resolve("zod");
  const [packages = ""] = /^.*?[/\\](npm|node_modules)(?=[/\\])/.exec(aPackage) ?? [];
  return packages === "" ? [program] : [program, packages];
}

/** What the stage's module and those chosen in its input ask for. */
function permissionsIn(
  module: { readonly permissions?: Permissions },
  input: unknown,
): ModulePermissions[] {
  const { permissions = {} } = module;
  const found = [typeof permissions === "function" ? permissions(input) : permissions];
  visit(input, (value) => {
    if (!(value instanceof ModuleChoice)) return;
    found.push(...permissionsIn(value.module, value.with));
  });
  return found;
}

/** Files and folders that the values name, and the folders of users' modules among them. */
function pathsIn(values: unknown): string[] {
  const own = new Set<string>();
  const committed = new Set<string>();
  visit(values, (value) => {
    if (value instanceof Artifact) {
      (value.kind === "path" ? own : committed).add(resolve(value.path));
    }
    if (value instanceof UserModule) own.add(dirname(fileURLToPath(value.url)));
  });
  if (committed.size <= MOST_ARTIFACTS) return [...own, ...committed];
  const stores = [...committed].map((path) => dirname(dirname(path)));
  return [...own, ...new Set(stores)];
}

/** Every object and value below, the instances of classes as a whole. */
function visit(value: unknown, look: (value: unknown) => void): void {
  look(value);
  if (Array.isArray(value)) { for (const item of value) visit(item, look); }
  else if (typeof value === "object" && value !== null) {
    if (Object.getPrototypeOf(value) !== Object.prototype) return;
    for (const item of Object.values(value)) visit(item, look);
  }
}
