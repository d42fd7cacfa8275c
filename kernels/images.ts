/**
 * Tensors as textures: on the software adapter a texture load costs half of a buffer load. A texel is
 * four f32 (rgba32float), eight f16 in pairs or sixteen int8 (rgba32uint).
 * @module
 */
import type { Device } from "./device.ts";
import { defineKernel, ELEMENTWISE, unroll } from "./kernel.ts";
import type { Stream } from "./stream.ts";
import { bytesOf, Tensor, type TensorOptions } from "./tensor.ts";

/** Rows of one panel. A taller tensor stands in several panels side by side. */
export const PANEL_ROWS = 8192;

/** Texture rows are copied in units of this many bytes. */
const ROW_BYTES = 256;

/** A tensor (R, C) as a texture: row r starts at x = ⌊r / PANEL_ROWS⌋ · width, y = r mod PANEL_ROWS. */
export interface Image {
  /** Where the texels are; it may be taller than the tensor. */
  readonly texture: GPUTexture;
  /** Texels of a row, zeros behind its C elements included. */
  readonly width: number;
}

/**
 * WGSL of where an image has texel x of row y: `panel` is the width of a row, in texels.
 */
export const placeDeclaration = `fn place(x: u32, y: u32, panel: u32) -> vec2u {
  return vec2u(x + y / ${PANEL_ROWS}u * panel, y % ${PANEL_ROWS}u);
}`;

const padKernel = defineKernel({
  label: "pad rows",
  bindings: { x: "read float", y: "write float4" },
  parameters: { columns: "u32", width: "u32" }, // width: padded columns / 4
  workgroupSize: ELEMENTWISE,
  body: `let column = 4u * (index % p.width);
let first = index / p.width * p.columns;
var value = vec4f();
for (var i = 0u; i < 4u; i++) {
  if (column + i < p.columns) { value[i] = f32(x[first + column + i]); }
}
y[index] = y_t(value);`,
});

/** vec4s an invocation copies; a padded row is a multiple of them. */
const RUN = 4;

/** For columns that come in fours: a fifth to a third less time on the software adapter. */
const padFoursKernel = defineKernel({
  label: "pad rows of fours",
  bindings: { x: "read float4", y: "write float4" },
  parameters: { columns: "u32", runs: "u32" }, // vec4s of a row, and runs of a padded one
  workgroupSize: 64,
  body: `let column = ${RUN}u * (index % p.runs);
let start = index / p.runs * p.columns + column;
${
    unroll(RUN, (i) =>
      `var value${i} = vec4f();
if (column + ${i}u < p.columns) { value${i} = vec4f(x[start + ${i}u]); }
y[${RUN}u * index + ${i}u] = y_t(value${i});`)
  }`,
});

const padWordsKernel = defineKernel({
  label: "pad rows of words",
  bindings: { x: "read u32", y: "write u32" },
  parameters: { columns: "u32", width: "u32" }, // words of a row, and of a padded one
  workgroupSize: ELEMENTWISE,
  body: `let column = index % p.width;
var value = 0u;
if (column < p.columns) { value = x[index / p.width * p.columns + column]; }
y[index] = value;`,
});

/** Makes the image of a tensor, with temporaries from `empty`. Undefined where no texture can hold it. */
export function makeImage(
  device: Device,
  tensor: Tensor,
  empty: (shape: readonly number[], options: TensorOptions) => Tensor,
): Image | undefined {
  const { pool, stream, gpu } = device;
  if (tensor.type === "u32" || tensor.size === 0) return undefined;
  const bytes = bytesOf(tensor.type);
  const padded = Math.ceil(tensor.columns * bytes / ROW_BYTES) * ROW_BYTES;
  const width = padded / 16;
  const panels = Math.ceil(tensor.rows / PANEL_ROWS);
  const limit = gpu.limits.maxTextureDimension2D;
  if (width * panels > limit || PANEL_ROWS > limit) return undefined;
  const format = tensor.type === "f32" ? "rgba32float" : "rgba32uint";
  const texture = pool.texture(width * panels, Math.min(tensor.rows, PANEL_ROWS), format);
  let source = tensor;
  if (padded !== tensor.columns * bytes) {
    source = empty([tensor.rows, padded / bytes], { type: tensor.type });
    pad(stream, tensor, source);
  }
  stream.copyToTexture(source, texture, PANEL_ROWS);
  return { texture, width };
}

/** Copies the rows of x to the wider ones of y, with zeros behind. */
function pad(stream: Stream, x: Tensor, y: Tensor): void {
  const [columns, width] = [x.columns, y.columns / 4];
  if (x.type === "i8") {
    const words = { x: asWords(x), y: asWords(y) };
    stream.dispatch(padWordsKernel, words, { columns: columns / 4, width }, words.y.size);
  } else if (columns % 4 === 0) {
    const numbers = { columns: columns / 4, runs: width / RUN };
    stream.dispatch(padFoursKernel, { x, y }, numbers, y.size / 4 / RUN);
  } else {
    stream.dispatch(padKernel, { x, y }, { columns, width }, y.size / 4);
  }
}

/** The same bytes as u32; columns of int8 come in fours. */
function asWords({ shape, buffer, offset, columns }: Tensor): Tensor {
  return new Tensor([...shape.slice(0, -1), columns / 4], buffer, offset, false, "u32");
}

/** Images that outlive a tape: those of parameters, good until the next write to any of them. */
export class KeptImages {
  readonly #known = new Map<Tensor, Image>();

  /** Textures go back to this device's pool. */
  constructor(private readonly device: Device) {}

  /** The image of a tensor, made where there is none. */
  of(tensor: Tensor, make: () => Image | undefined): Image | undefined {
    let image = this.#known.get(tensor);
    if (image === undefined) {
      image = make();
      if (image !== undefined) this.#known.set(tensor, image);
    }
    return image;
  }

  /** Drops all images: the tensors have changed, or are no more. */
  clear(): void {
    for (const { texture } of this.#known.values()) this.device.pool.releaseTexture(texture);
    this.#known.clear();
  }
}
