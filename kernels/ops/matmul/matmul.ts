/**
 * Matrix multiplication: all four transpose combinations, batches, and an epilogue of bias, residual,
 * activation and accumulation.
 *
 * This file checks shapes and chooses the kernel; `register_tile.ts` is the software adapter's,
 * `workgroup_tile.ts` that of hardware GPUs, `epilogue.ts` what that one does with a finished tile.
 * @module
 */
import type { ActivationName } from "../../activations.ts";
import { requireShape } from "../../errors.ts";
import type { Image } from "../../images.ts";
import type { Tape } from "../../tape.ts";
import type { Tensor } from "../../tensor.ts";
import { tileFor } from "../../tuning.ts";
import { activateInto } from "../activation.ts";
import { addInto } from "../add.ts";
import {
  compilableTile,
  type Operand,
  registerTileDepth,
  registerTileInvocations,
  registerTileKernel,
} from "./register_tile.ts";
import {
  workgroupTileDepth,
  workgroupTileInvocations,
  workgroupTileKernel,
} from "./workgroup_tile.ts";

/** op(A) op(B): N takes an operand as it is stored, T transposed. */
export type Transposes = "NN" | "NT" | "TN" | "TT";

/** An activation of the result. */
export interface MatmulActivation {
  /** Which. */
  readonly name: ActivationName;
  /** (M, N): where what enters it is left, for the way back. */
  readonly before: Tensor;
}

/** `out (M, N) = op(a) op(b) [+ bias (N)] [+ residual] [+ out]`, or an activation of it. */
export interface MatmulArguments {
  /** Which operand is taken transposed. */
  readonly transposes: Transposes;
  /** (M, K), or (K, M) where it is taken transposed; a batch stands one below the other. */
  readonly a: Tensor;
  /** (K, N), or (N, K) where it is taken transposed; int8 counts as whole numbers over 127. */
  readonly b: Tensor;
  /** (M, N) */
  readonly out: Tensor;
  /** Products of this many pairs of matrices. Default 1. */
  readonly batch?: number;
  /** (N), factors of the product's columns. */
  readonly scales?: Tensor;
  /** (N), added to every row. */
  readonly bias?: Tensor;
  /** (M, N), added; neither is it `out`. */
  readonly residual?: Tensor;
  /** Applied to the result; excludes `residual` and `accumulate`. */
  readonly activation?: MatmulActivation;
  /** 1: add to what `out` holds. Default 0. */
  readonly accumulate?: 0 | 1;
  /** (N), TN and one matrix only: the sums of b's columns are added here (the derivative of a bias). */
  readonly columnSums?: Tensor;
}

interface Sizes {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly batch: number;
}

function sizesOf(call: MatmulArguments): Sizes {
  const { transposes, a, b, out, batch = 1 } = call;
  const [rowsA, rowsB] = [a.rows / batch, b.rows / batch];
  const [rows, depth] = transposes[0] === "T" ? [a.columns, rowsA] : [rowsA, a.columns];
  const [depthB, columns] = transposes[1] === "T" ? [b.columns, rowsB] : [rowsB, b.columns];
  requireShape(
    depth === depthB && out.rows === rows * batch && out.columns === columns,
    `matmul ${transposes}: ${batch === 1 ? "" : `a batch of ${batch}, `}(${a.shape}) and ` +
      `(${b.shape}) do not give (${out.shape})`,
  );
  checkEpilogue(call, { rows, columns, depth, batch });
  return { rows, columns, depth, batch };
}

function checkEpilogue(call: MatmulArguments, { columns, batch }: Sizes): void {
  const { transposes, a, b, out, bias, scales, residual, activation, columnSums } = call;
  const { accumulate = 0 } = call;
  requireShape(
    bias === undefined || bias.size === columns,
    `matmul ${transposes}: bias (${bias?.shape}) needs ${columns} elements`,
  );
  requireShape(
    scales === undefined || scales.size === columns,
    `matmul ${transposes}: scales (${scales?.shape}) need ${columns} elements`,
  );
  requireShape(
    a.type !== "i8" && (b.type !== "i8" || b.columns % 4 === 0),
    `matmul ${transposes}: int8 is taken on the right, with columns a multiple of 4; got ` +
      `${a.type} (${a.shape}) and ${b.type} (${b.shape})`,
  );
  requireShape(
    columnSums === undefined ||
      transposes === "TN" && columnSums.size === columns && batch === 1,
    `matmul ${transposes}: columnSums (${columnSums?.shape}) needs ${columns} elements, TN, and one matrix`,
  );
  for (const tensor of [residual, activation?.before]) {
    requireShape(
      tensor === undefined || tensor.size === out.size && tensor !== out,
      `matmul ${transposes}: (${tensor?.shape}) beside the result (${out.shape}) needs its size, ` +
        `and memory of its own`,
    );
  }
  requireShape(
    activation === undefined || residual === undefined && accumulate === 0,
    `matmul ${transposes}: an activation excludes residual and accumulate`,
  );
}

/** Computes a product; see {@linkcode MatmulArguments}. Throws a ShapeError where shapes do not fit. */
export function matmul(tape: Tape, call: MatmulArguments): void {
  const { tuning } = tape.device;
  const sizes = sizesOf(call);
  tape.changed(call.out);
  if (sizes.rows * sizes.columns === 0) return;
  if (tuning.matmul === "registers") {
    const a = tape.image(call.a);
    const b = a === undefined ? undefined : tape.image(call.b);
    if (a !== undefined && b !== undefined) return inRegisters(tape, call, sizes, a, b);
  }
  inWorkgroups(tape, call, sizes);
}

function inRegisters(tape: Tape, call: MatmulArguments, sizes: Sizes, a: Image, b: Image): void {
  const { tuning, stream } = tape.device;
  const { rows, columns, depth, batch } = sizes;
  const { bias, residual, activation, columnSums, scales, accumulate = 0, transposes } = call;
  const operand = ({ type }: Tensor, alongDepth: boolean): Operand => {
    return { type: type === "u32" ? "f32" : type, alongDepth };
  };
  const wanted = tileFor(tuning.registerTiles, rows, rows * columns * depth * batch);
  const tile = compilableTile({
    a: operand(call.a, transposes[0] === "N"),
    b: operand(call.b, transposes[1] === "T"),
    rows: wanted.rows,
    columns: wanted.columns,
    workgroup: tuning.workgroup,
    vector: columns % 4 === 0,
  });
  const kernel = registerTileKernel(tile);
  const [unused, unusedToo] = tape.device.unused;
  const others = {
    scales: scales ?? unused,
    bias: bias ?? unused,
    sums: columnSums ?? unusedToo,
  };
  const multiply = (out: Tensor, { depthStart, depthEnd }: DepthPart) =>
    stream.dispatch(kernel, { a: a.texture, b: b.texture, out, ...others }, {
      depthStart,
      depthEnd,
      rows,
      columns,
      useBias: depthStart === 0 && bias !== undefined ? 1 : 0,
      useScales: scales === undefined ? 0 : 1,
      useSums: columnSums === undefined ? 0 : 1,
      rowsA: call.a.rows / batch,
      rowsB: call.b.rows / batch,
      panelA: a.width,
      panelB: b.width,
    }, registerTileInvocations(tile, rows, columns, batch));
  // Whatever is added or applied is a pass of its own here: see the kernel's header.
  const out = activation?.before ?? call.out;
  for (const part of partsOf(depth, registerTileDepth, accumulate)) {
    if (part.accumulate === 0) multiply(out, part);
    else {
      const product = tape.device.empty(out.shape, { type: out.type });
      multiply(product, part);
      addInto(tape, product, out);
      // Work is done in the order of its recording: the next op may have the memory.
      tape.device.pool.release(product.buffer);
    }
  }
  if (residual !== undefined) addInto(tape, residual, out);
  if (activation !== undefined) activateInto(tape, activation.name, out, call.out);
}

function inWorkgroups(tape: Tape, call: MatmulArguments, sizes: Sizes): void {
  const { tuning, stream } = tape.device;
  const { rows, columns, depth, batch } = sizes;
  const { a, b, transposes, bias, residual, activation, columnSums } = call;
  const tile = tileFor(tuning.workgroupTiles, Infinity, rows * columns * depth * batch);
  const parts = partsOf(depth, workgroupTileDepth(tile), call.accumulate ?? 0);
  const kernel = (last: boolean) =>
    workgroupTileKernel({
      rows: tile.rows,
      columns: tile.columns,
      transposeA: transposes[0] === "T",
      transposeB: transposes[1] === "T",
      quantized: b.type === "i8",
      vector: columns % 4 === 0,
      ...(last && activation !== undefined ? { activation: activation.name } : {}),
    });
  const [unused, unusedToo, unusedThree] = tape.device.unused;
  const bindings = {
    a,
    b,
    scales: call.scales ?? unused,
    bias: bias ?? unused,
    residual: residual ?? unused,
    before: activation?.before ?? unusedToo,
    out: call.out,
    sums: columnSums ?? unusedThree,
  };
  for (const [i, part] of parts.entries()) {
    stream.dispatch(kernel(i === parts.length - 1), bindings, {
      ...part,
      rows,
      columns,
      useBias: i === 0 && bias !== undefined ? 1 : 0,
      useResidual: i === 0 && residual !== undefined ? 1 : 0,
      useScales: call.scales === undefined ? 0 : 1,
      useSums: columnSums === undefined ? 0 : 1,
      sizeA: a.size / batch,
      sizeB: b.size / batch,
      strideA: a.columns,
      strideB: b.columns,
    }, workgroupTileInvocations(tile, rows, columns, batch));
  }
}

interface DepthPart {
  readonly depthStart: number;
  readonly depthEnd: number;
  readonly accumulate: 0 | 1;
}

/** Parts of the depth, one call each, of at most `most`; the later ones add to the result. */
function partsOf(depth: number, most: number, accumulate: 0 | 1): DepthPart[] {
  const parts: DepthPart[] = [];
  for (let start = 0; start === 0 || start < depth; start += most) {
    parts.push({
      depthStart: start,
      depthEnd: Math.min(depth, start + most),
      accumulate: start > 0 ? 1 : accumulate,
    });
  }
  return parts;
}
