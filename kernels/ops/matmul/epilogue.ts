/**
 * What the workgroup-tile kernel does with finished elements of the product: scale, bias, residual,
 * activation, accumulation, storage. (The register-tile kernel adds no more than
 * it must: its many stores are unrolled, and each line of theirs is compiled a hundred times over.)
 * @module
 */
import { type ActivationName, activationWgsl } from "../../activations.ts";
import { type Binding, unroll } from "../../kernel.ts";

/** Numbers of the epilogue. */
export const epilogueParameters = {
  rows: "u32", // M
  columns: "u32", // N
  accumulate: "u32", // 1: add to what `out` holds
  useBias: "u32",
  useScales: "u32",
  useResidual: "u32",
  useSums: "u32",
} as const;

/** Names of the epilogue's bindings. */
export type EpilogueBinding = "bias" | "scales" | "residual" | "before" | "out" | "sums";

/** Tensors by whole vec4s where N is a multiple of 4, else element by element. */
export function epilogueBindings(vector: boolean): Readonly<Record<EpilogueBinding, Binding>> {
  const type = vector ? "float4" : "float";
  return {
    bias: `read ${type}`, // (N)
    scales: `read ${type}`, // (N): factors of the product's columns
    residual: `read ${type}`, // (M, N)
    before: `write ${type}`, // (M, N): what enters the activation
    out: `write ${type}`, // (M, N)
    sums: `write ${type}`, // (N)
  };
}

/**
 * Declares `store(batch, row, column, product)` for four neighbours in a row, and
 * `storeSums(column, sum)`. What lies beyond the result's edges is dropped.
 */
export function epilogueDeclarations(vector: boolean, activation?: ActivationName): string {
  const read = (name: string, at: string) => readFour(vector, name, at);
  const write = (name: string, at: string) => writeFour(vector, name, at);
  const activate = activation === undefined
    ? ""
    : `${write("before", "at")} value = ${activation}(value);`;
  return `${activation === undefined ? "" : activationWgsl([activation])}
fn store(batch: u32, row: u32, column: u32, product: vec4f) {
  if (row >= p.rows || column >= p.columns) { return; }
  let at = (batch * p.rows + row) * p.columns + column;
  let count = min(4u, p.columns - column);
  var value = product;
  if (p.useScales == 1u) { value *= ${read("scales", "column")}; }
  if (p.useBias == 1u) { value += ${read("bias", "column")}; }
  if (p.useResidual == 1u) { value += ${read("residual", "at")}; }
  if (p.accumulate == 1u) { value += ${read("out", "at")}; }
  ${activate}
  ${write("out", "at")}
}
fn storeSums(column: u32, sum: vec4f) {
  if (column >= p.columns) { return; }
  let count = min(4u, p.columns - column);
  let value = sum + ${read("sums", "column")};
  ${write("sums", "column")}
}`;
}

/** Four neighbours as a vec4f; `count` of them exist, and the last one is read for those that do not. */
export function readFour(vector: boolean, name: string, at: string): string {
  if (vector) return `vec4f(${name}[(${at}) / 4u])`;
  const lanes = [0, 1, 2, 3].map((i) => `f32(${name}[${at} + min(${i}u, count - 1u)])`);
  return `vec4f(${lanes.join(", ")})`;
}

/** Stores the first `count` elements of `value`. */
export function writeFour(vector: boolean, name: string, at: string): string {
  if (vector) return `${name}[(${at}) / 4u] = ${name}_t(value);`;
  return unroll(
    4,
    (i) => `if (${i}u < count) { ${name}[${at} + ${i}u] = ${name}_t(value[${i}]); }`,
  );
}
