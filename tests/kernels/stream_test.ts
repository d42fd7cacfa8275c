/**
 * The stream: every invocation runs once however many there are, in the order recorded.
 */
import { assertEquals } from "../../std/assert.ts";
import { defineKernel } from "../../kernels/kernel.ts";
import { useGpu } from "./gpu.ts";

const gpu = useGpu();

const count = defineKernel({
  label: "count invocations",
  bindings: { y: "write f32" },
  parameters: {},
  workgroupSize: 1,
  body: "y[index] += 1.0;",
});

const fold = defineKernel({
  label: "fold a number in",
  bindings: { y: "write f32" },
  parameters: { factor: "u32", term: "f32" },
  workgroupSize: 8,
  body: "y[index] = y[index] * f32(p.factor) + p.term;",
});

Deno.test("each invocation runs once, beyond the 65,535 workgroups of one dimension too", async () => {
  for (const invocations of [1, 65_535, 65_536, 2 * 65_535 + 1]) {
    await gpu().run(async (tape) => {
      const y = tape.empty([invocations]);
      tape.device.stream.clear(y);
      tape.device.stream.dispatch(count, { y }, {}, invocations);
      const [counts] = await gpu().read([y]);
      assertEquals(counts!.findIndex((runs) => runs !== 1), -1);
    });
  }
});

Deno.test("more kernels than there are parameter slots run in order, each with its own", () =>
  gpu().run(async (tape) => {
    const { stream } = tape.device;
    const y = tape.upload(new Float32Array(3));
    const before = stream.dispatches;
    let expected = 0;
    for (let i = 0; i < 2500; i++) {
      const [factor, term] = [i === 1200 ? 0 : 1, i / 4];
      stream.dispatch(fold, { y }, { factor, term }, 3);
      expected = expected * factor + term;
    }
    assertEquals(stream.dispatches - before, 2500);
    assertEquals(await gpu().read([y]), [new Float32Array(3).fill(expected)]);
  }));

Deno.test("kernels, copies and zeros happen in the order recorded", () =>
  gpu().run(async (tape) => {
    const { stream } = tape.device;
    const [x, y] = [tape.upload(Float32Array.of(1, 2)), tape.empty([2])];
    const kept = tape.empty([2]);
    stream.copy(x, y);
    stream.dispatch(fold, { y }, { factor: 10, term: 1 }, 2);
    stream.copy(y, kept);
    stream.clear(y);
    stream.dispatch(fold, { y }, { factor: 10, term: 0.5 }, 1);
    assertEquals(await gpu().read([kept, y]), [
      Float32Array.of(11, 21),
      Float32Array.of(0.5, 0),
    ]);
    stream.dispatch(fold, { y }, { factor: 0, term: 9 }, 0);
    assertEquals(await gpu().read([y]), [Float32Array.of(0.5, 0)]);
  }));

Deno.test("indices are read as they were written, an empty tensor as none", () =>
  gpu().run(async (tape) => {
    const indices = Uint32Array.of(0, 7, 0xffff_ffff);
    const { stream } = tape.device;
    assertEquals(await stream.readIndices(tape.upload(indices)), indices);
    assertEquals(await stream.read(tape.empty([0])), new Float32Array(0));
  }));
