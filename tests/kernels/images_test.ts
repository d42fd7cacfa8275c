/**
 * Images of tensors: every element where the layout says, zeros behind each row, in panels too.
 */
import { assertEquals } from "../../std/assert.ts";
import { PANEL_ROWS, placeDeclaration } from "../../kernels/images.ts";
import { defineKernel } from "../../kernels/kernel.ts";
import type { Tape, Tensor } from "../../kernels/kernels.ts";
import { bytesOf } from "../../kernels/tensor.ts";
import { Random } from "../../std/random.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";

const gpu = useGpu();

const store =
  `let bits = bitcast<vec4u>(textureLoad(x, place(index % p.width, index / p.width, p.width), 0));
for (var i = 0u; i < 4u; i++) { y[4u * index + i] = bits[i]; }`;

function readKernel(binding: "texture" | "texture of u32") {
  return defineKernel({
    label: "read an image",
    bindings: { x: binding, y: "write u32" },
    parameters: { width: "u32" },
    workgroupSize: 8,
    declarations: placeDeclaration,
    body: store,
  });
}

const readKernels = { f32: readKernel("texture"), other: readKernel("texture of u32") };

/** The bytes of an image's rows, one row after another, as the place of each texel says. */
async function bytesOfImage(tape: Tape, tensor: Tensor): Promise<Uint8Array> {
  const { texture, width } = tape.image(tensor)!;
  const texels = tensor.rows * width;
  const y = tape.empty([4 * texels], { type: "u32" });
  const kernel = tensor.type === "f32" ? readKernels.f32 : readKernels.other;
  tape.device.stream.dispatch(kernel, { x: texture, y }, { width }, texels);
  return new Uint8Array((await tape.device.stream.readIndices(y)).buffer);
}

/** An image of random elements against them, bit by bit. */
function check(random: Random, rows: number, columns: number, type: "f32" | "f16" | "i8") {
  return gpu().run(async (tape) => {
    const values = numbers(random, rows * columns, 100);
    const data = {
      f32: () => values,
      f16: () => Float16Array.from(values),
      i8: () => Int8Array.from(values.map((value) => value % 128)),
    }[type]();
    const tensor = tape.empty([rows, columns], { type });
    tape.device.stream.write(tensor, data);
    const actual = await bytesOfImage(tape, tensor);
    const rowBytes = columns * bytesOf(type);
    const padded = Math.ceil(rowBytes / 256) * 256;
    const expected = new Uint8Array(rows * padded);
    const bytes = new Uint8Array(data.buffer);
    for (let row = 0; row < rows; row++) {
      expected.set(bytes.subarray(row * rowBytes, (row + 1) * rowBytes), row * padded);
    }
    const at = expected.findIndex((byte, i) => byte !== actual[i]);
    assertEquals([actual.length, at], [expected.length, -1], `${type} (${rows}, ${columns})`);
  });
}

for (const type of ["f32", "f16", "i8"] as const) {
  Deno.test(`images of ${type} hold every element, and zeros behind each row`, () =>
    forAll(8, async (random) => {
      const rows = between(random, 1, 50);
      await check(random, rows, 4 * between(random, 1, 90), type);
      // Columns of int8 come in fours.
      if (type !== "i8") await check(random, rows, between(random, 1, 350), type);
    }));

  Deno.test(`images of ${type} go on in another panel`, () =>
    check(new Random(1), PANEL_ROWS + 3, 36, type));
}
