/**
 * A device that is lost: what waits for it ends, what comes later too, and another one works.
 *
 * No driver here can be made to crash on demand. `GPUDevice.destroy` behind our back is a real loss;
 * one for another reason is simulated where WebGPU reports it, by a device whose `lost` is the
 * test's to resolve.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../std/assert.ts";
import { Device, DeviceLostError, gelu, requestDevice, Tape } from "../../kernels/kernels.ts";
import { wrap } from "./wrap.ts";

/** A device whose loss is announced by `lose`, and whose queue and buffers then never answer. */
async function losable() {
  const real = await requestDevice();
  const { promise: lost, resolve: lose } = Promise.withResolvers<
    { reason: string; message: string }
  >();
  const never = () => new Promise<never>(() => {});
  let silent = false;
  const gpu = wrap(real.gpu, {
    lost,
    queue: wrap(real.gpu.queue, {
      onSubmittedWorkDone: () => silent ? never() : real.gpu.queue.onSubmittedWorkDone(),
    }),
    createBuffer: (descriptor: GPUBufferDescriptor) => {
      const buffer = real.gpu.createBuffer(descriptor);
      if (silent) buffer.mapAsync = never;
      return buffer;
    },
  });
  const device = new Device(gpu, real.adapter);
  return {
    device,
    silence: () => silent = true,
    lose: () => lose({ reason: "unknown", message: "the driver crashed" }),
    dispose: () => real.dispose(),
  };
}

async function works(): Promise<void> {
  const device = await requestDevice();
  assertEquals(
    await device.stream.read(device.upload(Float32Array.of(1, 2))),
    Float32Array.of(1, 2),
  );
  device.dispose();
}

Deno.test("a loss reported for an unknown reason (simulated) ends all that waits and all that comes", async () => {
  const { device, silence, lose, dispose } = await losable();
  const tensor = device.upload(Float32Array.of(1, 2));
  assertEquals(await device.stream.read(tensor), Float32Array.of(1, 2));
  silence();
  let ended = 0;
  const pending = [device.stream.read(tensor), device.stream.settle(), device.stream.read(tensor)]
    .map((work) => assertRejects(() => work.finally(() => ended++), DeviceLostError));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assertEquals(ended, 0);
  lose();
  const [error] = await Promise.all(pending);
  assertStringIncludes(error!.message, "the device was lost (unknown: the driver crashed)");
  assertStringIncludes(error!.message, "request a new device");
  await assertRejects(() => device.stream.read(tensor), DeviceLostError, "the driver crashed");
  await assertRejects(() => device.stream.settle(), DeviceLostError, "the driver crashed");
  await works();
  dispose();
});

Deno.test("a device destroyed by others is lost: reads end, and a new device works", async () => {
  const device = await requestDevice();
  const tensor = device.upload(Float32Array.of(1, 2));
  const pending = assertRejects(() => device.stream.read(tensor), DeviceLostError);
  device.gpu.destroy();
  const outcome = await Promise.race([pending, device.stream.settle().catch((error) => error)]);
  assert(outcome instanceof DeviceLostError, String(outcome));
  await assertRejects(() => device.stream.read(tensor), DeviceLostError, "lost (destroyed");
  // Whoever cleans up after the error must not meet another one.
  const tape = new Tape(device);
  gelu(tape, tape.upload(Float32Array.of(1, 2)));
  tape.release();
  await assertRejects(() => device.stream.settle(), DeviceLostError);
  await works();
});

Deno.test("a device disposed of says so to whoever reads, now and later", async () => {
  const device = await requestDevice();
  const tensor = device.upload(Float32Array.of(1, 2));
  const pending = device.stream.read(tensor);
  device.dispose();
  await assertRejects(() => pending, DeviceLostError, "the device was disposed of");
  await assertRejects(() => device.stream.read(tensor), DeviceLostError, "disposed of");
  await works();
});
