/**
 * `workflows/household.yaml` loads, and what its players read fits into its model's context.
 */
import { oracle } from "../agents/oracle.ts";
import { composePolicyPrompt, labelText } from "../agents/prompt.ts";
import { household } from "../envs/household/household.ts";
import { loadWorkflow } from "../mod.ts";
import { gpt2Presets } from "../models/gpt2_config.ts";
import { Tokenizer, trainTokenizer } from "../models/tokenizer/tokenizer.ts";
import { assert, assertEquals } from "../std/assert.ts";
import { behaviours } from "../training/behaviour.ts";
import { collect } from "../training/collect.ts";

const file = new URL("../workflows/household.yaml", import.meta.url).pathname;

Deno.test("the household workflow loads, and its prompts fit", async () => {
  const { instances } = await loadWorkflow(file);
  const tests = instances.map(({ name }) => name).filter((name) => name.includes("/test-"));
  assertEquals(tests.length, 8);
  const input = instances.find(({ name }) => name === "methods/demos")?.input as {
    env: { module: typeof household; with: Parameters<typeof household.make>[0] };
  };
  assertEquals(input.env.module, household);
  const noisy = await behaviours.get("oracle")?.make({ random: 0.5 });
  assert(noisy !== undefined);
  const { policy } = await collect({
    env: await household.make(input.env.with),
    agent: await oracle.make({}),
    behaviour: noisy,
    episodes: 60,
    negatives: 0,
    split: "train",
    seed: 1,
    signal: new AbortController().signal,
  });
  const prompts = policy.map(({ observation, reflection, label }) =>
    composePolicyPrompt(observation, reflection) + labelText(label)
  );
  const { n_positions, vocab_size } = gpt2Presets.nano;
  const labels = Array.from({ length: 20 }, (_, i) => labelText(String(i)));
  const tokenizer = Tokenizer.fromJson(
    trainTokenizer(prompts, { vocabularySize: vocab_size, labels }),
  );
  const longest = Math.max(...prompts.map((prompt) => tokenizer.encode(prompt).length));
  // A reflection may be 40 tokens long where the teacher's had few.
  assert(longest + 40 <= n_positions, `the longest prompt has ${longest} tokens`);
});
