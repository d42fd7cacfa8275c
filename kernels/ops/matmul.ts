/**
 * Matrix multiplication in the transpose combinations training needs, with bias and accumulation.
 *
 * Two kernels: a fast one whose operands are textures and whose invocations each hold a tile of the
 * result in registers, and a plain one for shapes that textures cannot hold.
 * @module
 */
import { requireShape } from "../errors.ts";
import { defineKernel, type Kernel, MAX_ITERATIONS, unroll } from "../kernel.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import type { Tuning } from "../tuning.ts";

/** op(A) op(B): N takes an operand as it is stored, T transposed. */
export type Transposes = "NN" | "NT" | "TN";

/** `out (M, N) = op(a) op(b) [+ bias (N)] [+ out]`, and the column sums of `b` where asked. */
export interface MatmulArguments {
  /** Which operand is taken transposed. */
  readonly transposes: Transposes;
  /** (M, K), or (K, M) under TN. */
  readonly a: Tensor;
  /** (K, N), or (N, K) under NT. */
  readonly b: Tensor;
  /** (M, N) */
  readonly out: Tensor;
  /** (N), added to every row. */
  readonly bias?: Tensor;
  /** 1: add to what `out` holds. Default 0. */
  readonly accumulate?: 0 | 1;
  /** (N), TN only: the sums of b's columns are added here (the derivative of a bias). */
  readonly columnSums?: Tensor;
}

const COMPONENTS = ["x", "y", "z", "w"] as const;

const parameters = {
  rows: "u32", // M
  columns: "u32", // N
  depth: "u32", // K
  accumulate: "u32",
  useBias: "u32",
  useSums: "u32",
} as const;

type FastKernel = Kernel<
  "a" | "b" | "bias" | "out" | "sums",
  keyof typeof parameters
>;

/** One step of the inner loop: loads a texel of every row and column, updates the tile. */
function innerLoop(
  transposes: Transposes,
  rows: number,
  columns: number,
): string {
  if (transposes === "TN") {
    return `for (var k = 0u; k < p.depth; k++) {
${
      unroll(columns, (c) =>
        `let b${c} = textureLoad(b, vec2u(column + ${c}u, k), 0); sum${c} += b${c};`)
    }
${
      unroll(rows / 4, (r) =>
        `let a${r} = textureLoad(a, vec2u(row / 4u + ${r}u, k), 0);\n` +
        unroll(4, (i) =>
          unroll(columns, (c) =>
            `tile${4 * r + i}_${c} = fma(vec4f(a${r}.${COMPONENTS[i]}), b${c}, tile${
              4 * r + i
            }_${c});`)))
    }
}`;
  }
  const loadB = transposes === "NN"
    ? (c: number, j: number) => `vec2u(column + ${c}u, 4u * k + ${j}u)`
    : (c: number, j: number) => `vec2u(k, 4u * (column + ${c}u) + ${j}u)`;
  const update = transposes === "NN"
    ? (r: number, c: number) =>
      unroll(
        4,
        (j) => `tile${r}_${c} = fma(vec4f(a${r}.${COMPONENTS[j]}), b${c}_${j}, tile${r}_${c});`,
      )
    : (r: number, c: number) =>
      `tile${r}_${c} += vec4f(${[0, 1, 2, 3].map((j) => `dot(a${r}, b${c}_${j})`).join(", ")});`;
  return `for (var k = 0u; k < p.depth / 4u; k++) {
${unroll(columns, (c) => unroll(4, (j) => `let b${c}_${j} = textureLoad(b, ${loadB(c, j)}, 0);`))}
${
    unroll(rows, (r) =>
      `let a${r} = textureLoad(a, vec2u(k, row + ${r}u), 0);\n` +
      unroll(columns, (c) => update(r, c)))
  }
}`;
}

function fastKernel(transposes: Transposes, tuning: Tuning): FastKernel {
  const { matmulRows: rows, matmulColumns: columns } = tuning;
  const store = (r: number) =>
    `if (row + ${r}u < p.rows) {
${
      unroll(columns, (c) =>
        `if (column + ${c}u < width) {
  let at = (row + ${r}u) * width + column + ${c}u;
  var value = tile${r}_${c} + offset${c};
  if (p.accumulate == 1u) { value += out[at]; }
  out[at] = value;
}`)
    }
}`;
  return defineKernel({
    label: `matmul ${transposes}`,
    bindings: {
      a: "texture",
      b: "texture",
      bias: "read vec4f",
      out: "write vec4f",
      sums: "write vec4f",
    },
    parameters,
    workgroupSize: tuning.matmulWorkgroup,
    body: `let width = p.columns / 4u;
let blocks = (width + ${columns - 1}u) / ${columns}u;
let column = (index % blocks) * ${columns}u;
let row = (index / blocks) * ${rows}u;
${unroll(columns, (c) => `var sum${c} = vec4f(); var offset${c} = vec4f();`)}
${unroll(rows, (r) => unroll(columns, (c) => `var tile${r}_${c} = vec4f();`))}
${innerLoop(transposes, rows, columns)}
if (p.useBias == 1u) {
${unroll(columns, (c) => `offset${c} = bias[min(column + ${c}u, width - 1u)];`)}
}
${unroll(rows, store)}
if (p.useSums == 1u && row == 0u) {
${unroll(columns, (c) => `if (column + ${c}u < width) { sums[column + ${c}u] += sum${c}; }`)}
}`,
  });
}

/** One element of the result per invocation, operands addressed by strides: any shape, any transpose. */
const plainKernel = defineKernel({
  label: "matmul, plain",
  bindings: {
    a: "read f32",
    b: "read f32",
    bias: "read f32",
    out: "write f32",
    sums: "write f32",
  },
  parameters: {
    ...parameters,
    aRow: "u32",
    aDepth: "u32",
    bDepth: "u32",
    bColumn: "u32",
  },
  workgroupSize: 64,
  body: `let row = index / p.columns;
let column = index % p.columns;
var total = 0.0;
var sum = 0.0;
for (var k = 0u; k < p.depth; k++) {
  let value = b[k * p.bDepth + column * p.bColumn];
  total = fma(a[row * p.aRow + k * p.aDepth], value, total);
  sum += value;
}
if (p.useBias == 1u) { total += bias[column]; }
if (p.accumulate == 1u) { total += out[index]; }
out[index] = total;
if (p.useSums == 1u && row == 0u) { sums[column] += sum; }`,
});

const fastKernels = new Map<string, FastKernel>();

function fastKernelFor(transposes: Transposes, tuning: Tuning): FastKernel {
  const key =
    `${transposes} ${tuning.matmulRows} ${tuning.matmulColumns} ${tuning.matmulWorkgroup}`;
  let kernel = fastKernels.get(key);
  if (kernel === undefined) {
    fastKernels.set(key, kernel = fastKernel(transposes, tuning));
  }
  return kernel;
}

function dimensionsOf(
  { transposes, a, b, out, bias, columnSums }: MatmulArguments,
): [number, number, number] {
  const [rows, depth] = transposes === "TN" ? [a.columns, a.rows] : [a.rows, a.columns];
  const [depthB, columns] = transposes === "NT" ? [b.columns, b.rows] : [b.rows, b.columns];
  requireShape(
    depth === depthB && out.rows === rows && out.columns === columns,
    `matmul ${transposes}: (${a.shape}) and (${b.shape}) do not give (${out.shape})`,
  );
  requireShape(
    depth <= MAX_ITERATIONS,
    `matmul ${transposes}: the inner extent ${depth} exceeds ${MAX_ITERATIONS}; use smaller batches`,
  );
  requireShape(
    bias === undefined || bias.size === columns,
    `matmul ${transposes}: bias (${bias?.shape}) needs ${columns} elements`,
  );
  requireShape(
    columnSums === undefined ||
      transposes === "TN" && columnSums.size === columns,
    `matmul ${transposes}: columnSums (${columnSums?.shape}) needs ${columns} elements, and TN`,
  );
  return [rows, columns, depth];
}

/** Computes a product; see {@linkcode MatmulArguments}. Throws a ShapeError where shapes do not fit. */
export function matmul(tape: Tape, call: MatmulArguments): void {
  const { transposes, a, b, out, bias, columnSums } = call;
  const { stream, tuning } = tape.device;
  const [rows, columns, depth] = dimensionsOf(call);
  tape.changed(out);
  // Absent operands still need a binding; a read-only and a written one must be different buffers.
  const unused = bias === undefined || columnSums === undefined ? tape.empty([4]) : undefined;
  const unusedToo = bias === undefined && columnSums === undefined ? tape.empty([4]) : unused;
  const numbers = {
    rows,
    columns,
    depth,
    accumulate: call.accumulate ?? 0,
    useBias: bias === undefined ? 0 : 1,
    useSums: columnSums === undefined ? 0 : 1,
  };
  const others = { bias: bias ?? unused!, out, sums: columnSums ?? unusedToo! };
  const imageA = columns % 4 === 0 ? tape.image(a) : undefined;
  const imageB = imageA === undefined ? undefined : tape.image(b);
  if (imageA !== undefined && imageB !== undefined) {
    const blocks = Math.ceil(columns / 4 / tuning.matmulColumns) *
      Math.ceil(rows / tuning.matmulRows);
    const kernel = fastKernelFor(transposes, tuning);
    stream.dispatch(
      kernel,
      { a: imageA, b: imageB, ...others },
      numbers,
      blocks,
    );
    return;
  }
  stream.dispatch(plainKernel, { a, b, ...others }, {
    ...numbers,
    aRow: transposes === "TN" ? 1 : a.columns,
    aDepth: transposes === "TN" ? a.columns : 1,
    bDepth: transposes === "NT" ? 1 : b.columns,
    bColumn: transposes === "NT" ? b.columns : 1,
  }, rows * columns);
}
