/**
 * How norms, gates, rotations and gathers read their operands. On the software adapter a load from a
 * buffer costs several times one from a texture, so tensors of many rows are read as images there; a
 * hardware GPU reads buffers, and so does what no texture holds or mostly padding would fill. See
 * `images.ts` for how rows stand in a texture.
 * @module
 */
import { placeDeclaration } from "../images.ts";
import { type Binding, defineKernel, type Kernel, type Parameter } from "../kernel.ts";
import type { Resource } from "../pipelines.ts";
import type { Tape } from "../tape.ts";
import { bytesOf, type Tensor } from "../tensor.ts";
import { bindingOf, type Operand, operandOf, returnFour, type Source } from "./source.ts";

/** Copying fewer rows than this to a texture costs more than it saves. */
const MIN_ROWS = 32;

/** Rows of an image fill 256 bytes; a tensor of less than half of that would be mostly padding. */
const MIN_ROW_BYTES = 128;

function isWide(tensor: Tensor): boolean {
  return tensor.columns * bytesOf(tensor.type) >= MIN_ROW_BYTES;
}

/** The best source of each tensor for a loop over the rows of the first. */
export function rowsOf<N extends string>(
  tape: Tape,
  tensors: Readonly<Record<N, Tensor>>,
): Record<N, Operand> {
  const all = Object.entries<Tensor>(tensors);
  const many = tape.device.tuning.readFrom === "textures" && all[0]![1].rows >= MIN_ROWS;
  const rows = all.map(([name, tensor]) => [name, operandOf(tape, tensor, many && isWide(tensor))]);
  return Object.fromEntries(rows) as Record<N, Operand>;
}

/** What to bind of each. */
export function resourcesOf<N extends string>(
  rows: Readonly<Record<N, Operand>>,
): Record<N, Resource> {
  const entries = Object.entries<Operand>(rows).map(([name, { resource }]) => [name, resource]);
  return Object.fromEntries(entries) as Record<N, Resource>;
}

/** WGSL of `NAMEAt(row, i)`, the vec4f of elements 4i … 4i + 3 of a row. */
function declarationOf(name: string, source: Source, width: string): string {
  const texels = source === "texture" ? width : `(${width} + 1u) / 2u`;
  const at = (number: string) =>
    source === "buffer"
      ? `row * ${width} + ${number}`
      : `place(${number}, row, (${texels} + 15u) / 16u * 16u)`;
  return `fn ${name}At(row: u32, i: u32) -> vec4f {
${returnFour({ name, source }, "i", at)}
}`;
}

/** A kernel before it is known where its rows `N` come from; the rest is as {@linkcode Kernel} has it. */
export interface RowKernel<N extends string, B extends string, P extends string> {
  /** Name in error messages. */
  readonly label: string;
  /** Tensors read by `NAMEAt(row, i)`, and in WGSL the vec4s of a row of each. */
  readonly rows: Readonly<Record<N, string>>;
  /** The other bindings. */
  readonly bindings: Readonly<Record<B, Binding>>;
  /** Numbers a call gives. */
  readonly parameters: Readonly<Record<P, Parameter>>;
  /** Default 8, one vector of the software adapter: invocations that loop. */
  readonly workgroupSize?: number;
  /** Functions and constants before `main`. */
  readonly declarations?: string;
  /** Statements of `main`. */
  readonly body: string;
}

/** Declares such a kernel; the function returned gives its variant for rows from these sources. */
export function defineRowKernel<
  const N extends string,
  const B extends string,
  const P extends string,
>(kernel: RowKernel<N, B, P>): (rows: Readonly<Record<N, Operand>>) => Kernel<N | B, P> {
  const known = new Map<string, Kernel<N | B, P>>();
  const names = Object.keys(kernel.rows) as N[];
  return (rows) => {
    const sources = names.map((name) => rows[name].source);
    const key = sources.join();
    let variant = known.get(key);
    if (variant === undefined) {
      const bindings = names.map((name, i) => [name, bindingOf(sources[i]!)]);
      variant = defineKernel<N | B, P>({
        label: kernel.label,
        bindings: { ...Object.fromEntries(bindings), ...kernel.bindings },
        parameters: kernel.parameters,
        workgroupSize: kernel.workgroupSize ?? 8,
        declarations: [
          placeDeclaration,
          ...names.map((name, i) => declarationOf(name, sources[i]!, kernel.rows[name])),
          kernel.declarations ?? "",
        ].join("\n"),
        body: kernel.body,
      });
      known.set(key, variant);
    }
    return variant;
  };
}
