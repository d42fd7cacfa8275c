/** A small tree of files for the tests, with something to ask for at each depth. */
import { dirname, join } from "node:path";

const roots: string[] = [];
globalThis.addEventListener("unload", () => {
  for (const root of roots) Deno.removeSync(root, { recursive: true });
});

/** Writes files into a folder of its own, which is removed at the end; gives the folder. */
export function writeTree(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = Deno.makeTempDirSync();
  roots.push(root);
  for (const [path, contents] of Object.entries(files)) {
    const target = join(root, path);
    Deno.mkdirSync(dirname(target), { recursive: true });
    if (typeof contents === "string") Deno.writeTextFileSync(target, contents);
    else Deno.writeFileSync(target, contents);
  }
  return root;
}

/** TypeScript that defines `count` functions named after `name`. */
function functions(name: string, count: number): string {
  return Array.from(
    { length: count },
    (_, index) => `export function ${name}${"ABCDEFGHIJKLMNOPQRST"[index]}() {}\n`,
  ).join("");
}

/** Files at depths 1 to 5, each with five functions of its own. */
export const SAMPLE: Readonly<Record<string, string>> = {
  "main.ts": functions("main", 5),
  "other.ts": functions("other", 5),
  "README.md": "# Garden tools\n\nText.\n\n## How to rake\n\n## How to dig\n",
  "src/spade.ts": functions("spade", 5),
  "src/rake.ts": functions("rake", 5),
  "src/parts/handle.ts": functions("handle", 5),
  "src/parts/blade.ts": functions("blade", 5),
  "src/parts/metal/steel.py": "def forge():\n    pass\n\n\nclass Steel:\n    pass\n",
  "src/parts/metal/iron.py": "def smelt():\n    pass\n\n\nclass Iron:\n    pass\n",
  "src/parts/metal/rare/gold.py": "def mine():\n    pass\n\n\ndef melt():\n    pass\n",
  "data/sales.csv": "day,amount,customer\n1,2,3\n",
  "data/settings.toml": "title = 1\n[server]\nport = 1\n",
};

/** {@linkcode SAMPLE} in a folder. */
export function sampleTree(): string {
  return writeTree(SAMPLE);
}
