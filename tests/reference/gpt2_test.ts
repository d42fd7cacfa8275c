import { assertEquals, assertLess } from "../../std/assert.ts";
import { referenceLogits } from "./gpt2.ts";
import { gpt2ParameterShapes, parseGpt2Config } from "../../models/gpt2_config.ts";
import { loadTrace, tensorsOf } from "./trace.ts";

Deno.test("the trace holds the parameters the configuration describes", () => {
  const trace = loadTrace("gpt2_trace", parseGpt2Config);
  for (const prefix of ["initial", "gradient0", "final"]) {
    const tensors = tensorsOf(trace, prefix);
    const shapes = gpt2ParameterShapes(trace.config);
    assertEquals(tensors.size, shapes.length);
    for (const { name, shape } of shapes) {
      assertEquals(tensors.get(name)?.shape, shape);
    }
  }
});

Deno.test("the reference forward pass gives PyTorch's logits and loss", () => {
  const trace = loadTrace("gpt2_trace", parseGpt2Config);
  const parameters = tensorsOf(trace, "initial");
  const expected = trace.tensors.get("logits0")?.data ?? [];
  const logits: number[] = [];
  let start = 0;
  for (const length of trace.lengths) {
    const tokens = trace.tokens.slice(start, start + length);
    logits.push(...referenceLogits(trace.config, parameters, tokens).flat());
    start += length;
  }
  assertEquals(logits.length, expected.length);
  const furthest = Math.max(
    ...logits.map((value, i) => Math.abs(value - (expected[i] ?? NaN))),
  );
  // PyTorch's own float32 is 1.6e-6 away from float64.
  assertLess(furthest, 5e-6);

  const { vocab_size } = trace.config;
  let [loss, total] = [0, 0];
  trace.targets.forEach((target, i) => {
    const row = logits.slice(i * vocab_size, (i + 1) * vocab_size);
    const sum = row.reduce((a, value) => a + Math.exp(value), 0);
    const weight = trace.weights[i] ?? 0;
    loss += weight * (Math.log(sum) - (row[target] ?? NaN));
    total += weight;
  });
  assertLess(Math.abs(loss / total - (trace.losses[0] ?? NaN)), 2e-6);
});
