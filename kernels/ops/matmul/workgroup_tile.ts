/**
 * The matmul kernel of hardware GPUs, and of operands that no texture can hold: a workgroup of
 * 16 × 16 invocations copies a slab of both operands into workgroup memory, neighbours reading
 * neighbouring elements, and each invocation multiplies its part of the tile from there.
 * @module
 */
import type { ActivationName } from "../../activations.ts";
import { defineKernel, type Kernel, MAX_ITERATIONS, unroll } from "../../kernel.ts";
import {
  type EpilogueBinding,
  epilogueBindings,
  epilogueDeclarations,
  epilogueParameters,
} from "./epilogue.ts";

/** What a workgroup-tile kernel is made for. */
export interface WorkgroupTile {
  /** Rows of the result one invocation computes; the workgroup's tile has 16 times as many. */
  readonly rows: number;
  /** vec4 columns of the result one invocation computes; the tile has 64 times as many columns. */
  readonly columns: number;
  /** Whether `a` is (K, M) rather than (M, K): which index neighbours share. */
  readonly transposeA: boolean;
  /** Whether `b` is (N, K) rather than (K, N). */
  readonly transposeB: boolean;
  /** Whether `b` holds int8, four in a word. */
  readonly quantized: boolean;
  /** Whether N is a multiple of 4. */
  readonly vector: boolean;
  /** Applied to the result. */
  readonly activation?: ActivationName;
}

const SIDE = 16;
const GROUP = SIDE * SIDE;
/** Depth of one slab. */
const DEPTH = 16;

/** Numbers the kernel is given. */
export const workgroupTileParameters = {
  ...epilogueParameters,
  depthStart: "u32",
  depthEnd: "u32",
  sizeA: "u32", // elements of one matrix of the batch
  sizeB: "u32",
  strideA: "u32", // columns of a as stored
  strideB: "u32",
} as const;

/** The kernel of a workgroup tile. */
export type WorkgroupTileKernel = Kernel<
  "a" | "b" | EpilogueBinding,
  keyof typeof workgroupTileParameters
>;

/** Copies a slab of an operand to `NAMESlab[k][across]`; what lies beyond its edges is zero. */
function fill(
  side: "a" | "b",
  across: number,
  transposed: boolean,
  quantized = false,
): string {
  // Neighbouring invocations take neighbouring elements of a stored row.
  const depthFirst = side === "a" ? !transposed : transposed;
  const [start, end] = side === "a" ? ["row", "p.rows"] : ["column", "p.columns"];
  const stride = side === "a" ? "p.strideA" : "p.strideB";
  const places = depthFirst
    ? `let k = e % ${DEPTH}u; let m = e / ${DEPTH}u;`
    : `let k = e / ${across}u; let m = e % ${across}u;`;
  const at = depthFirst
    ? `(${start} + m) * ${stride} + depth + k`
    : `(depth + k) * ${stride} + ${start} + m`;
  const value = quantized
    ? `let at = first_${side} + ${at}; value = unpack4x8snorm(${side}[at / 4u])[at % 4u];`
    : `value = f32(${side}[first_${side} + ${at}]);`;
  return `for (var e = local; e < ${DEPTH * across}u; e += ${GROUP}u) {
  ${places}
  var value = 0.0;
  if (${start} + m < ${end} && depth + k < p.depthEnd) { ${value} }
  ${side}Slab[k * ${across}u + m] = value;
}`;
}

function bodyOf(tile: WorkgroupTile): string {
  const [height, width] = [SIDE * tile.rows, 4 * SIDE * tile.columns];
  const { rows, columns } = tile;
  return `let blocks = (p.columns + ${width - 1}u) / ${width}u;
let bands = (p.rows + ${height - 1}u) / ${height}u;
let batch = group / (blocks * bands);
let column = (group % blocks) * ${width}u;
let row = (group / blocks % bands) * ${height}u;
let first_a = batch * p.sizeA;
let first_b = batch * p.sizeB;
let x = 4u * (local % ${SIDE}u);
let y = ${rows}u * (local / ${SIDE}u);
${unroll(columns, (c) => `var sum${c} = vec4f();`)}
${unroll(rows, (r) => unroll(columns, (c) => `var t${r}_${c} = vec4f();`))}
for (var depth = p.depthStart; depth < p.depthEnd; depth += ${DEPTH}u) {
  ${fill("a", height, tile.transposeA)}
  ${fill("b", width, tile.transposeB, tile.quantized)}
  workgroupBarrier();
  for (var k = 0u; k < ${DEPTH}u; k++) {
    let at = k * ${width}u + x;
    ${
    unroll(columns, (c) =>
      `let b${c} = vec4f(${
        [0, 1, 2, 3].map((i) =>
          `bSlab[at + ${4 * SIDE * c + i}u]`
        ).join(", ")
      }); sum${c} += b${c};`)
  }
    ${
    unroll(rows, (r) =>
      `let a${r} = vec4f(aSlab[k * ${height}u + y + ${r}u]);\n` +
      unroll(columns, (c) => `t${r}_${c} = fma(a${r}, b${c}, t${r}_${c});`))
  }
  }
  workgroupBarrier();
}
${
    unroll(rows, (r) =>
      unroll(
        columns,
        (c) => `store(batch, row + y + ${r}u, column + x + ${4 * SIDE * c}u, t${r}_${c});`,
      ))
  }
if (p.useSums == 1u && row == 0u && y == 0u) {
${unroll(columns, (c) => `storeSums(column + x + ${4 * SIDE * c}u, sum${c});`)}
}`;
}

function kernelOf(tile: WorkgroupTile): WorkgroupTileKernel {
  const [height, width] = [SIDE * tile.rows, 4 * SIDE * tile.columns];
  const layout = `${tile.transposeA ? "T" : "N"}${tile.transposeB ? "T" : "N"}`;
  return defineKernel({
    label: `matmul ${layout}, ${height}x${width} in a workgroup`,
    bindings: {
      a: "read float",
      b: tile.quantized ? "read u32" : "read float",
      ...epilogueBindings(tile.vector),
    },
    parameters: workgroupTileParameters,
    workgroupSize: GROUP,
    cooperative: true,
    declarations: `var<workgroup> aSlab: array<f32, ${DEPTH * height}>;
var<workgroup> bSlab: array<f32, ${DEPTH * width}>;
${epilogueDeclarations(tile.vector, tile.activation)}`,
    body: bodyOf(tile),
  });
}

const known = new Map<string, WorkgroupTileKernel>();

/** The kernel of a tile, made once. */
export function workgroupTileKernel(tile: WorkgroupTile): WorkgroupTileKernel {
  const key = JSON.stringify(tile);
  let kernel = known.get(key);
  if (kernel === undefined) known.set(key, kernel = kernelOf(tile));
  return kernel;
}

/** Invocations that cover a result of `batch` (M, N). */
export function workgroupTileInvocations(
  tile: Pick<WorkgroupTile, "rows" | "columns">,
  rows: number,
  columns: number,
  batch: number,
): number {
  return batch * GROUP * Math.ceil(rows / (SIDE * tile.rows)) *
    Math.ceil(columns / (4 * SIDE * tile.columns));
}

/**
 * Depth one call may cover: an invocation's loops take a turn for every slab, for each of its
 * elements of the slabs, and for each k.
 */
export function workgroupTileDepth(tile: Pick<WorkgroupTile, "rows" | "columns">): number {
  const perSlab = 1 + (tile.rows + 1) + (4 * tile.columns + 1) + (DEPTH + 1);
  return DEPTH * Math.floor((MAX_ITERATIONS - 1) / perSlab);
}
