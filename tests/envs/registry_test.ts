import { assert, assertEquals, assertInstanceOf, assertRejects } from "../../std/assert.ts";
import { environmentProblem } from "../../envs/module_shape.ts";
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

Deno.test("tasks and splits must be names, and splits none of the common ones", () => {
  const said = (parts: object) => environmentProblem({ name: "x", ...parts });
  const tasks = ["a"];
  assertEquals(said({ tasks }), undefined);
  assertEquals(said({ tasks, splits: ["validation", "b"] }), undefined);
  for (const wrong of [undefined, [], "a", [1], [""], ["a", "a"]]) {
    assertEquals(
      said({ tasks: wrong }),
      `expected "tasks" to be a list of names, the last one the default, got ${
        JSON.stringify(wrong) ?? "undefined"
      }`,
    );
  }
  for (const wrong of [["train"], ["a", "a"], [1], "validation"]) {
    assertEquals(
      said({ tasks, splits: wrong }),
      `expected "splits" to be a list of names beside train, test, all, each once, got ${
        JSON.stringify(wrong)
      }`,
    );
  }
});

Deno.test("a default export that is no environment is told what it lacks", async () => {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      file,
      'export default { name: "x", version: "", description: "y", make() {}, tasks: [] };',
    );
    await assertRejects(
      () => makeEnvironment(file),
      ModuleError,
      "missing or of the wrong type: version, with",
    );
  } finally {
    await Deno.remove(file);
  }
});
