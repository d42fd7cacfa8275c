/**
 * Tensors as textures: on the software adapter a texture load costs half of a buffer load. A texel is
 * four f32 (rgba32float), eight f16 in pairs or sixteen int8 (rgba32uint).
 * @module
 */
import type { Device } from "./device.ts";
import { defineKernel, ELEMENTWISE } from "./kernel.ts";
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
    if (tensor.type === "i8") {
      const numbers = { columns: tensor.columns / 4, width: padded / 4 };
      const [x, y] = [tensor, source].map((t) => asWords(t));
      stream.dispatch(padWordsKernel, { x: x!, y: y! }, numbers, y!.size);
    } else {
      const numbers = { columns: tensor.columns, width: source.columns / 4 };
      stream.dispatch(padKernel, { x: tensor, y: source }, numbers, source.size / 4);
    }
  }
  stream.copyToTexture(source, texture, PANEL_ROWS);
  return { texture, width };
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
