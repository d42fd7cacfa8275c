/**
 * Gradients that are no numbers: the step changes nothing, and the report names the first.
 */
import { assertEquals, assertRejects } from "../../std/assert.ts";
import { AdamW, NonFiniteError, Parameters } from "../../kernels/kernels.ts";
import { Random } from "../../std/random.ts";
import { assertSameBits } from "./close.ts";
import { useGpu } from "./gpu.ts";
import { numbers } from "./property.ts";

const gpu = useGpu();

/** More vec4s than the norm has partial sums, so that several stand behind one of them. */
const SHAPES = [
  { name: "gain", shape: [5], decay: false },
  { name: "weight", shape: [91, 67], decay: true },
];

function model() {
  const { device } = gpu();
  const parameters = new Parameters(device, SHAPES, { trainable: true });
  for (const name of parameters.names) {
    parameters.write(name, numbers(new Random(1), parameters.get(name).size));
  }
  const adamw = new AdamW(device, parameters, { learningRate: 1e-2 });
  const step = (change: Record<string, [number, number][]> = {}) => {
    for (const name of parameters.names) {
      const { gradient } = parameters.get(name);
      const data = numbers(new Random(2), gradient!.size);
      for (const [at, value] of change[name] ?? []) data[at] = value;
      device.stream.write(gradient!, data);
    }
    adamw.step();
  };
  const values = async () => (await parameters.read()).get("weight")!;
  const release = () => {
    adamw.release();
    parameters.release();
  };
  return { parameters, adamw, step, values, release };
}

const CASES: [number, number][] = [[0, NaN], [17, Infinity], [5000, -Infinity], [91 * 67 - 1, NaN]];

for (const [element, value] of CASES) {
  Deno.test(`a gradient of ${value} in element ${element} is named with its parameter and step`, async () => {
    const { adamw, step, values, release, parameters } = model();
    step();
    const before = await values();
    const state = await Array.fromAsync(adamw.readState());
    step({ weight: [[element, value]] });
    assertSameBits(await values(), before, "weights");
    assertEquals(await Array.fromAsync(adamw.readState()), state);
    const gradients = await parameters.read("gradients");
    assertEquals(gradients.get("weight")!.findIndex((gradient) => gradient !== 0), -1);
    await assertRejects(
      () => adamw.check(),
      NonFiniteError,
      `the gradient of weight is ${value} in element ${element} at step 2; lower the learning rate`,
    );
    release();
  });
}

Deno.test("of several bad gradients the first position of the first bad step is reported, once", async () => {
  const { adamw, step, values, release } = model();
  step({ weight: [[4400, NaN], [300, Infinity], [301, NaN]], gain: [[4, NaN]] });
  step({ weight: [[7, NaN]] });
  step();
  await assertRejects(
    () => adamw.check(),
    NonFiniteError,
    "the gradient of weight is Infinity in element 300 at step 1",
  );
  const before = await values();
  step();
  const { norm } = await adamw.check();
  assertEquals([Number.isFinite(norm), adamw.steps], [true, 4]);
  assertEquals((await values()).every((value, i) => value !== before[i]), true);
  step({ gain: [[4, -Infinity]] });
  await assertRejects(
    () => adamw.check(),
    NonFiniteError,
    "the gradient of gain is -Infinity in element 4 at step 5",
  );
  release();
});

Deno.test("gradients that are numbers but whose norm is none are reported as such", async () => {
  const { adamw, step, values, release } = model();
  const before = await values();
  step({ weight: [[3, 3e38]] });
  assertSameBits(await values(), before, "weights");
  await assertRejects(
    () => adamw.check(),
    NonFiniteError,
    "the gradients are numbers, but their norm exceeds f32 at step 1",
  );
  release();
});
