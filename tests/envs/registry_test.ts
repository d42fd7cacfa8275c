import { assert, assertEquals, assertInstanceOf, assertRejects } from "../../std/assert.ts";
import { makeEnvironment } from "../../envs/make.ts";
import { environments } from "../../envs/registry.ts";
import { TaxiEnvironment } from "../../envs/taxi/taxi.ts";
import { ModuleError } from "../../std/modules.ts";

const CORRIDOR = new URL("./corridor.ts", import.meta.url);

Deno.test("a registered environment is made by name, its options checked and completed", async () => {
  assert(environments.has("taxi"));
  assertInstanceOf(await makeEnvironment("taxi"), TaxiEnvironment);
  const env = await makeEnvironment("taxi", { task: "pickup", horizon: 1 });
  await env.reset({ seed: 0, state: 4 * 20 + 1 });
  assertEquals((await env.step("0")).truncated, true);
});

Deno.test("a user's environment is made by path or URL", async () => {
  for (const id of [CORRIDOR.href, CORRIDOR.pathname]) {
    const env = await makeEnvironment(id, { length: 3 });
    const { observation } = await env.reset({ seed: 0, state: { cell: 1 } });
    assertEquals(observation.state, "The door is 2 cells ahead.");
  }
});

Deno.test("what cannot be made is refused with what to do", async () => {
  const refused: [string, unknown, string][] = [
    [
      "taxy",
      {},
      'no environment is named "taxy"; did you mean "taxi"? (known: taxi',
    ],
    ["chess", {}, "or give the path of a module, as ./my_environment.ts)"],
    [
      "taxi",
      { horizn: 3 },
      'no option "horizn"; did you mean "horizon"? (valid: task, horizon, historyLength, prompt, instructions)',
    ],
    ["taxi", { task: "fly" }, 'option "task": '],
    ["taxi", { task: "fly", horizon: -1 }, 'option "horizon": '],
    ["taxi", 3, "expected object"],
    ["./no_such_env.ts", {}, "cannot load environment module ./no_such_env.ts"],
    [CORRIDOR.href, { length: 1 }, 'environment "corridor": option "length"'],
    [
      new URL("./broken.ts", import.meta.url).href,
      {},
      "there is no default export",
    ],
  ];
  for (const [id, options, says] of refused) {
    await assertRejects(() => makeEnvironment(id, options), ModuleError, says);
  }
});

Deno.test("a default export that is no environment is told what it lacks", async () => {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      file,
      'export default { name: "x", version: "1", description: "y", make() {}, tasks: [] };',
    );
    await assertRejects(
      () => makeEnvironment(file),
      ModuleError,
      "missing or of the wrong type: with, tasks",
    );
  } finally {
    await Deno.remove(file);
  }
});
