/**
 * Finding a device, and how it reports what goes wrong.
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../../std/assert.ts";
import {
  describeAdapter,
  type Device,
  GpuError,
  LimitError,
  NoAdapterError,
  requestDevice,
  ShapeError,
  Tape,
} from "../../kernels/kernels.ts";
import { defineKernel } from "../../kernels/kernel.ts";

const { software } = await describeAdapter();

/** A device of its own: once it has failed, it stays failed. */
async function withDevice(body: (device: Device) => Promise<void>) {
  const device = await requestDevice();
  try {
    await body(device);
  } finally {
    device.dispose();
  }
}

Deno.test("the adapter is described, and limits are the adapter's own", () =>
  withDevice(async (device) => {
    const adapter = await navigator.gpu.requestAdapter();
    assertGreater(device.adapter.description.length, 0);
    assertEquals(device.adapter.software, software);
    const given = device.gpu.limits;
    for (
      const limit of [
        "maxBufferSize",
        "maxStorageBufferBindingSize",
        "maxStorageBuffersPerShaderStage",
        "maxComputeWorkgroupStorageSize",
        "maxTextureDimension2D",
      ] as const
    ) {
      assertEquals(given[limit], adapter!.limits[limit], limit);
    }
  }));

Deno.test({
  name: "a hardware GPU asked for where there is none is refused with the remedy",
  ignore: !software,
  fn: async () => {
    const error = await assertRejects(
      () => requestDevice({ choice: "gpu" }),
      NoAdapterError,
      "only a software adapter was found",
    );
    assertStringIncludes(error.message, "install the GPU's Vulkan driver");
    assertStringIncludes(error.message, "--device auto");
  },
});

Deno.test({
  name: "a software adapter asked for is given where it is all there is",
  ignore: !software,
  fn: async () => {
    const device = await requestDevice({ choice: "software" });
    assert(device.adapter.software);
    device.dispose();
  },
});

Deno.test({
  name: "without any adapter the error names the one command that mends it",
  ignore: Deno.build.os !== "linux",
  fn: withoutAdapter,
});

async function withoutAdapter(): Promise<void> {
  const program = `
    const { requestDevice } = await import(${
    JSON.stringify(import.meta.resolve("../../kernels/kernels.ts"))
  });
    await requestDevice().catch((error) => console.log(error.name, error.message));
  `;
  const { stdout } = await new Deno.Command("deno", {
    args: ["eval", program],
    env: {
      VK_DRIVER_FILES: "/nonexistent",
      VK_ICD_FILENAMES: "/nonexistent",
      NO_COLOR: "1",
    },
    stderr: "inherit",
  }).output();
  const said = new TextDecoder().decode(stdout);
  assertMatch(said, /^NoAdapterError no WebGPU adapter was found/);
  assertStringIncludes(said, "`sh setup.sh`");
}

Deno.test("a kernel that is not WGSL is a GpuError at settle, with the kernel's name", () =>
  withDevice(async (device) => {
    const bad = defineKernel({
      label: "broken kernel",
      bindings: { y: "write f32" },
      parameters: {},
      workgroupSize: 8,
      body: "y[index] = nonsense;",
    });
    device.stream.dispatch(bad, { y: device.empty([4]) }, {}, 4);
    const error = await assertRejects(
      () => device.stream.settle(),
      GpuError,
      "broken kernel",
    );
    assertStringIncludes(error.message, "nonsense");
    await assertRejects(() => device.stream.read(device.empty([1])), GpuError);
  }));

Deno.test("bindings that do not fit their kernel are a GpuError with its name", () =>
  withDevice(async (device) => {
    const kernel = defineKernel({
      label: "reads a texture",
      bindings: { x: "texture", y: "write f32" },
      parameters: {},
      workgroupSize: 8,
      body: "y[index] = textureLoad(x, vec2u(0u, 0u), 0).x;",
    });
    const [x, y] = [device.empty([4]), device.empty([4])];
    device.stream.dispatch(kernel, { x, y }, {}, 4);
    await assertRejects(
      () => device.stream.settle(),
      GpuError,
      "bindings of kernel reads a texture",
    );
  }));

Deno.test("a tensor beyond a limit is a LimitError: its name, shape and bytes, the limit and what to do", () =>
  withDevice((device) => {
    const limit = device.gpu.limits.maxStorageBufferBindingSize;
    const words = (bytes: number) => bytes.toLocaleString("en-US");
    const message = (name: string) =>
      `a tensor ${name} of ${words(limit + 4)} bytes exceeds maxStorageBufferBindingSize, ` +
      `${words(limit)} bytes on ${device.adapter.description}; use a smaller batch`;
    const shape = [limit / 4 + 1, 1];
    assertThrows(
      () => device.empty(shape, { label: "logits" }),
      LimitError,
      message(`"logits" (${limit / 4 + 1}, 1)`),
    );
    assertThrows(
      () => new Tape(device).result(shape, false),
      GpuError,
      message(`(${limit / 4 + 1}, 1)`),
    );
    const side = device.gpu.limits.maxTextureDimension2D;
    assertThrows(
      () => device.pool.texture(4, side + 1),
      LimitError,
      `texture of 4x${side + 1} texels exceeds maxTextureDimension2D, ${side}`,
    );
    assertEquals(device.pool.allocatedBytes, 0);
    return Promise.resolve();
  }));

Deno.test("a tensor that stays gives its buffer its name, and takes no more than it needs", () =>
  withDevice((device) => {
    const tensor = device.empty([2 ** 20 + 1], { label: "moments", exact: true });
    assertEquals([tensor.buffer.label, tensor.buffer.size], ["moments", 4 * 2 ** 20 + 256]);
    return Promise.resolve();
  }));

/** The limit lasts as long as the process, so memory runs out in one of its own. */
async function outOfMemory(): Promise<void> {
  const program = `
    const { requestDevice } = await import(${
    JSON.stringify(import.meta.resolve("../../kernels/kernels.ts"))
  });
    const device = await requestDevice();
    await device.stream.settle();
    const size = Deno.readTextFileSync("/proc/self/status").match(/VmSize:\\s+(\\d+)/)[1] * 1024;
    await new Deno.Command("prlimit", {
      args: ["--pid", String(Deno.pid), "--as=" + (size + 600 * 2 ** 20)],
    }).output();
    try {
      for (let i = 0; i < 9; i++) {
        device.stream.clear(device.empty([1024, 32767], { label: "logits " + i }));
      }
      await device.stream.settle();
    } catch (error) {
      console.log(error.name, error.message);
    }
  `;
  const { stdout } = await new Deno.Command("deno", {
    args: ["eval", program],
    env: { NO_COLOR: "1" },
    stderr: "inherit",
  }).output();
  assertMatch(
    new TextDecoder().decode(stdout),
    /^OutOfMemoryError could not allocate 134,217,728 bytes for a tensor "logits \d" \(1024, 32767\) of 134,213,632 bytes, with \d+,\d+,\d+ bytes allocated on .*; use a smaller batch/,
  );
}

Deno.test({
  name:
    "memory that runs out is an OutOfMemoryError: which tensor, how many bytes, beside how many",
  ignore: Deno.build.os !== "linux" || !software,
  fn: outOfMemory,
});

Deno.test("large data is written in parts, an odd number of halves in whole words", () =>
  withDevice(async (device) => {
    const large = Float32Array.from({ length: 2 ** 23 + 5 }, (_, i) => i);
    const halves = device.empty([3], { type: "f16" });
    const tensor = device.empty([large.length]);
    for (const _ of [1, 2]) {
      device.stream.clear(tensor);
      device.stream.write(tensor, large);
      device.stream.write(halves, Float16Array.of(1, 2, 3));
    }
    assertEquals(await device.stream.read(tensor), large);
    assertEquals(await device.stream.read(halves), Float32Array.of(1, 2, 3));
    const copied = device.empty([3], { type: "f16" });
    device.stream.copy(halves, copied);
    assertEquals(await device.stream.read(copied), Float32Array.of(1, 2, 3));
    assertThrows(() => device.stream.copy(halves, tensor), ShapeError, "(3) in f16 does not fit");
    assertThrows(() => device.stream.write(halves, large), ShapeError, "do not fill a tensor of 6");
  }));
