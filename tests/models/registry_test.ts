import { gpt2Presets } from "../../models/gpt2_config.ts";
import { gpt2, models } from "../../models/registry.ts";
import { assert, assertEquals } from "../../std/assert.ts";

function problem(options: unknown): [string, string] {
  const issue = gpt2.with.safeParse(options).error?.issues[0];
  return [issue?.path.join(".") ?? "", issue?.message ?? ""];
}

Deno.test("models: gpt2 by name, nano where no preset is given", () => {
  const module = models.get("gpt2");
  assert(module !== undefined);
  assertEquals(module.configure(module.with.parse({})), gpt2Presets.nano);
  assertEquals([...models.keys()], [...models.values()].map(({ name }) => name));
});

Deno.test("models: every preset is valid, and every option replaces its part of one", () => {
  for (const [preset, config] of Object.entries(gpt2Presets)) {
    assertEquals(gpt2.configure(gpt2.with.parse({ preset })), config);
  }
  const options = { layers: 3, width: 96, heads: 8, positions: 50, vocabulary: 301 };
  assertEquals(gpt2.configure(gpt2.with.parse(options)), {
    ...gpt2Presets.nano,
    n_layer: 3,
    n_embd: 96,
    n_head: 8,
    n_positions: 50,
    vocab_size: 301,
  });
});

Deno.test("models: positions begin at random unless told otherwise", () => {
  const begin = (options: unknown) => gpt2.positionStart(gpt2.with.parse(options));
  assertEquals([begin({}), begin({ positionStart: "sinusoidal" })], ["random", "sinusoidal"]);
});

Deno.test("models: a width that does not fit the heads is refused at the option that is wrong", () => {
  const [at, message] = problem({ width: 60 });
  assertEquals(at, "width");
  assert(message.includes("multiple of 4 × heads, got width 60 with 2 heads"), message);
  assertEquals(problem({ heads: 3 })[0], "heads");
  assertEquals(problem({ width: 96, heads: 3 }), ["", ""]);
});

Deno.test("models: unknown presets and options, and sizes that are none, are refused", () => {
  assertEquals(problem({ preset: "pico" })[0], "preset");
  assertEquals(problem({ layers: 0 })[0], "layers");
  assertEquals(problem({ vocabulary: 299 })[0], "vocabulary");
  assert(problem({ depth: 2 })[1].includes("depth"));
});
