import { Policy } from "../../agents/policy.ts";
import { composePolicyPrompt } from "../../agents/prompt.ts";
import type { Observation } from "../../envs/environment.ts";
import { NonFiniteError } from "../../kernels/kernels.ts";
import { placeModel } from "../../models/causal_model.ts";
import type { ModelFiles } from "../../models/model_folder.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../std/assert.ts";
import { useGpu } from "../kernels/gpu.ts";
import { referenceLogits } from "../reference/gpt2.ts";
import { randomModel, recitingModel } from "../reference/models.ts";
import { doors, tinyPolicy, tokenizer } from "../training/tiny.ts";

const gpu = useGpu();

function policyOf(files: ModelFiles): Policy {
  return new Policy(
    placeModel(gpu().device, files, { trainable: false }),
    files.tokenizer,
  );
}

/** Prompts that differ in length and in what they ask. */
function prompts(policy: Policy, count: number) {
  return Array.from({ length: count }, (_, i) => {
    const reflection = i % 3 === 0 ? "" : "Take the left. ".repeat(i % 4);
    return policy.input(doors("Once. ".repeat(i % 2)), reflection.trim());
  });
}

function seeds(count: number, first = 0): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

Deno.test("policy: reads the composed prompt, the reflection included", () => {
  const policy = tinyPolicy(gpu().device);
  for (const reflection of ["", "Take the right."]) {
    const { tokens, choices } = policy.input(doors(), reflection);
    assertEquals(tokenizer.decode(tokens), composePolicyPrompt(doors(), reflection));
    assertEquals(choices, 2);
  }
});

Deno.test("policy: an action that is not offered is never chosen, however likely its label", async () => {
  const files = recitingModel([]);
  const favourite = files.tokenizer.labelToken(" 1");
  const policy = policyOf(recitingModel(Array(40).fill(favourite)));
  const tokens = files.tokenizer.encode("at row 1");
  const inputs = seeds(40).map((i) => ({ tokens, choices: 1 + i % 2 }));
  assertEquals(
    await policy.choose(inputs, { seeds: seeds(40) }),
    inputs.map(({ choices }) => choices === 2 ? "1" : "0"),
  );
});

Deno.test("policy: choices follow the model's probabilities at a temperature, and are greedy at temperature 0", async () => {
  const files = randomModel({ n_layer: 1, n_embd: 16, n_head: 2 });
  const policy = policyOf(files);
  const tokens = files.tokenizer.encode("at row 1 go");
  const logits = referenceLogits(files.config, files.parameters, tokens).at(-1)!;
  const [zero, one] = policy.labelTokens(2);
  const temperature = 4;
  const share = 1 / (1 + Math.exp((logits[zero!]! - logits[one!]!) / temperature));
  assert(share > 0.1 && share < 0.9 && Math.abs(share - 0.5) > 0.05, `not telling: ${share}`);
  const inputs = Array(2000).fill({ tokens, choices: 2 });
  const drawn = await policy.choose(inputs, { seeds: seeds(2000), temperature });
  const seen = drawn.filter((label) => label === "1").length / 2000;
  // Four standard deviations of 2000 draws.
  assert(Math.abs(seen - share) < 0.045, `expected a share of ${share}, got ${seen}`);
  const greedy = await policy.choose(inputs.slice(0, 9), { seeds: seeds(9), temperature: 0 });
  assertEquals(new Set(greedy), new Set([share > 0.5 ? "1" : "0"]));
});

Deno.test("policy: a choice depends on prompt and seed, not on its neighbours", async () => {
  const policy = tinyPolicy(gpu().device, 3);
  const inputs = prompts(policy, 30);
  const together = await policy.choose(inputs, { seeds: seeds(30) });
  assertEquals(new Set(together).size, 2);
  assertEquals(await policy.choose(inputs, { seeds: seeds(30) }), together);
  const reversed = await policy.choose(inputs.toReversed(), { seeds: seeds(30).reverse() });
  assertEquals(reversed.reverse(), together);
  for (const [i, input] of inputs.entries()) {
    assertEquals(await policy.choose([input], { seeds: [i] }), [together[i]]);
  }
  const others = await policy.choose(inputs, { seeds: seeds(30, 100) });
  assert(others.join() !== together.join());
});

Deno.test("policy: a model whose weights are no numbers chooses nothing", async () => {
  const files = randomModel();
  const name = "transformer.ln_f.bias";
  const bias = files.parameters.get(name)!;
  const damaged = { ...bias, data: bias.data.slice().fill(NaN) };
  const policy = policyOf({
    ...files,
    parameters: new Map([...files.parameters, [name, damaged]]),
  });
  const inputs = Array(3).fill({ tokens: files.tokenizer.encode("at row 1"), choices: 2 });
  await assertRejects(
    () => policy.choose(inputs, { seeds: seeds(3) }),
    NonFiniteError,
    "nothing can be chosen in row 0 of 3",
  );
});

Deno.test("policy: a label that is not one token is refused", async () => {
  const policy = tinyPolicy(gpu().device);
  assertEquals(
    [...policy.labelTokens(4)],
    ["0", "1", "2", "3"].map((label) => tokenizer.labelToken(` ${label}`)),
  );
  assertThrows(() => policy.labelTokens(8), RangeError, `label " 7" must be exactly one token`);
  await assertRejects(
    () => policy.choose([{ tokens: [1], choices: 8 }], { seeds: [1] }),
    RangeError,
    `" 7"`,
  );
});

Deno.test("policy: a prompt longer than the context is refused, with what to do", () => {
  const policy = tinyPolicy(gpu().device);
  const error = assertThrows(
    () => policy.input(doors("Once. ".repeat(50)), ""),
    RangeError,
    "exceeds the model's context of 48",
  );
  assert(error.message.includes("Once. Once."), error.message);
});

Deno.test("policy: labels other than the first ones are refused", () => {
  const actions = [{ label: "1", text: "left" }, { label: "2", text: "right" }];
  const observation: Observation = { history: "", state: "", actions };
  assertThrows(() => tinyPolicy(gpu().device).input(observation, ""), RangeError, "got 1, 2");
});
