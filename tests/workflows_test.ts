/**
 * Every workflow that comes with this program is valid.
 */
import { assert } from "../std/assert.ts";
import { loadWorkflow } from "../mod.ts";

const folder = new URL("../workflows/", import.meta.url);

function filesIn(folder: URL): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return filesIn(new URL(`${name}/`, folder));
    return name.endsWith(".yaml") ? [new URL(name, folder).pathname] : [];
  });
}

for (const file of filesIn(folder)) {
  Deno.test(`${file.slice(folder.pathname.length)} is valid`, async () => {
    const { instances } = await loadWorkflow(file);
    assert(instances.length > 1);
  });
}
