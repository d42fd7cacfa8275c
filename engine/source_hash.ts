/**
 * Hash of a module's source and everything it imports from files: so that changed code is never
 * answered from the cache.
 * @module
 */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

/** A source's hash, or what keeps it from being computed. */
export type SourceHash =
  | { readonly hash: string; readonly obstacle?: undefined }
  | { readonly hash?: undefined; readonly obstacle: string };

/**
 * SHA-256 over the module at a `file:` URL and its relative imports, near and far. It cannot be computed
 * for what is no readable file, or where an import's target is known only by running the code;
 * `import(/* @keyed *\/ url)` says that the target enters the cache key in another way. Packages are
 * covered by the lock file's hash, type-only imports change nothing.
 */
export async function hashSource(url: string): Promise<SourceHash> {
  if (!url.startsWith("file:")) return { obstacle: `${url} is no file` };
  const files = new Map<string, Uint8Array>();
  const open = [url];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (files.has(next)) continue;
    const bytes = await readIfAny(next);
    if (bytes === undefined) {
      if (next === url) return { obstacle: `${url} cannot be read` };
      // A comment may show an import of what does not exist; code that did could not have been loaded.
      continue;
    }
    files.set(next, bytes);
    if (!/\.[cm]?[jt]sx?$/.test(new URL(next).pathname)) continue;
    const text = new TextDecoder().decode(bytes);
    if (importsComputed(text)) {
      const name = decodeURIComponent(next.slice(next.lastIndexOf("/") + 1));
      return { obstacle: `${name} imports a module whose name it computes` };
    }
    open.push(...localImports(text, next));
  }
  const root = new URL(".", url).href;
  const hash = createHash("sha256");
  for (const file of [...files.keys()].sort()) {
    const content = createHash("sha256").update(files.get(file) ?? "");
    hash.update(`${relativeTo(root, file)}\0${content.digest("hex")}\n`);
  }
  return { hash: hash.digest("hex") };
}

/** SHA-256 of the lock file: what every package import resolves to. Undefined where there is none. */
export async function hashLockFile(): Promise<string | undefined> {
  const bytes = await readIfAny(new URL("../deno.lock", import.meta.url).href);
  return bytes && createHash("sha256").update(bytes).digest("hex");
}

const IMPORTS = [
  // import "./a.ts"; import x from "./a.ts"; export { x } from "./a.ts"
  /\b(?:import|export)\b(?!\s+type\b)[^"'`;()]*?["']((?:\.{1,2}\/|\/|file:)[^"']+)["']/g,
  // import("./a.ts")
  /\bimport\s*\(\s*["'`]((?:\.{1,2}\/|\/|file:)[^"'`$]+)["'`]/g,
  // new URL("./kernel.wgsl", import.meta.url)
  /\bnew\s+URL\s*\(\s*["'`](\.{1,2}\/[^"'`$]+)["'`]\s*,\s*import\.meta\.url/g,
];

function localImports(text: string, base: string): string[] {
  return IMPORTS.flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, specifier = ""]) => new URL(specifier, base).href)
  );
}

/** An `import(…)` of anything but a literal, outside comments. */
function importsComputed(text: string): boolean {
  const code = text
    .replaceAll(/\bimport\s*\(\s*\/\*\s*@keyed\b/g, "")
    .replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  return /(?<![\w.$])import\s*\(\s*(?!["']|`[^$`]*`)[^)\s]/.test(code);
}

/** Paths that do not change when the whole tree is moved. */
function relativeTo(root: string, file: string): string {
  const from = root.split("/");
  const to = file.split("/");
  let same = 0;
  while (same < from.length - 1 && from[same] === to[same]) same++;
  return "../".repeat(from.length - 1 - same) + to.slice(same).join("/");
}

async function readIfAny(url: string): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(fileURLToPath(url));
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.IsADirectory ||
      error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotADirectory
    ) return undefined;
    throw error;
  }
}
