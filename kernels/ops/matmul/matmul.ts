/**
 * Matrix multiplication: all four transpose combinations, batches, and an epilogue of bias, residual,
 * activation and accumulation.
 *
 * This file checks shapes and chooses the kernel; `register_tile.ts` is the software adapter's,
 * `workgroup_tile.ts` that of hardware GPUs, `epilogue.ts` what both do with a finished tile.
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
  /** (K, N), or (N, K) where it is taken transposed. */
  readonly b: Tensor;
  /** (M, N) */
  readonly out: Tensor;
  /** Products of this many pairs of matrices. Default 1. */
  readonly batch?: number;
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
  const { transposes, out, bias, residual, activation, columnSums, accumulate = 0 } = call;
  requireShape(
    bias === undefined || bias.size === columns,
    `matmul ${transposes}: bias (${bias?.shape}) needs ${columns} elements`,
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
  const { bias, residual, activation, columnSums, accumulate = 0, transposes } = call;
  const operand = (tensor: Tensor, alongDepth: boolean): Operand => {
    return { type: tensor.type === "f16" ? "f16" : "f32", alongDepth };
  };
  const tile = tileFor(tuning.registerTiles, rows * columns * depth * batch);
  const kernel = registerTileKernel({
    a: operand(call.a, transposes[0] === "N"),
    b: operand(call.b, transposes[1] === "T"),
    rows: tile.rows,
    columns: tile.columns,
    workgroup: tuning.workgroup,
    vector: columns % 4 === 0,
  });
  const [unused, , unusedToo] = tape.device.unused;
  // Residual and activation are passes of their own here: see the epilogue's header.
  const out = activation?.before ?? call.out;
  if (residual !== undefined) addOrCopy(tape, residual, out, accumulate);
  const bindings = { bias: bias ?? unused, out, sums: columnSums ?? unusedToo };
  const first = residual === undefined ? accumulate : 1;
  for (const part of partsOf(depth, registerTileDepth, first)) {
    stream.dispatch(kernel, { a: a.texture, b: b.texture, ...bindings }, {
      ...part,
      rows,
      columns,
      useBias: part.depthStart === 0 && bias !== undefined ? 1 : 0,
      useSums: columnSums === undefined ? 0 : 1,
      rowsA: call.a.rows / batch,
      rowsB: call.b.rows / batch,
      panelA: a.width,
      panelB: b.width,
    }, registerTileInvocations(tile, rows, columns, batch));
  }
  if (activation !== undefined) activateInto(tape, activation.name, out, call.out);
}

function addOrCopy(tape: Tape, source: Tensor, target: Tensor, accumulate: 0 | 1): void {
  if (accumulate === 1 || source.type !== target.type) addInto(tape, source, target);
  else tape.device.stream.copy(source, target);
}

function inWorkgroups(tape: Tape, call: MatmulArguments, sizes: Sizes): void {
  const { tuning, stream } = tape.device;
  const { rows, columns, depth, batch } = sizes;
  const { a, b, transposes, bias, residual, activation, columnSums } = call;
  const tile = tileFor(tuning.workgroupTiles, rows * columns * depth * batch);
  const parts = partsOf(depth, workgroupTileDepth(tile), call.accumulate ?? 0);
  const kernel = (last: boolean) =>
    workgroupTileKernel({
      rows: tile.rows,
      columns: tile.columns,
      transposeA: transposes[0] === "T",
      transposeB: transposes[1] === "T",
      vector: columns % 4 === 0,
      ...(last && activation !== undefined ? { activation: activation.name } : {}),
    });
  const [unused, unusedToo, unusedThree] = tape.device.unused;
  const bindings = {
    a,
    b,
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
