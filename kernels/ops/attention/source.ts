/**
 * How attention kernels read rows of their operands: from textures of f32 or f16, or from buffers.
 * @module
 */
import { type Image, PANEL_ROWS } from "../../images.ts";
import { type Binding, unroll } from "../../kernel.ts";
import type { Resource } from "../../pipelines.ts";
import type { Tape } from "../../tape.ts";
import type { Tensor } from "../../tensor.ts";

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

/** Chooses how to read a tensor; `texture` says whether one is worth making. */
export function operandOf(tape: Tape, tensor: Tensor, headDim: number, texture: boolean): Operand {
  const fits = tensor.type === "f32" || headDim % 8 === 0;
  const image: Image | undefined = texture && fits ? tape.image(tensor) : undefined;
  if (image === undefined) {
    return { source: "buffer", resource: tensor, width: tensor.columns / 4 };
  }
  const source = tensor.type === "f16" ? "halves" : "texture";
  return { source, resource: image.texture, width: image.width };
}

/** The binding of an operand. */
export function bindingOf(source: Source): Binding {
  return source === "texture" ? "texture" : source === "halves" ? "texture of u32" : "read float4";
}

/** Declares the function the loads of textures call. */
export const placeDeclaration = `fn place(x: u32, y: u32, panel: u32) -> vec2u {
  return vec2u(x + y / ${PANEL_ROWS}u * panel, y % ${PANEL_ROWS}u);
}`;

/** An operand in the code of a kernel: its binding's name, where it lies, its width's parameter. */
export interface Named {
  /** Name of the binding. */
  readonly name: string;
  /** Where it is read from. */
  readonly source: Source;
}

/**
 * Loads vec4s `from … to − 1` of a head's row: declares `NAMEi` for each. `start` is the head's first
 * vec4 in the row, a whole number of texels.
 */
export function loadVectors(
  operand: Named,
  name: string,
  at: { readonly row: string; readonly start: string },
  from: number,
  to: number,
): string {
  const { source } = operand;
  const width = `p.${operand.name}Width`;
  if (source === "buffer") {
    return unroll(
      to - from,
      (i) =>
        `let ${name}${from + i} = vec4f(${operand.name}[(${at.row}) * ${width} + ${at.start} + ${
          from + i
        }u]);`,
    );
  }
  if (source === "texture") {
    return unroll(
      to - from,
      (i) =>
        `let ${name}${from + i} = textureLoad(${operand.name}, place(${at.start} + ${
          from + i
        }u, ${at.row}, ${width}), 0);`,
    );
  }
  return unroll((to - from) / 2, (i) => {
    const first = from + 2 * i;
    const texel = `${name}${first}t`;
    return `let ${texel} = textureLoad(${operand.name}, place((${at.start}) / 2u + ${
      first / 2
    }u, ${at.row}, ${width}), 0);
let ${name}${first} = vec4f(unpack2x16float(${texel}.x), unpack2x16float(${texel}.y));
let ${name}${first + 1} = vec4f(unpack2x16float(${texel}.z), unpack2x16float(${texel}.w));`;
  });
}
