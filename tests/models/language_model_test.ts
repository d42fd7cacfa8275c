/**
 * Logits and writing of a loaded model, against the float64 reference and against itself.
 */
import { assert, assertEquals, assertRejects } from "../../std/assert.ts";
import { NonFiniteError, requestDevice, ShapeError } from "../../kernels/kernels.ts";
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

/** The `count` likeliest tokens after `tokens`. */
async function likeliestOf(tokens: readonly number[], count: number): Promise<number[]> {
  const logits = (await model.logits([tokens]))[0]!;
  return [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!).slice(0, count);
}

Deno.test("the one likeliest token, by number or by share, is what greedy writing takes", async () => {
  const greedy = await model.generate(prompts, { maxTokens: 11 });
  for (const cut of [{ topK: 1 }, { topP: 1e-9 }]) {
    const options = { ...cut, maxTokens: 11, temperature: 1.5, seed: 3 };
    assertEquals(await model.generate(prompts, options), greedy);
  }
});

Deno.test("sampling takes nothing but what topK and topP keep, and more than one of it", async () => {
  const seen = new Set<number>();
  for (let seed = 0; seed < 12; seed++) {
    const options = { maxTokens: 1, temperature: 3, seed };
    const [first] = await model.generate([prompts[0]!], { ...options, topK: 4 });
    for (const token of first!) seen.add(token);
    const [second] = await model.generate([prompts[0]!], { ...options, topK: 4, topP: 0.3 });
    assert((await likeliestOf(prompts[0]!, 2)).includes(second![0]!));
  }
  const allowed = await likeliestOf(prompts[0]!, 4);
  assert([...seen].every((token) => allowed.includes(token)), `${[...seen]} of ${allowed}`);
  assert(seen.size > 1);
});

Deno.test("a cut or a temperature that makes no sense is refused", async () => {
  for (const cut of [{ topK: 0 }, { topK: 2.5 }, { topP: 0 }, { topP: 2 }, { temperature: -1 }]) {
    await assertRejects(
      () => model.generate(prompts, { temperature: 1, ...cut }),
      RangeError,
      `${Object.keys(cut)[0]} is`,
    );
  }
});

Deno.test("a model whose weights are no numbers writes nothing", async () => {
  const damaged = await Deno.makeTempDir();
  const { parameters } = files;
  const name = "transformer.ln_f.bias";
  const bias = parameters.get(name)!;
  const data = bias.data.slice().fill(NaN);
  writeModelFolder(damaged, {
    ...files,
    parameters: new Map([...parameters, [name, { ...bias, data }]]),
  });
  const broken = loadModel(damaged, { device });
  for (const temperature of [0, 1]) {
    await assertRejects(
      () => broken.generate(prompts, { temperature, maxTokens: 3 }),
      NonFiniteError,
      "nothing can be chosen in row 0 of 3",
    );
  }
  broken.dispose();
  await Deno.remove(damaged, { recursive: true });
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
