/**
 * The forward kernel of attention: each invocation takes a block of neighbouring queries of one head,
 * and four keys at a time, so that a row of keys or values once read serves the whole block.
 *
 * The softmax is online (Milakov & Gimelshein 2018), in powers of two: scores are scaled by log2(e).
 * @module
 */
import { placeDeclaration } from "../../images.ts";
import { defineKernel, type Kernel, unroll } from "../../kernel.ts";
import { bindingOf, type Source } from "../source.ts";
import { loadVectors } from "./source.ts";

/** What attention kernels are made for. */
export interface AttentionShape {
  /** headDim / 4 */
  readonly width: number;
  /** Queries (or keys) of a block. */
  readonly block: number;
  /** How query, key and value are read. */
  readonly source: Source;
  /** Neighbouring invocations: heads of one block, or blocks of one head. */
  readonly neighbours: "heads" | "blocks";
  /** Invocations per workgroup. */
  readonly workgroup: number;
}

/** Numbers all attention kernels are given. */
export const attentionParameters = {
  heads: "u32",
  keyValueHeads: "u32",
  scale: "f32", // 1 / √headDim
  blocks: "u32", // number of blocks
  qkvWidth: "u32",
  statisticsWidth: "u32", // vec4s (texels) of a row
} as const;

/** Declarations all attention kernels share. */
export function attentionDeclarations({ width }: AttentionShape): string {
  return `const WIDTH = ${width}u;
const LOG2E = 1.4426950408889634;
const LOWEST = -3.0e38;
${placeDeclaration}
struct Block { row: u32, count: u32, first: u32, end: u32, prefix: u32, prefixEnd: u32, query: u32 }
fn blockAt(i: u32) -> Block {
  let a = blocks[2u * i];
  let b = blocks[2u * i + 1u];
  return Block(a.x, a.y, a.z, a.w, b.x, b.y, b.z);
}
fn keyRow(block: Block, key: u32) -> u32 {
  let prefix = block.prefixEnd - block.prefix;
  return select(block.first + key - prefix, block.prefix + key, key < prefix);
}`;
}

/** Which head and block an invocation has; `heads` is the parameter that counts them. */
export function whichOf({ neighbours }: AttentionShape, heads: "heads" | "keyValueHeads"): string {
  return neighbours === "heads"
    ? `let head = index % p.${heads};
let number = index / p.${heads};`
    : `let head = index / p.blocks;
let number = index % p.blocks;`;
}

/** The kernel; see the module's header. */
export function forwardKernel(
  shape: AttentionShape,
): Kernel<"qkv" | "blocks" | "y" | "statistics", keyof typeof attentionParameters> {
  const { width, block, source, workgroup } = shape;
  const qkv = { name: "qkv", source };
  const queries = (line: (i: number) => string) => unroll(block, line);
  const step = source === "halves" ? 2 : 1;
  /** Loads vec4s of four key rows, a texel at a time, and uses each at once. */
  const overKeys = (name: string, start: string, use: (w: number) => string) =>
    unroll(
      width / step,
      (t) =>
        unroll(4, (j) =>
          loadVectors(qkv, `${name}${j}_`, { row: `row${j}`, start }, step * t, step * (t + 1))) +
        "\n" + unroll(step, (s) =>
          use(step * t + s)),
    );
  return defineKernel({
    label: "attention",
    bindings: {
      qkv: bindingOf(source), // (rows, (heads + 2 · keyValueHeads) · headDim)
      blocks: "read vec4u", // (blocks, 2)
      y: "write float4", // (queries, heads · headDim)
      statistics: "write vec4f", // (queries, heads): log2 of the softmax's denominator, 0, 0, 0
    },
    parameters: attentionParameters,
    workgroupSize: workgroup,
    declarations: attentionDeclarations(shape),
    body: `${whichOf(shape, "heads")}
let block = blockAt(number);
let other = head / (p.heads / p.keyValueHeads);
let keyStart = (p.heads + other) * WIDTH;
let valueStart = (p.heads + p.keyValueHeads + other) * WIDTH;
let before = block.prefixEnd - block.prefix + block.row - block.first;
let keys = before + block.count;
${
      queries((i) =>
        `let queryRow${i} = block.row + min(${i}u, block.count - 1u);\n` +
        loadVectors(
          qkv,
          `raw${i}_`,
          { row: `queryRow${i}`, start: "head * WIDTH" },
          0,
          width,
        ) + "\n" +
        unroll(
          width,
          (w) => `let q${i}_${w} = raw${i}_${w} * (p.scale * LOG2E); var o${i}_${w} = vec4f();`,
        ) +
        `\nvar highest${i} = LOWEST; var total${i} = 0.0;`
      )
    }
for (var key = 0u; key < keys; key += 4u) {
  ${unroll(4, (j) => `let row${j} = keyRow(block, min(key + ${j}u, keys - 1u));`)}
  ${queries((i) => `var s${i} = vec4f();`)}
  ${
      overKeys("k", "keyStart", (w) =>
        queries((i) =>
          `s${i} += vec4f(${
            [0, 1, 2, 3].map((j) => `dot(q${i}_${w}, k${j}_${w})`).join(", ")
          });`
        ))
    }
  let numbers = vec4u(key, key + 1u, key + 2u, key + 3u);
  ${
      queries((i) =>
        `s${i} = select(vec4f(LOWEST), s${i}, numbers <= vec4u(before + ${i}u));
  let top${i} = max(highest${i}, max(max(s${i}.x, s${i}.y), max(s${i}.z, s${i}.w)));
  let shrink${i} = exp2(highest${i} - top${i});
  let w${i} = exp2(s${i} - top${i});
  total${i} = total${i} * shrink${i} + dot(w${i}, vec4f(1.0));
  highest${i} = top${i};`
      )
    }
  ${
      overKeys("v", "valueStart", (w) =>
        queries((i) =>
          `o${i}_${w} = o${i}_${w} * shrink${i} + w${i}.x * v0_${w} + w${i}.y * v1_${w} + ` +
          `w${i}.z * v2_${w} + w${i}.w * v3_${w};`
        ))
    }
}
${
      queries((i) =>
        `if (${i}u < block.count) {
  let at = ((block.query + ${i}u) * p.heads + head) * WIDTH;
${unroll(width, (w) => `  y[at + ${w}u] = y_t(o${i}_${w} / total${i});`)}
  statistics[(block.query + ${i}u) * p.statisticsWidth + head] = vec4f(highest${i} + log2(total${i}), 0.0, 0.0, 0.0);
}`
      )
    }`,
  });
}
