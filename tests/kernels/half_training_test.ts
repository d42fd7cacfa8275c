/**
 * Training with parameters and results in f16 beside the same training in f32.
 */
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
} from "../../std/assert.ts";
import {
  AdamW,
  type Device,
  linear,
  Parameters,
  requestDevice,
  Tape,
} from "../../kernels/kernels.ts";
import { Random } from "../../std/random.ts";
import { numbers } from "./property.ts";

const [ROWS, WIDTH, INNER] = [48, 16, 64];
const STEPS = 30;

interface Way {
  readonly half: boolean;
  readonly lossScale: number;
}

function parametersOf(device: Device, half: boolean): Parameters {
  const shapes = [
    { name: "up", shape: [WIDTH, INNER], decay: true },
    { name: "up.bias", shape: [INNER], decay: false },
    { name: "down", shape: [INNER, WIDTH], decay: true },
  ];
  const parameters = new Parameters(device, shapes, { trainable: true, half });
  const random = new Random(1);
  for (const name of parameters.names) {
    parameters.write(name, numbers(random, parameters.get(name).size, 0.3));
  }
  return parameters;
}

/** Mean squared errors of a small network that learns random targets, step by step. */
async function lossesOf(device: Device, { half, lossScale }: Way): Promise<number[]> {
  const parameters = parametersOf(device, half);
  const adamw = new AdamW(device, parameters, { learningRate: 0.01, clip: 1, lossScale });
  const random = new Random(2);
  const [inputs, targets] = [numbers(random, ROWS * WIDTH), numbers(random, ROWS * WIDTH)];
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const tape = new Tape(device, { storage: half ? "f16" : "f32" });
    const stored = (data: Float32Array<ArrayBuffer>) => {
      const tensor = tape.result([ROWS, WIDTH], false);
      device.stream.write(tensor, half ? Float16Array.from(data) : data);
      return tensor;
    };
    const get = (name: string) => parameters.get(name);
    const x = stored(inputs);
    const inner = linear(tape, x, get("up"), { bias: get("up.bias"), activation: "gelu" });
    const y = linear(tape, inner, get("down"));
    const errors = (await device.stream.read(y)).map((value, i) => value - targets[i]!);
    losses.push(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
    y.gradient = stored(errors.map((error) => 2 * lossScale * error / errors.length));
    tape.backward(y);
    adamw.step();
    tape.release();
  }
  await adamw.check();
  parameters.release();
  adamw.release();
  return losses;
}

Deno.test("thirty steps in f16 follow those in f32 to two hundredths of the loss", async () => {
  const device = await requestDevice();
  assert(device.halfPrecision, "the adapter lacks shader-f16");
  const single = await lossesOf(device, { half: false, lossScale: 1 });
  assertLess(single.at(-1)!, 0.5 * single[0]!);
  const half = await lossesOf(device, { half: true, lossScale: 1024 });
  for (const [step, loss] of half.entries()) {
    assertAlmostEquals(loss, single[step]!, 0.02 * single[step]!, `loss of step ${step}`);
  }
  device.dispose();
});

Deno.test("a loss scale keeps f16 derivatives of a tiny loss from vanishing", async () => {
  const device = await requestDevice();
  const derivativeOf = async (lossScale: number) => {
    const parameters = parametersOf(device, true);
    const tape = new Tape(device, { storage: "f16" });
    const x = tape.result([ROWS, WIDTH], false);
    device.stream.write(x, Float16Array.from(numbers(new Random(2), ROWS * WIDTH)));
    const y = linear(tape, x, parameters.get("up"));
    y.gradient = tape.result(y.shape, false);
    device.stream.write(y.gradient, new Float16Array(y.size).fill(1e-8 * lossScale));
    tape.backward(y);
    const gradients = (await parameters.read("gradients")).get("up")!;
    tape.release();
    parameters.release();
    return gradients.reduce((sum, value) => sum + Math.abs(value), 0);
  };
  assertEquals(await derivativeOf(1), 0);
  assertGreater(await derivativeOf(2 ** 14), 0);
  device.dispose();
});
