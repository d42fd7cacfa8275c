/**
 * Logits and writing of a loaded model, against the float64 reference and against itself.
 */
import { assert, assertEquals, assertRejects } from "../../std/assert.ts";
import { requestDevice, ShapeError } from "../../kernels/kernels.ts";
import { loadModel } from "../../models/language_model.ts";
import { writeModelFolder } from "../../models/model_folder.ts";
import { Random } from "../../std/random.ts";
import { referenceLogits } from "../reference/gpt2.ts";
import { randomModel } from "../reference/models.ts";

const device = await requestDevice();
const files = randomModel({
  n_layer: 2,
  n_embd: 64,
  n_head: 4,
  n_positions: 40,
  vocab_size: 300,
});
const folder = await Deno.makeTempDir();
writeModelFolder(folder, files);
const model = loadModel(folder, { device });
const random = new Random(3);
const prompts = [5, 1, 12].map((length) => Array.from({ length }, () => random.below(300)));

/** The likeliest token after `tokens`, by a forward pass over all of them. */
async function likeliest(tokens: readonly number[]): Promise<number> {
  const logits = (await model.logits([tokens]))[0]!;
  return logits.indexOf(logits.reduce((most, value) => Math.max(most, value)));
}

Deno.test("logits at all positions equal the reference, and the last ones are their tail", async () => {
  const all = await model.logits(prompts, { positions: "all" });
  const last = await model.logits(prompts);
  for (const [i, prompt] of prompts.entries()) {
    const expected = referenceLogits(files.config, files.parameters, prompt)
      .flatMap((row) => [...row]);
    assertEquals(all[i]!.length, expected.length);
    const gap = Math.max(
      ...expected.map((value, j) => Math.abs(value - all[i]![j]!)),
    );
    assert(gap < 1e-4, `logits of sequence ${i} differ by ${gap}`);
    assertEquals(last[i]!, all[i]!.slice(-300));
  }
});

Deno.test("greedy writing with the cache equals forward passes over the whole text", async () => {
  const written = await model.generate(prompts, { maxTokens: 11 });
  for (const [i, prompt] of prompts.entries()) {
    const text = [...prompt];
    for (const token of written[i]!) {
      assertEquals(token, await likeliest(text));
      text.push(token);
    }
    if (written[i]!.length < 11) {
      assertEquals(await likeliest(text), files.config.eos_token_id);
    }
  }
});

Deno.test("sampling follows its seed, and stops at the model's context", async () => {
  const options = { maxTokens: 100, temperature: 1, seed: 4 };
  const first = await model.generate(prompts, options);
  assertEquals(await model.generate(prompts, options), first);
  assert(
    JSON.stringify(await model.generate(prompts, { ...options, seed: 5 })) !==
      JSON.stringify(first),
  );
  assert(first.every((tokens, i) => prompts[i]!.length + tokens.length <= 40));
});

Deno.test("a sequence that is empty or too long is refused", async () => {
  await assertRejects(
    () => model.logits([[]]),
    ShapeError,
    "sequence 0 has 0 tokens",
  );
  const long = Array.from({ length: 41 }, () => 1);
  await assertRejects(
    () => model.generate([[1], long]),
    ShapeError,
    "sequence 1 has 41 tokens",
  );
});

Deno.test("a stopped writer throws the signal's reason and leaks no buffer", async () => {
  const before = device.pool.allocatedBytes;
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(
    () => model.generate(prompts, { signal }),
    Error,
    "enough",
  );
  await model.generate(prompts, { maxTokens: 3 });
  assert(device.pool.allocatedBytes <= before + 1e6);
});

globalThis.addEventListener("unload", () => {
  model.dispose();
  device.dispose();
});
