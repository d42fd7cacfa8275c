/**
 * AdamW over a parameter buffer, and the buffer itself.
 */
import { assertEquals, assertGreater, assertThrows } from "../../std/assert.ts";
import {
  AdamW,
  dropout,
  linear,
  Parameters,
  type ParameterShape,
  ShapeError,
  silu,
} from "../../kernels/kernels.ts";
import { Random } from "../../std/random.ts";
import { assertClose, assertSameBits } from "./close.ts";
import { useGpu } from "./gpu.ts";
import { numbers } from "./property.ts";
import { type AdamWSettings, ReferenceAdamW } from "./reference/adamw.ts";

const gpu = useGpu();

/** Odd sizes, decaying and not in turn; together more than the norm's 4,096 elements a round. */
const SHAPES: readonly ParameterShape[] = [
  { name: "bias", shape: [67], decay: false },
  { name: "weight", shape: [91, 67], decay: true },
  { name: "gain", shape: [1], decay: false },
  { name: "table", shape: [3, 5], decay: true },
];
const SIZES = { bias: 67, weight: 91 * 67, gain: 1, table: 15 };
const TOTAL = 67 + 91 * 67 + 1 + 15;
const SETTINGS: AdamWSettings = {
  learningRate: 1e-2,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.1,
  clip: 0,
};

/** Splits a vector by parameter. */
function split(all: Float32Array): Map<string, Float32Array> {
  let start = 0;
  return new Map(
    Object.entries(SIZES).map(([name, size]) => {
      return [name, all.slice(start, start += size)];
    }),
  );
}

function join(
  parts: ReadonlyMap<string, Float32Array>,
): Float32Array<ArrayBuffer> {
  const names = Object.keys(SIZES);
  return Float32Array.from(names.flatMap((name) => [...parts.get(name)!]));
}

function trainable(values: Float32Array): Parameters {
  const parameters = new Parameters(gpu().device, SHAPES, { trainable: true });
  for (const [name, data] of split(values)) parameters.write(name, data);
  return parameters;
}

function setGradients(parameters: Parameters, gradients: Float32Array): void {
  gpu().device.stream.flush();
  for (const [name, data] of split(gradients)) {
    const { buffer, offset } = parameters.get(name).gradient!;
    gpu().device.gpu.queue.writeBuffer(buffer, offset, data.slice());
  }
}

/** Five steps on both sides: values and norms stay equal. Returns the last values. */
async function follow(
  settings: AdamWSettings,
): Promise<Float32Array<ArrayBuffer>> {
  const random = new Random(1);
  const values = numbers(random, TOTAL);
  const parameters = trainable(values);
  const adamw = new AdamW(gpu().device, parameters, settings);
  const decays = SHAPES.flatMap(({ name, decay }) =>
    new Array<boolean>(SIZES[name as keyof typeof SIZES]).fill(decay)
  );
  const reference = new ReferenceAdamW(
    Float64Array.from(values),
    decays,
    settings,
  );
  let newest = values;
  for (let i = 1; i <= 5; i++) {
    const gradients = numbers(random, TOTAL, 10 ** (i - 3));
    setGradients(parameters, gradients);
    adamw.step();
    const norm = reference.step(gradients);
    newest = join(await parameters.read());
    const what = `${JSON.stringify(settings)}, step ${i}`;
    assertClose(newest, reference.values, 2e-5, what);
    const measured = await adamw.check();
    assertClose([measured.norm], [norm], 1e-5, `${what}, norm`);
    assertEquals(adamw.steps, i);
    const left = await gpu().read(parameters.arenas.map(({ gradients }) => gradients!));
    assertEquals(left.flatMap((gradients) => [...gradients]).findIndex((g) => g !== 0), -1);
  }
  await gpu().checkGuards();
  adamw.release();
  parameters.release();
  return newest;
}

Deno.test("AdamW with decay on some parameters equals float64", async () => {
  assertSameBits(await follow(SETTINGS), await follow(SETTINGS), "run again");
});

Deno.test("AdamW clips the global norm, only where it is larger", async () => {
  // The norms of the five gradients grow from 0.5 to 4500, through the bound.
  await follow({ ...SETTINGS, clip: 30 });
});

Deno.test("AdamW follows unusual settings", async () => {
  await follow({
    ...SETTINGS,
    learningRate: 0.5,
    beta1: 0.5,
    beta2: 0.9,
    epsilon: 0.1,
    weightDecay: 0,
  });
});

Deno.test("a step's own learning rate overrides the setting, 0 changes nothing", async () => {
  const values = numbers(new Random(2), TOTAL);
  const parameters = trainable(values);
  const adamw = new AdamW(gpu().device, parameters, SETTINGS);
  setGradients(parameters, numbers(new Random(3), TOTAL));
  adamw.step(0);
  assertEquals(join(await parameters.read()), values);
  adamw.release();
  parameters.release();
});

Deno.test("parameters that decay stand first, each at its own aligned place", async () => {
  const values = numbers(new Random(4), TOTAL);
  const parameters = trainable(values);
  assertEquals(parameters.names, ["weight", "table", "bias", "gain"]);
  for (const { name, decay } of SHAPES) {
    const { offset } = parameters.get(name);
    assertEquals(offset % 256, 0);
    assertEquals(offset / 4 < parameters.arenas[0]!.decayEnd, decay, name);
  }
  assertEquals(join(await parameters.read()), values);
  const all = await gpu().read(parameters.arenas.map(({ values }) => values));
  assertGreater(all[0]!.length, TOTAL);
  const sum = (numbers: Float32Array) => numbers.reduce((total, value) => total + value, 0);
  assertClose([sum(all[0]!)], [sum(values)], 1e-4, "padding is zero");
  parameters.release();
});

Deno.test("writing a parameter comes after the work recorded before it", async () => {
  const parameters = trainable(new Float32Array(TOTAL).fill(1));
  const kept = gpu().device.empty([67]);
  gpu().device.stream.copy(parameters.get("bias"), kept);
  parameters.write("bias", new Float32Array(67).fill(2));
  const results = await gpu().read([kept, parameters.get("bias")]);
  assertEquals(results.map((numbers) => numbers[66]), [1, 2]);
  gpu().device.pool.release(kept.buffer);
  parameters.release();
});

Deno.test("parameters and AdamW refuse what they do not have", () => {
  const { device } = gpu();
  const frozen = new Parameters(device, SHAPES, { trainable: false });
  assertEquals(frozen.get("bias").requiresGradient, false);
  const refuses = (run: () => unknown, message: string) => assertThrows(run, ShapeError, message);
  refuses(() => new AdamW(device, frozen), "not trainable");
  refuses(() => frozen.get("wte"), "no parameter wte");
  refuses(
    () => frozen.write("bias", new Float32Array(3)),
    "takes 67 elements, got 3",
  );
  frozen.release();
});

Deno.test("what lay in reused memory never reaches the padding behind a parameter", async () => {
  const { device } = gpu();
  const random = new Random(9);
  const [rows, inputs, outputs] = [6, 7, 5];
  const parameters = new Parameters(
    device,
    [{ name: "weight", shape: [inputs, outputs], decay: false }],
    { trainable: true },
  );
  const data = numbers(random, inputs * outputs);
  parameters.write("weight", data);
  const adamw = new AdamW(device, parameters, { clip: 0 });
  const [x, dy] = [numbers(random, rows * inputs), numbers(random, rows * outputs)];
  // Memory handed out in tests starts as NaN: in the padding it would be the norm.
  await gpu().run((tape) => {
    const weight = dropout(tape, parameters.get("weight"), { rate: 0.5, seed: 3 });
    const bent = silu(tape, parameters.get("weight"));
    const kept = linear(tape, tape.upload(x, [rows, inputs]), weight, {
      residual: linear(tape, tape.upload(x, [rows, inputs]), bent),
    });
    const input = tape.upload(x, [rows, inputs]);
    const y = linear(tape, input, parameters.get("weight"), { residual: kept });
    y.gradient = tape.upload(dy, y.shape);
    tape.backward(y);
    return Promise.resolve();
  });
  const gradient = (await parameters.read("gradients")).get("weight")!;
  adamw.step();
  const { norm } = await adamw.check();
  const expected = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
  assertClose([norm], [expected], 1e-5, "norm");
  adamw.release();
  parameters.release();
});
