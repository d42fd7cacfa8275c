/**
 * Where kernels read an operand from: a texture of f32, a texture of f16, or a buffer; and the WGSL
 * of reading four elements of it.
 * @module
 */
import type { Binding } from "../kernel.ts";
import type { Resource } from "../pipelines.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

/** Where an operand is read from; `halves` is a texture of f16, eight in a texel. */
export type Source = "texture" | "halves" | "buffer";

/** An operand as a kernel is given it. */
export interface Operand {
  /** Where it is read from. */
  readonly source: Source;
  /** What is bound. */
  readonly resource: Resource;
  /** Texels of a row, or vec4s where it is a buffer. */
  readonly width: number;
}

/** How the texture of floats stored so is read. */
export function textureSource(stored: "f32" | "f16"): Source {
  return stored === "f16" ? "halves" : "texture";
}

/** Chooses how to read a tensor; `texture` says whether one is worth making. */
export function operandOf(tape: Tape, tensor: Tensor, texture: boolean): Operand {
  const image = texture ? tape.image(tensor) : undefined;
  if (image === undefined) {
    return { source: "buffer", resource: tensor, width: tensor.columns / 4 };
  }
  const source = textureSource(tensor.type === "f16" ? "f16" : "f32");
  return { source, resource: image.texture, width: image.width };
}

/** The binding of an operand. */
export function bindingOf(source: Source): Binding {
  return source === "texture" ? "texture" : source === "halves" ? "texture of u32" : "read float4";
}

/** Elements 0 … 3 of a texel of eight f16, as a vec4f. */
export function firstHalves(texel: string): string {
  return `vec4f(unpack2x16float(${texel}.x), unpack2x16float(${texel}.y))`;
}

/** Elements 4 … 7 of it. */
export function lastHalves(texel: string): string {
  return `vec4f(unpack2x16float(${texel}.z), unpack2x16float(${texel}.w))`;
}

/**
 * Statements that return elements 4i … 4i + 3 of something. `at` gives the place of a texel by its
 * number, or of a vec4 in a buffer.
 */
export function returnFour(
  operand: { readonly name: string; readonly source: Source },
  i: string,
  at: (number: string) => string,
): string {
  const { name, source } = operand;
  if (source === "buffer") return `return vec4f(${name}[${at(i)}]);`;
  if (source === "texture") return `return textureLoad(${name}, ${at(i)}, 0);`;
  return `let texel = textureLoad(${name}, ${at(`${i} / 2u`)}, 0);
let pairs = select(texel.xy, texel.zw, ${i} % 2u == 1u);
return ${firstHalves("pairs")};`;
}
