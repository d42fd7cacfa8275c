/**
 * How attention kernels read rows of their operands: a head's part of a row at a time, every texel
 * loaded once.
 * @module
 */
import { unroll } from "../../kernel.ts";
import { firstHalves, lastHalves, type Source } from "../source.ts";

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
let ${name}${first} = ${firstHalves(texel)};
let ${name}${first + 1} = ${lastHalves(texel)};`;
  });
}
