/**
 * Rows too long for one invocation: a row is cut into parts of the same number of columns, each part
 * is the work of one invocation, and another puts a row's parts together in their order. The order
 * never depends on timing or on where in memory a row starts, so neither does the result.
 *
 * Elements are read from a texture, because loads from a buffer cost five times as much on the
 * software adapter. A row of any length may start anywhere in it: the texture is the tensor in one
 * piece, folded, and of the four elements read at once, those of the neighbouring rows are masked.
 * @module
 */
import { requireShape } from "../errors.ts";
import { PANEL_ROWS } from "../images.ts";
import { type Binding, unroll } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import { bytesOf, Tensor } from "../tensor.ts";
import { bindingOf, returnFour, textureSource } from "./source.ts";

/** Columns of a part. */
export const PART_COLUMNS = 512;

/** Parts of a row of so many columns. */
export function partsOf(columns: number): number {
  return Math.ceil(columns / PART_COLUMNS);
}

/** WGSL of a kernel over (N · parts): `row` and `part` of the invocation, and the columns `first`..`end` of it that are below `count`. */
export function partOfRow(count: string): string {
  return `let row = index / p.parts;
let part = index % p.parts;
let first = part * ${PART_COLUMNS}u;
let end = max(first, min(first + ${PART_COLUMNS}u, ${count}));`;
}

/** A tensor in one piece as a texture, whose rows are `2 ** shift` texels and mean nothing. */
export interface FlatImage {
  /** Four f32 a texel (rgba32float), or eight f16 (rgba32uint). */
  readonly texture: GPUTexture;
  /** What {@linkcode fourAt} needs to find a texel. */
  readonly shift: number;
}

/** Texels of the widest rows; the narrowest that can be copied have 16. */
const MAX_SHIFT = 12;
const MIN_SHIFT = 4;

/**
 * Copies a tensor of any shape into a texture that lives as long as the tape. What follows the
 * tensor in its buffer fills the last row.
 */
export function flatImage(tape: Tape, tensor: Tensor): FlatImage {
  const { buffer, offset, type } = tensor;
  const texels = Math.ceil(tensor.byteLength / 16);
  for (let shift = MAX_SHIFT; shift >= MIN_SHIFT; shift--) {
    const width = 2 ** shift;
    const height = Math.ceil(texels / width);
    if (offset + height * width * 16 > buffer.size || height > PANEL_ROWS) continue;
    const shape = [height, width * 16 / bytesOf(type)];
    const image = tape.image(new Tensor(shape, buffer, offset, false, type));
    if (image !== undefined) return { texture: image.texture, shift };
  }
  requireShape(false, `(${tensor.shape}) is too large for a texture`);
}

/** How tensors are stored that kernels read through {@linkcode fourAt}. */
export type Stored = "f32" | "f16";

/** How a tensor of floats is stored. Throws a ShapeError where it is one of whole numbers. */
export function storedAs(what: string, { type, shape }: Tensor): Stored {
  requireShape(
    type === "f32" || type === "f16",
    `${what}: (${shape}) holds ${type}, not floats`,
  );
  return type;
}

/** The binding of a {@linkcode FlatImage}. */
export function imageBinding(stored: Stored): Binding {
  return bindingOf(textureSource(stored));
}

/** WGSL of `NAMEAt(at, shift)`: elements 4 · at … 4 · at + 3 of the flat image bound as `name`. */
export function fourAt(name: string, stored: Stored): string {
  const place = (texel: string) => `vec2u((${texel}) & ((1u << shift) - 1u), (${texel}) >> shift)`;
  return `fn ${name}At(at: u32, shift: u32) -> vec4f {
${returnFour({ name, source: textureSource(stored) }, "at", place)}
}`;
}

/**
 * WGSL that runs statements over the columns `first`..`end` of `row`, four at once. `load` gives four
 * elements from the index `at`; statements have them as `four`, their positions in the tensor as
 * `place`, their columns as `columns`, and which of them are meant as `inside`. Takes at most
 * (end − first) / 4 + 2 turns.
 */
export function eachFour(load: string, statements: string): string {
  return `for (var at = (row * p.columns + first) / 4u; at < (row * p.columns + end + 3u) / 4u; at++) {
  let four = ${load};
  let place = 4u * at + vec4u(0u, 1u, 2u, 3u);
  let columns = place - row * p.columns;
  let inside = (place >= vec4u(row * p.columns + first)) & (place < vec4u(row * p.columns + end));
${statements}
}`;
}

/** As {@linkcode eachFour}, one element after another: statements have `value` and `column`. */
export function eachColumn(load: string, statements: string): string {
  return eachFour(
    load,
    unroll(4, (i) =>
      `if (inside[${i}]) {
  let value = four[${i}];
  let column = columns[${i}];
${statements}
}`),
  );
}
