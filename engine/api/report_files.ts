/**
 * Files of a run's report folder, and no other file.
 * @module
 */
import { extname, join, sep } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml; charset=utf-8",
  ".png": "image/png",
  ".csv": "text/csv; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
};

/**
 * The file at a path inside the folder, links resolved.
 *
 * @param path As it stands in the URL, decoded; empty means `index.html`.
 * @returns undefined where there is no such file inside the folder, whatever the reason: a caller
 * learns nothing about files elsewhere.
 */
export async function openReportFile(
  folder: string,
  path: string,
): Promise<Response | undefined> {
  const parts = (path === "" ? "index.html" : path).split("/");
  const odd = (part: string) =>
    part === "" || part === "." || part === ".." || /[\\\0:]/.test(part);
  if (parts.some(odd)) return undefined;
  try {
    const root = await Deno.realPath(folder);
    const real = await Deno.realPath(join(root, ...parts));
    if (!real.startsWith(root + sep)) return undefined;
    if (!(await Deno.stat(real)).isFile) return undefined;
    return new Response(await Deno.readFile(real), {
      headers: {
        "content-type": TYPES[extname(real).toLowerCase()] ??
          "application/octet-stream",
      },
    });
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory ||
      error instanceof Deno.errors.FilesystemLoop
    ) return undefined;
    throw error;
  }
}
