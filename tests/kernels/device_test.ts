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
  NoAdapterError,
  requestDevice,
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

Deno.test("a tensor beyond the limit of one binding is a GpuError that says so", () =>
  withDevice((device) => {
    const limit = device.gpu.limits.maxStorageBufferBindingSize;
    const error = assertThrows(() => device.empty([limit / 4 + 1]), GpuError);
    assertStringIncludes(error.message, `${limit + 4} bytes`);
    assertStringIncludes(error.message, "use a smaller batch or model");
    return Promise.resolve();
  }));

Deno.test("reading from a device that is gone is a GpuError", () =>
  withDevice(async (device) => {
    const tensor = device.upload(Float32Array.of(1, 2));
    assertEquals(await device.stream.read(tensor), Float32Array.of(1, 2));
    device.dispose();
    await assertRejects(
      () => device.stream.read(tensor),
      GpuError,
      "could not read 8 bytes back",
    );
  }));
