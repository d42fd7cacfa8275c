/**
 * The matmul kernel of software adapters: operands are textures, and each invocation holds a tile of
 * the result in registers. There a texture load costs some forty multiply-adds and half as much as
 * a load from a buffer, and a workgroup of eight is one SIMD vector; so the larger the tile the
 * better, until compiling it takes too long.
 *
 * An operand's texel holds neighbours of one stored row: four f32, eight f16 in pairs, or sixteen
 * int8. Whether those neighbours lie along the depth K or across it decides how a texel feeds the tile.
 *
 * The kernel stores the product, its scales and its bias, and no more: stores are unrolled a hundred
 * times, and a branch that adds to what is there made compiling them three times as long (ten
 * seconds). Adding is a pass of its own.
 * @module
 */
import { placeDeclaration } from "../../images.ts";
import { defineKernel, type Kernel, MAX_ITERATIONS, unroll } from "../../kernel.ts";
import { readFour, writeFour } from "./epilogue.ts";

/** How an operand lies in its texture. */
export interface Operand {
  /** Elements of a texel. */
  readonly type: "f32" | "f16" | "i8";
  /** Whether a texel's elements follow the depth K. */
  readonly alongDepth: boolean;
}

/** What a register-tile kernel is made for. */
export interface RegisterTile {
  /** Left operand. */
  readonly a: Operand;
  /** Right operand. */
  readonly b: Operand;
  /** Rows of the tile; a multiple of 8 where `a` lies across the depth. */
  readonly rows: number;
  /** vec4 columns of the tile: a multiple of 2 where `b` is f16 across the depth, of 4 where it is i8. */
  readonly columns: number;
  /** Invocations per workgroup. */
  readonly workgroup: number;
  /** Whether N is a multiple of 4. */
  readonly vector: boolean;
}

/** Numbers the kernel is given. */
export const registerTileParameters = {
  rows: "u32", // M
  columns: "u32", // N
  useBias: "u32",
  useScales: "u32",
  useSums: "u32",
  depthStart: "u32", // first k; a multiple of the step
  depthEnd: "u32",
  rowsA: "u32", // rows of a's texture that one matrix of the batch takes
  rowsB: "u32",
  panelA: "u32", // texels of a row, where the texture holds several panels of rows
  panelB: "u32",
} as const;

/** The kernel of a register tile. */
export type RegisterTileKernel = Kernel<
  "a" | "b" | "bias" | "scales" | "out" | "sums",
  keyof typeof registerTileParameters
>;

const LANES = "xyzw";

function elementsOf(operand: Operand): number {
  return { f32: 4, f16: 8, i8: 16 }[operand.type];
}

/**
 * Depth one turn of the loop covers: a whole texel of any operand that lies along it. Even where none
 * does, a turn that covers more costs less: at its end the adapter masks every register of the tile.
 */
function stepOf(tile: RegisterTile): number {
  const along = [tile.a, tile.b].filter(({ alongDepth }) => alongDepth);
  return along.reduce((most, operand) => Math.max(most, elementsOf(operand)), 4);
}

/** Whether nothing pads the last turn's products with zeros. */
function endsRagged(tile: RegisterTile): boolean {
  return !tile.a.alongDepth && !tile.b.alongDepth;
}

/** Declares `NAME_0` … as the vec4s of the texel at (x, y) of a matrix: one of f32, two of f16, four of int8. */
function load(name: string, operand: Operand, side: "a" | "b", x: string, y: string): string {
  const at = `place(${x}, ${y}, p.panel${side.toUpperCase()})`;
  if (operand.type === "f32") return `let ${name}_0 = textureLoad(${side}, ${at}, 0);`;
  if (operand.type === "i8") {
    // As whole numbers over 127: the scales of a quantised matrix are meant for these.
    return `let ${name} = textureLoad(${side}, ${at}, 0);
${unroll(4, (i) => `let ${name}_${i} = unpack4x8snorm(${name}.${LANES[i]});`)}`;
  }
  return `let ${name} = textureLoad(${side}, ${at}, 0);
let ${name}_0 = vec4f(unpack2x16float(${name}.x), unpack2x16float(${name}.y));
let ${name}_1 = vec4f(unpack2x16float(${name}.z), unpack2x16float(${name}.w));`;
}

/** Loads what the columns of the tile need for one step. */
function loadRight(tile: RegisterTile, step: number): string {
  const { b, columns } = tile;
  const width = elementsOf(b);
  if (b.alongDepth) {
    return unroll(
      4 * columns,
      (c) =>
        unroll(
          step / width,
          (t) => load(`b${c}_${t}`, b, "b", `k / ${width}u + ${t}u`, `firstB + column + ${c}u`),
        ),
    );
  }
  return unroll(
    step,
    (j) =>
      unroll(
        4 * columns / width,
        (c) =>
          load(`b${c}_${j}`, b, "b", `column / ${width}u + ${c}u`, `firstB + min(k + ${j}u, last)`),
      ),
  );
}

/** The vec4 of columns 4c … 4c + 3 at depth k + j. */
function right(tile: RegisterTile, c: number, j: number): string {
  const { b } = tile;
  const width = elementsOf(b);
  if (!b.alongDepth) {
    const first = 4 * c;
    return `b${Math.floor(first / width)}_${j}_${first % width / 4}`;
  }
  const lanes = [0, 1, 2, 3].map((i) =>
    `b${4 * c + i}_${Math.floor(j / width)}_${Math.floor(j % width / 4)}.${LANES[j % 4]}`
  );
  return `vec4f(${lanes.join(", ")})`;
}

/** Loads row after row, or eight rows at a depth, and updates the tile. */
function update(tile: RegisterTile, step: number): string {
  const { a, rows, columns } = tile;
  const width = elementsOf(a);
  const add = (r: number, j: number, left: string) =>
    unroll(columns, (c) => `t${r}_${c} = fma(vec4f(${left}), r${c}_${j}, t${r}_${c});`);
  if (a.alongDepth) {
    return unroll(
      rows,
      (r) =>
        unroll(
          step / width,
          (t) => load(`a${r}_${t}`, a, "a", `k / ${width}u + ${t}u`, `firstA + row + ${r}u`),
        ) +
        "\n" +
        unroll(columns, (c) =>
          unroll(step, (j) => {
            const left = `a${r}_${Math.floor(j / width)}_${Math.floor(j % width / 4)}.${
              LANES[j % 4]
            }`;
            return `t${r}_${c} = fma(vec4f(${left}), r${c}_${j}, t${r}_${c});`;
          })),
    );
  }
  return unroll(
    step,
    (j) =>
      unroll(
        rows / width,
        (t) =>
          load(`a${t}_${j}`, a, "a", `row / ${width}u + ${t}u`, `firstA + min(k + ${j}u, last)`) +
          "\n" +
          unroll(width, (i) =>
            add(width * t + i, j, `a${t}_${j}_${Math.floor(i / 4)}.${LANES[i % 4]}`)),
      ),
  );
}

function bodyOf(tile: RegisterTile): string {
  const { rows, columns } = tile;
  const step = stepOf(tile);
  return `let blocks = (p.columns + ${4 * columns - 1}u) / ${4 * columns}u;
let bands = (p.rows + ${rows - 1}u) / ${rows}u;
let batch = index / (blocks * bands);
let column = (index % blocks) * ${4 * columns}u;
let row = (index / blocks % bands) * ${rows}u;
let firstA = batch * p.rowsA;
// Behind the end of the depth one factor is zero; the other must be finite there.
let last = p.depthEnd - 1u;
let firstB = batch * p.rowsB;
${unroll(columns, (c) => `var sum${c} = vec4f();`)}
${unroll(rows, (r) => unroll(columns, (c) => `var t${r}_${c} = vec4f();`))}
for (var k = p.depthStart; k < p.depthEnd; k += ${step}u) {
${loadRight(tile, step)}
${
    unroll(columns, (c) =>
      unroll(step, (j) => {
        const value = right(tile, c, j);
        return `let r${c}_${j} = ${
          endsRagged(tile) ? `select(vec4f(), ${value}, k + ${j}u <= last)` : value
        };`;
      }))
  }
${unroll(columns, (c) => unroll(step, (j) => `sum${c} += r${c}_${j};`))}
${update(tile, step)}
}
${
    unroll(columns, (c) =>
      `let bias${c} = biasAt(column + ${4 * c}u); let scale${c} = scaleAt(column + ${4 * c}u);`)
  }
${
    unroll(rows, (r) =>
      `if (row + ${r}u < p.rows) {
let at = (batch * p.rows + row + ${r}u) * p.columns + column;
${unroll(columns, (c) => storeFour(tile.vector, c, `t${r}_${c} * scale${c} + bias${c}`))}
}`)
  }
if (p.useSums == 1u && row == 0u) {
${unroll(columns, (c) => `storeSums(column + ${4 * c}u, sum${c});`)}
}`;
}

function storeFour(vector: boolean, c: number, product: string): string {
  const at = `at + ${4 * c}u`;
  return `if (column + ${4 * c}u < p.columns) {
  let count = min(4u, p.columns - column - ${4 * c}u);
  let value = ${product};
  ${writeFour(vector, "out", at)}
}`;
}

function storeDeclarations(vector: boolean): string {
  return `fn biasAt(column: u32) -> vec4f {
  if (p.useBias == 0u || column >= p.columns) { return vec4f(); }
  let count = min(4u, p.columns - column);
  return ${readFour(vector, "bias", "column")};
}
fn scaleAt(column: u32) -> vec4f {
  if (p.useScales == 0u || column >= p.columns) { return vec4f(1.0); }
  let count = min(4u, p.columns - column);
  return ${readFour(vector, "scales", "column")};
}
fn storeSums(column: u32, sum: vec4f) {
  if (column >= p.columns) { return; }
  let count = min(4u, p.columns - column);
  let value = sum + ${readFour(vector, "sums", "column")};
  ${writeFour(vector, "sums", "column")}
}`;
}

function kernelOf(tile: RegisterTile): RegisterTileKernel {
  const type = tile.vector ? "float4" : "float";
  const texture = (operand: Operand) => operand.type === "f32" ? "texture" : "texture of u32";
  const layout = `${tile.a.alongDepth ? "N" : "T"}${tile.b.alongDepth ? "T" : "N"}`;
  return defineKernel({
    label: `matmul ${layout}, ${tile.rows}x${4 * tile.columns} in registers`,
    bindings: {
      a: texture(tile.a),
      b: texture(tile.b),
      bias: `read ${type}`, // (N)
      scales: `read ${type}`, // (N): factors of the product's columns
      out: `write ${type}`, // (M, N)
      sums: `write ${type}`, // (N)
    },
    parameters: registerTileParameters,
    workgroupSize: tile.workgroup,
    declarations: `${placeDeclaration}
${storeDeclarations(tile.vector)}`,
    body: bodyOf(tile),
  });
}

const known = new Map<string, RegisterTileKernel>();

/**
 * The part of a tile that is compiled in reasonable time: the more depth a turn of the loop covers,
 * the fewer rows are needed to make as much of a texel.
 */
export function compilableTile(tile: RegisterTile): RegisterTile {
  const step = stepOf(tile);
  const most = step > 4 ? Math.max(8, tile.rows * 4 / step) : tile.rows;
  // Across the depth a texel of `a` holds several rows.
  const least = tile.a.alongDepth ? 1 : elementsOf(tile.a);
  const rows = Math.max(least, Math.min(most, tile.rows));
  return { ...tile, rows, columns: tile.b.type === "i8" ? 4 : tile.columns };
}

/** The kernel of a tile, made once. */
export function registerTileKernel(tile: RegisterTile): RegisterTileKernel {
  const key = JSON.stringify(tile);
  let kernel = known.get(key);
  if (kernel === undefined) known.set(key, kernel = kernelOf(tile));
  return kernel;
}

/** Invocations that cover a result of `batch` (M, N). */
export function registerTileInvocations(
  tile: Pick<RegisterTile, "rows" | "columns">,
  rows: number,
  columns: number,
  batch: number,
): number {
  return batch * Math.ceil(rows / tile.rows) * Math.ceil(columns / 4 / tile.columns);
}

/** Depth one call may cover: a turn of the loop takes four k at least, and parts start at whole texels. */
export const registerTileDepth = 32 * Math.floor(MAX_ITERATIONS / 8);
