/**
 * The backward kernels of attention: weights are computed again from the scores and the softmax's
 * denominator (Dao et al. 2022), so that the T × T matrix is never held. One kernel goes over blocks
 * of queries, the other over blocks of keys; neither adds to what another invocation writes.
 * @module
 */
import { defineKernel, type Kernel, unroll } from "../../kernel.ts";
import {
  attentionDeclarations,
  attentionParameters,
  type AttentionShape,
  whichOf,
} from "./forward.ts";
import { bindingOf, type Source } from "../source.ts";
import { loadVectors } from "./source.ts";

/** Numbers the backward kernels are given. */
export const backwardParameters = {
  ...attentionParameters,
  dyWidth: "u32",
  accumulate: "u32",
} as const;

/** A backward kernel's shape: also how the result's derivative is read. */
export interface BackwardShape extends AttentionShape {
  /** How `dy` is read. */
  readonly sourceDy: Source;
}

function storeGradients(width: number, name: string, start: string, row: string): string {
  return `{ let at = (${row}) * (p.heads + 2u * p.keyValueHeads) * WIDTH + ${start};
if (p.accumulate == 1u) {
${unroll(width, (w) => `dqkv[at + ${w}u] = dqkv_t(${name}_${w} + vec4f(dqkv[at + ${w}u]));`)}
} else {
${unroll(width, (w) => `dqkv[at + ${w}u] = dqkv_t(${name}_${w});`)}
} }`;
}

/** Derivatives by the queries; leaves Σ dy · y beside the denominators. */
export function queryKernel(
  shape: BackwardShape,
): Kernel<
  "qkv" | "blocks" | "y" | "dy" | "statistics" | "dqkv",
  keyof typeof backwardParameters
> {
  const { width, block, source, sourceDy, workgroup } = shape;
  const [qkv, dy] = [{ name: "qkv", source }, { name: "dy", source: sourceDy }];
  const queries = (line: (i: number) => string) => unroll(block, line);
  return defineKernel({
    label: "attention backward, queries",
    bindings: {
      qkv: bindingOf(source),
      blocks: "read vec4u",
      y: "read float4", // (queries, heads · headDim)
      dy: bindingOf(sourceDy),
      statistics: "write vec4f", // (queries, heads): log2 of the denominator, Σ dy · y, 0, 0
      dqkv: "write float4",
    },
    parameters: backwardParameters,
    workgroupSize: workgroup,
    declarations: attentionDeclarations(shape),
    body: `${whichOf(shape, "heads")}
let block = blockAt(number);
let other = head / (p.heads / p.keyValueHeads);
let keyStart = (p.heads + other) * WIDTH;
let valueStart = (p.heads + p.keyValueHeads + other) * WIDTH;
let before = block.prefixEnd - block.prefix + block.row - block.first;
${
      queries((i) =>
        `let inside${i} = min(${i}u, block.count - 1u);
let query${i} = block.query + inside${i};
${
          loadVectors(
            qkv,
            `raw${i}_`,
            { row: `block.row + inside${i}`, start: "head * WIDTH" },
            0,
            width,
          )
        }
${loadVectors(dy, `d${i}_`, { row: `query${i}`, start: "head * WIDTH" }, 0, width)}
${
          unroll(
            width,
            (w) => `let q${i}_${w} = raw${i}_${w} * (p.scale * LOG2E); var g${i}_${w} = vec4f();`,
          )
        }
let delta${i} = ${
          Array.from(
            { length: width },
            (_, w) => `dot(d${i}_${w}, vec4f(y[(query${i} * p.heads + head) * WIDTH + ${w}u]))`,
          ).join(" + ")
        };
let logSum${i} = statistics[query${i} * p.statisticsWidth + head].x;`
      )
    }
for (var key = 0u; key < before + block.count; key++) {
  let row = keyRow(block, key);
  ${loadVectors(qkv, "k", { row: "row", start: "keyStart" }, 0, width)}
  ${loadVectors(qkv, "v", { row: "row", start: "valueStart" }, 0, width)}
  ${
      queries((i) =>
        `let score${i} = ${sumOfDots(width, `q${i}_`, "k")};
  let slope${i} = select(0.0, exp2(score${i} - logSum${i}), key <= before + ${i}u) *
    (${sumOfDots(width, `d${i}_`, "v")} - delta${i}) * p.scale;
  ${unroll(width, (w) => `g${i}_${w} += slope${i} * k${w};`)}`
      )
    }
}
${
      queries((i) =>
        `if (${i}u < block.count) {
  statistics[query${i} * p.statisticsWidth + head] = vec4f(logSum${i}, delta${i}, 0.0, 0.0);
  ${storeGradients(width, `g${i}`, "head * WIDTH", `block.row + ${i}u`)}
}`
      )
    }`,
  });
}

/** Derivatives by keys and values. Needs every row to be a query, numbered by its row. */
export function keyKernel(
  shape: BackwardShape & { readonly sourceStatistics: Source },
): Kernel<
  "qkv" | "blocks" | "dy" | "statistics" | "dqkv",
  keyof typeof backwardParameters
> {
  const { width, block, source, sourceDy, sourceStatistics, workgroup } = shape;
  const [qkv, dy] = [{ name: "qkv", source }, { name: "dy", source: sourceDy }];
  const statistics = { name: "statistics", source: sourceStatistics };
  const keys = (line: (i: number) => string) => unroll(block, line);
  const row = { row: "query" };
  return defineKernel({
    label: "attention backward, keys and values",
    bindings: {
      qkv: bindingOf(source),
      blocks: "read vec4u",
      dy: bindingOf(sourceDy),
      statistics: bindingOf(sourceStatistics),
      dqkv: "write float4",
    },
    parameters: backwardParameters,
    workgroupSize: workgroup,
    declarations: attentionDeclarations(shape),
    body: `${whichOf(shape, "keyValueHeads")}
let block = blockAt(number);
let group = p.heads / p.keyValueHeads;
let keyStart = (p.heads + head) * WIDTH;
let valueStart = (p.heads + p.keyValueHeads + head) * WIDTH;
${
      keys((i) =>
        `let keyRow${i} = block.row + min(${i}u, block.count - 1u);
${loadVectors(qkv, `raw${i}_`, { row: `keyRow${i}`, start: "keyStart" }, 0, width)}
${loadVectors(qkv, `v${i}_`, { row: `keyRow${i}`, start: "valueStart" }, 0, width)}
${
          unroll(
            width,
            (w) =>
              `let k${i}_${w} = raw${i}_${w} * (p.scale * LOG2E); var dk${i}_${w} = vec4f(); var dv${i}_${w} = vec4f();`,
          )
        }`
      )
    }
for (var queryHead = head * group; queryHead < (head + 1u) * group; queryHead++) {
  for (var query = block.row; query < block.end; query++) {
    ${loadVectors(qkv, "q", { ...row, start: "queryHead * WIDTH" }, 0, width)}
    ${loadVectors(dy, "d", { ...row, start: "queryHead * WIDTH" }, 0, width)}
    ${loadVectors(statistics, "known", { ...row, start: "queryHead" }, 0, 1)}
    ${
      keys((i) =>
        `let score${i} = ${sumOfDots(width, `k${i}_`, "q")};
    let weight${i} = select(0.0, exp2(score${i} - known0.x), query >= block.row + ${i}u);
    let slope${i} = weight${i} * (${sumOfDots(width, `v${i}_`, "d")} - known0.y) * p.scale;
    ${
          unroll(
            width,
            (w) => `dk${i}_${w} += slope${i} * q${w}; dv${i}_${w} += weight${i} * d${w};`,
          )
        }`
      )
    }
  }
}
${
      keys((i) =>
        `if (${i}u < block.count) {
  ${storeGradients(width, `dk${i}`, "keyStart", `block.row + ${i}u`)}
  ${storeGradients(width, `dv${i}`, "valueStart", `block.row + ${i}u`)}
}`
      )
    }`,
  });
}

function sumOfDots(width: number, a: string, b: string): string {
  return Array.from({ length: width }, (_, w) => `dot(${a}${w}, ${b}${w})`).join(" + ");
}
