import { Gpt2, type PositionStart } from "../../models/gpt2.ts";
import { sinusoids } from "../../models/random_weights.ts";
import { assert, assertAlmostEquals, assertEquals } from "../../std/assert.ts";
import { useGpu } from "../kernels/gpu.ts";
import { tinyConfig } from "../training/tiny.ts";

const gpu = useGpu();

Deno.test("sinusoids: two neighbours are alike in the same way wherever they stand", () => {
  const [positions, width, deviation] = [64, 16, 0.02];
  const values = sinusoids(positions, width, deviation);
  const row = (position: number) => [
    ...values.subarray(position * width, (position + 1) * width),
  ];
  const product = (a: number, b: number) =>
    row(a).reduce((sum, value, i) => sum + value * row(b)[i]!, 0);
  // A row's mean square is the deviation's, exactly: sines and cosines come in pairs.
  assertAlmostEquals(product(0, 0), width * deviation ** 2, 1e-9);
  for (const distance of [0, 1, 5]) {
    for (const at of [3, 20, 58]) {
      assertAlmostEquals(product(at, at + distance), product(0, distance), 1e-8);
    }
  }
  assertEquals(row(0).map((value) => value === 0), [
    ...new Array(8).fill(true),
    ...new Array(8).fill(false),
  ]);
});

Deno.test("a fresh model's positions begin as sinusoids where that is asked for, all else as without", async () => {
  const { device } = gpu();
  const begin = async (positionStart?: PositionStart) => {
    const options = {
      seed: 1,
      trainable: true,
      ...(positionStart === undefined ? {} : { positionStart }),
    };
    const model = Gpt2.initialize(device, tinyConfig, options);
    const weights = await model.weights();
    model.release();
    return weights;
  };
  const [plain, random, sinusoidal] = [
    await begin(),
    await begin("random"),
    await begin("sinusoidal"),
  ];
  assertEquals(plain, random);
  for (const [name, { data }] of sinusoidal) {
    const isSame = data.every((value, i) => value === plain.get(name)!.data[i]);
    assert(isSame === (name !== "transformer.wpe.weight"), name);
  }
  const { n_positions, n_embd, initializer_range } = tinyConfig;
  assertEquals(
    sinusoidal.get("transformer.wpe.weight")!.data,
    sinusoids(n_positions, n_embd, initializer_range),
  );
});
