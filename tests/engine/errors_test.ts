/**
 * Golden errors: for each NAME.yaml in tests/fixtures/errors, NAME.txt is the whole of what is said.
 * `UPDATE_GOLDEN=1 deno task test tests/engine/errors_test.ts` writes them anew; read the difference.
 */
import { loadWorkflow, WorkflowError } from "../../engine/engine.ts";
import { assertEquals, assertGreaterOrEqual, assertRejects } from "../../std/assert.ts";
import { stages } from "./modules.ts";

const FOLDER = "tests/fixtures/errors";

const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
  .filter((name) => name.endsWith(".yaml")).sort();

Deno.test("there are enough golden errors", () => assertGreaterOrEqual(names.length, 25));

for (const name of names) {
  Deno.test(`golden error: ${name}`, async () => {
    const file = `${FOLDER}/${name}`;
    const error = await assertRejects(() => loadWorkflow(file, { stages }), WorkflowError);
    const golden = file.replace(/yaml$/, "txt");
    if (Deno.env.get("UPDATE_GOLDEN") === "1") {
      await Deno.writeTextFile(golden, `${error.message}\n`);
    }
    assertEquals(`${error.message}\n`, await Deno.readTextFile(golden));
  });
}
