import { artifactPath } from "../../engine/artifact.ts";
import { isPackageFolder, packageFolder } from "../../engine/package_folder.ts";
import { assert, assertEquals, assertThrows } from "../../std/assert.ts";

Deno.test("package folders: the folder of a package's module, wherever it is installed", () => {
  const zod = packageFolder("npm:zod");
  assertEquals(JSON.parse(Deno.readTextFileSync(`${zod}/package.json`)).name, "zod");
  const csv = packageFolder("npm:deno-std/csv/mod.js");
  assert(Deno.statSync(`${csv}/mod.js`).isFile);
  assertEquals(artifactPath("npm:zod"), zod);
  assertEquals(artifactPath("zod"), "zod");
});

Deno.test("package folders: what is not installed, and a module that is not there, are errors that name them", () => {
  const wrong = ["no-such-package", "zod/no-such-module.js", "", "fs", "..", "./engine.ts"];
  const outside = ["/etc/hosts", "zod/../hono", "zod@4.6.7", "@std"];
  for (const path of [...wrong, ...outside].map((name) => `npm:${name}`)) {
    assert(isPackageFolder(path));
    assertThrows(() => packageFolder(path), Error, `got ${JSON.stringify(path)}: `);
  }
  assert(!isPackageFolder("./npm:zod"));
});
