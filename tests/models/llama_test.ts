/**
 * Llama on a trained model of others, and the parts of its surface that the trace does not touch.
 */
import { assertEquals, assertThrows } from "../../std/assert.ts";
import { requestDevice, Tape } from "../../kernels/kernels.ts";
import { packSequences } from "../../models/batch.ts";
import { Llama } from "../../models/llama.ts";
import { type LlamaConfig, parseLlamaConfig } from "../../models/llama_config.ts";
import { readSafetensors } from "../../models/safetensors.ts";
import { assertClose } from "../kernels/close.ts";

/** A trained Llama of 260,000 parameters; its data may lie beside the repository, not within. */
const stories = new URL("../../../shared/data/stories260k/", import.meta.url).pathname;

function present(folder: string): boolean {
  try {
    return Deno.statSync(folder).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

interface Reference {
  readonly prompt_ids: number[];
  /** At the last position of the prompt, to six digits. */
  readonly logits_last: number[];
  /** Of each position. */
  readonly logits_all_argmax: number[];
}

function likeliest(logits: Float32Array): number {
  return logits.reduce((best, logit, i) => logit > logits[best]! ? i : best, 0);
}

const absent = present(stories) ? "" : " (ignored: ../shared/data/stories260k is not there)";

/** Of logits: their reference has six digits; eleven bits in every layer leave 0.015 as measured. */
const TOLERANCE = { f32: 5e-6, f16: 2e-2 };

for (const storage of ["f32", "f16"] as const) {
  Deno.test({
    name:
      `logits of stories260k in ${storage} equal an independent float64 implementation's${absent}`,
    ignore: absent !== "",
    async fn() {
      const json = (name: string) => JSON.parse(Deno.readTextFileSync(`${stories}${name}`));
      const reference: Reference = json("reference.json");
      const config = parseLlamaConfig(json("config.json"), `${stories}config.json`);
      const weights = readSafetensors(`${stories}model.safetensors`);
      const device = await requestDevice();
      const model = Llama.load(device, config, weights, { trainable: false });
      const tape = new Tape(device, { gradients: false, storage });
      // A second sequence before the prompt: positions and attention begin anew behind it.
      const batch = packSequences([[1, 403, 407], reference.prompt_ids], 512);
      const rows = Uint32Array.from(batch.tokens.keys()).subarray(3);
      const logits = model.logits(tape, model.hidden(tape, batch, rows));
      const values = await device.stream.read(logits);
      const row = (i: number) => values.slice(i * config.vocab_size, (i + 1) * config.vocab_size);
      assertClose(row(rows.length - 1), reference.logits_last, TOLERANCE[storage], "logits");
      const choices = Array.from(rows, (_, i) => likeliest(row(i)));
      assertEquals(choices, reference.logits_all_argmax);
      tape.release();
      model.release();
      device.dispose();
    },
  });
}

const small: LlamaConfig = parseLlamaConfig({
  model_type: "llama",
  hidden_size: 20,
  intermediate_size: 28,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  num_key_value_heads: 1,
  head_dim: 8,
  vocab_size: 31,
  max_position_embeddings: 16,
}, "small");

Deno.test("a Llama started from a seed is the same twice, and saves and loads what it computes", async () => {
  const device = await requestDevice();
  const logitsOf = async (model: Llama) => {
    const tape = new Tape(device, { gradients: false });
    const batch = packSequences([[3, 1, 4], [1, 5, 9, 2]], 16);
    const hidden = model.hidden(tape, batch, batch.lastRows);
    const all = await device.stream.read(model.logits(tape, hidden));
    const tokens = Uint32Array.of(30, 2);
    const some = await device.stream.read(model.tokenLogits(tape, hidden, tokens));
    tape.release();
    assertEquals(some, Float32Array.of(all[30]!, all[2]!, all[61]!, all[33]!));
    return all;
  };
  const first = Llama.initialize(device, small, { seed: 7, trainable: false });
  const again = Llama.initialize(device, small, { seed: 7, trainable: false });
  const other = Llama.initialize(device, small, { seed: 8, trainable: false });
  const loaded = Llama.load(device, small, await first.weights(), { trainable: false });
  const expected = await logitsOf(first);
  assertEquals(await logitsOf(again), expected);
  assertEquals(await logitsOf(loaded), expected);
  assertEquals((await logitsOf(other)).some((logit, i) => logit !== expected[i]), true);
  for (const model of [first, again, other, loaded]) model.release();
  device.dispose();
});

Deno.test("a Llama refuses weights that its configuration does not describe", async () => {
  const device = await requestDevice();
  const model = Llama.initialize(device, small, { seed: 7, trainable: false });
  const weights = await model.weights();
  weights.delete("model.layers.1.mlp.up_proj.weight");
  assertThrows(
    () => Llama.load(device, small, weights, { trainable: false }),
    TypeError,
    `"model.layers.1.mlp.up_proj.weight" should be [28,20] by config.json, but is missing`,
  );
  model.release();
  device.dispose();
});
