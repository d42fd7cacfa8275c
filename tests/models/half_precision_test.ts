/**
 * Whole models trained with parameters, results and derivatives in f16, beside the same in f32.
 */
import { assert, assertAlmostEquals, assertEquals, assertLess } from "../../std/assert.ts";
import { AdamW, categoricalLoss, type Device, requestDevice, Tape } from "../../kernels/kernels.ts";
import { packSequences } from "../../models/batch.ts";
import { Gpt2 } from "../../models/gpt2.ts";
import { gpt2Presets } from "../../models/gpt2_config.ts";
import { Llama } from "../../models/llama.ts";
import { parseLlamaConfig } from "../../models/llama_config.ts";
import { Random } from "../../std/random.ts";
import type { Followed } from "./follow_trace.ts";

const STEPS = 30;
const VOCABULARY = 90;
const LOSS_SCALE = 1024;

/** Of a loss: eleven significant bits, through two blocks and thirty steps; measured: 0.0018. */
const TOLERANCE = 0.01;

/**
 * Five times as large as usual. Small models with small weights start from so flat a place that
 * rounding their first weights alone moves losses in f32 by two hundredths.
 */
const DEVIATION = 0.1;

type Make = (device: Device, half: boolean) => Followed;

const FAMILIES: Readonly<Record<string, Make>> = {
  "GPT-2": (device, half) =>
    Gpt2.initialize(device, {
      ...gpt2Presets.nano,
      n_layer: 2,
      n_head: 3,
      n_embd: 48,
      initializer_range: DEVIATION,
      vocab_size: VOCABULARY,
    }, { seed: 1, trainable: true, half }),
  Llama: (device, half) =>
    Llama.initialize(
      device,
      parseLlamaConfig({
        model_type: "llama",
        hidden_size: 48,
        intermediate_size: 92,
        num_hidden_layers: 2,
        num_attention_heads: 6,
        num_key_value_heads: 2,
        head_dim: 8,
        vocab_size: VOCABULARY,
        max_position_embeddings: 32,
        initializer_range: DEVIATION,
        tie_word_embeddings: false,
      }, "small"),
      { seed: 1, trainable: true, half },
    ),
};

/** Mean losses of learning three texts by heart, step by step, and the weights in the end. */
async function train(device: Device, make: Make, half: boolean) {
  const model = make(device, half);
  const lossScale = half ? LOSS_SCALE : 1;
  const adamw = new AdamW(device, model.parameters, { learningRate: 0.003, clip: 1, lossScale });
  const random = new Random(3);
  const sequences = [32, 17, 23].map((length) => {
    return Array.from({ length }, () => random.below(VOCABULARY));
  });
  const batch = packSequences(sequences, 32);
  const rows = Uint32Array.from(batch.tokens.keys());
  const targets = rows.map((row) => batch.tokens[(row + 1) % rows.length]!);
  const weights = new Float32Array(rows.length).fill(lossScale / rows.length);
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const tape = new Tape(device, { storage: model.parameters.storage });
    const logits = model.logits(tape, model.hidden(tape, batch, rows));
    assertEquals(logits.type, half ? "f16" : "f32");
    const loss = categoricalLoss(tape, logits, { targets, weights });
    tape.backward(logits);
    adamw.step();
    const each = await device.stream.read(loss.losses);
    losses.push(each.reduce((sum, value) => sum + value, 0) / lossScale);
    tape.release();
  }
  await adamw.check();
  const values = await model.parameters.read();
  adamw.release();
  model.parameters.release();
  return { losses, values };
}

for (const [family, make] of Object.entries(FAMILIES)) {
  Deno.test(`thirty steps of ${family} in f16 follow those in f32 to a hundredth of the loss`, async () => {
    const device = await requestDevice();
    assert(device.halfPrecision, "the adapter lacks shader-f16");
    const single = await train(device, make, false);
    assertLess(single.losses.at(-1)!, 0.05 * single.losses[0]!);
    const half = await train(device, make, true);
    for (const [step, loss] of half.losses.entries()) {
      const expected = single.losses[step]!;
      assertAlmostEquals(loss, expected, TOLERANCE * expected, `loss of step ${step}`);
    }
    // The optimiser's own weights have more bits than f16 holds.
    const finer = [...half.values].filter(([, data]) => {
      return data.some((value) => Math.f16round(value) !== value);
    });
    assertEquals(finer.length, half.values.size);
    device.dispose();
  });
}
