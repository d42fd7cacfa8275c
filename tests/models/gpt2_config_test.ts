import { assertEquals, assertThrows } from "../../std/assert.ts";
import { gpt2ParameterShapes, gpt2Presets, parseGpt2Config } from "../../models/gpt2_config.ts";

const published = {
  activation_function: "gelu_new",
  architectures: ["GPT2LMHeadModel"],
  attn_pdrop: 0.1,
  bos_token_id: 50256,
  embd_pdrop: 0.1,
  eos_token_id: 50256,
  initializer_range: 0.02,
  layer_norm_epsilon: 1e-05,
  model_type: "gpt2",
  n_ctx: 1024,
  n_embd: 768,
  n_head: 12,
  n_layer: 12,
  n_positions: 1024,
  resid_pdrop: 0.1,
  summary_type: "cls_index",
  vocab_size: 50257,
};

Deno.test("the published config.json of GPT-2 is read", () => {
  const { attn_pdrop: _a, embd_pdrop: _e, resid_pdrop: _r, ...config } = parseGpt2Config(
    published,
    "config.json",
  );
  const { attn_pdrop: _b, embd_pdrop: _f, resid_pdrop: _s, ...preset } = gpt2Presets.gpt2;
  assertEquals(config, preset);
});

Deno.test("unsupported variants are named, all at once", () => {
  const error = assertThrows(
    () =>
      parseGpt2Config(
        { ...published, activation_function: "relu", n_inner: 100 },
        "m/config.json",
      ),
    TypeError,
    "m/config.json",
  );
  const mentioned = ["activation_function", "n_inner"].filter((key) => error.message.includes(key));
  assertEquals(mentioned, ["activation_function", "n_inner"]);
  assertThrows(
    () => parseGpt2Config({ ...published, n_head: 7 }, "m/config.json"),
    TypeError,
    "n_embd must be a multiple of n_head",
  );
});

Deno.test("the presets have the published numbers of parameters", () => {
  const count = (name: keyof typeof gpt2Presets) =>
    gpt2ParameterShapes(gpt2Presets[name])
      .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0);
  assertEquals(count("gpt2"), 124_439_808);
  assertEquals(count("gpt2-xl"), 1_557_611_200);
  // 512·64 + 192·64 + 2·(12·64² + 13·64) + 2·64
  assertEquals(count("nano"), 145_152);
});

Deno.test("decay applies to matrices alone", () => {
  for (const { name, shape, decay } of gpt2ParameterShapes(gpt2Presets.nano)) {
    assertEquals(decay, shape.length === 2, name);
  }
});
