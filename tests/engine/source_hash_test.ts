import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { hashSource } from "../../engine/source_hash.ts";
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "../../std/assert.ts";

async function withFiles(
  files: Record<string, string>,
  check: (hash: (changes?: Record<string, string>) => Promise<string>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const hash = async (changes: Record<string, string> = {}) => {
    for (const [name, text] of Object.entries({ ...files, ...changes })) {
      await Deno.writeTextFile(join(folder, name), text);
    }
    const found = await hashSource(pathToFileURL(join(folder, "main.ts")).href);
    return found.hash ?? found.obstacle;
  };
  try {
    await check(hash);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const FILES = {
  "main.ts": `import {
  a,
} from "./a.ts";
import type { T } from "./types.ts";
export * from './b.ts';
const late = () => import("./late.ts");
const shader = new URL("./kernel.wgsl", import.meta.url);
/** Not an import: import(name), and import "./nowhere.ts". */
`,
  "a.ts": `import "./deep.ts"; export const a = 1;`,
  "b.ts": `export { type T, b } from "./types.ts"; import zod from "zod";`,
  "deep.ts": `import "./main.ts";`,
  "late.ts": "",
  "types.ts": "",
  "kernel.wgsl": "",
  "beside.ts": "",
};

Deno.test("the hash follows imports of every kind, near and far", async () => {
  await withFiles(FILES, async (hash) => {
    const before = await hash();
    assertEquals(before.length, 64);
    for (
      const name of ["main.ts", "a.ts", "b.ts", "deep.ts", "late.ts", "types.ts", "kernel.wgsl"]
    ) {
      const text = FILES[name as keyof typeof FILES];
      assertNotEquals(await hash({ [name]: `${text}\n// changed` }), before, name);
    }
    assertEquals(await hash({ "beside.ts": "changed" }), before);
  });
});

Deno.test("types alone are not followed", async () => {
  const files = { "main.ts": `import type { T } from "./types.ts";\n`, "types.ts": "" };
  await withFiles(files, async (hash) => {
    assertEquals(await hash({ "types.ts": "export type T = 1;" }), await hash());
  });
});

Deno.test("the hash does not depend on where the files are", async () => {
  let first = "";
  await withFiles(FILES, async (hash) => void (first = await hash()));
  await withFiles(FILES, async (hash) => assertEquals(await hash(), first));
});

Deno.test("an import whose name is computed is an obstacle, unless it is said to be keyed", async () => {
  const text = (argument: string) => ({ "main.ts": `const x = await import(${argument});\n` });
  await withFiles(text("name"), async (hash) => {
    assertEquals(await hash(), "main.ts imports a module whose name it computes");
  });
  await withFiles(text("`./${name}.ts`"), async (hash) => {
    assertStringIncludes(await hash(), "computes");
  });
  await withFiles(text("/* @keyed */ name"), async (hash) => {
    assertEquals((await hash()).length, 64);
  });
});

Deno.test("what is no readable file is an obstacle", async () => {
  assert((await hashSource("https://example.org/x.ts")).obstacle !== undefined);
  assert((await hashSource("file:///nowhere/x.ts")).obstacle !== undefined);
});
