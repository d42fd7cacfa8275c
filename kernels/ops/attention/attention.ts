/**
 * Causal attention over packed sequences of different lengths, without padding and without ever
 * holding the T × T matrix; multi-head, or with fewer heads of keys and values than of queries
 * (Ainslie et al. 2023).
 *
 * Queries, keys and values stand in one tensor, (rows, (heads + 2 · keyValueHeads) · headDim): all
 * heads of queries, then of keys, then of values. Spans say which rows are queries and what they
 * attend to, so the same kernel serves a training batch, prompts with a common prefix, and decoding
 * against a cache. `spans.ts` has those, `forward.ts` and `backward.ts` the kernels.
 * @module
 */
import { requireShape } from "../../errors.ts";
import { MAX_ITERATIONS } from "../../kernel.ts";
import type { Tape } from "../../tape.ts";
import type { Tensor } from "../../tensor.ts";
import type { Tuning } from "../../tuning.ts";
import { operandOf, type Source } from "../source.ts";
import { keyKernel, queryKernel } from "./backward.ts";
import { type AttentionShape, forwardKernel } from "./forward.ts";
import { BLOCK_WORDS, blocksOf, lookersEnd, requirePacked, type Span } from "./spans.ts";

/** How the rows of a tensor are attended to. */
export interface AttentionLayout {
  /** Queries in the order of the result's rows; none attends to more than 65,535 rows. */
  readonly spans: readonly Span[];
  /** Heads of queries. */
  readonly heads: number;
  /** Heads of keys and of values, each shared by heads / keyValueHeads of queries. Default: `heads`. */
  readonly keyValueHeads?: number;
}

/** Fixed per layout and tensor. */
interface Sizes {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly queries: number;
}

/** vec4s a row of statistics takes, so that rows fill multiples of 256 bytes. */
function statisticsWidth(heads: number): number {
  return 16 * Math.ceil(heads / 16);
}

function sizesOf(qkv: Tensor, layout: AttentionLayout): Sizes {
  const { heads, keyValueHeads = heads, spans } = layout;
  const headDim = qkv.columns / (heads + 2 * keyValueHeads);
  requireShape(
    Number.isInteger(headDim) && headDim % 4 === 0,
    `attention: ${qkv.columns} columns do not hold ${heads} heads of queries and ${keyValueHeads} ` +
      `of keys and values whose size is a multiple of 4`,
  );
  requireShape(
    heads % keyValueHeads === 0,
    `attention: ${heads} heads of queries cannot share ${keyValueHeads} of keys and values evenly`,
  );
  const queries = spans.reduce((sum, span) => sum + span.queries, 0);
  const beyond = spans.find(({ row, queries: count, first, prefix }) =>
    row + count > qkv.rows || first > row || (prefix?.end ?? 0) > qkv.rows
  );
  requireShape(
    beyond === undefined,
    `attention: a span of ${beyond?.queries} queries at row ${beyond?.row}, first row ` +
      `${beyond?.first}, does not fit a tensor of ${qkv.rows} rows`,
  );
  return { heads, keyValueHeads, headDim, queries };
}

/** A block's registers grow with the size of a head; single queries would only leave them idle. */
function blockOf(tuning: Tuning, { headDim }: Sizes, spans: readonly Span[]): number {
  const longest = spans.reduce((most, { queries }) => Math.max(most, queries), 1);
  const fitting = Math.max(1, Math.floor(tuning.attentionElements / headDim));
  return Math.min(fitting, tuning.attentionBlock, 2 ** Math.ceil(Math.log2(longest)));
}

const kernels = new Map<string, ReturnType<typeof makeKernels>>();

function makeKernels(shape: AttentionShape, sourceDy: Source | undefined) {
  // Statistics are f32 whatever the rest is.
  const sourceStatistics = sourceDy === undefined || sourceDy === "buffer" ? "buffer" : "texture";
  const backward = { ...shape, sourceDy: sourceDy ?? "buffer" };
  return {
    forward: forwardKernel(shape),
    query: queryKernel(backward),
    key: keyKernel({ ...backward, sourceStatistics }),
  };
}

function kernelsOf(shape: AttentionShape, sourceDy?: Source) {
  const key = JSON.stringify([shape, sourceDy]);
  let known = kernels.get(key);
  if (known === undefined) kernels.set(key, known = makeKernels(shape, sourceDy));
  return known;
}

/**
 * `y (queries, heads · headDim) = softmax(Q Kᵀ / √headDim) V` per sequence and head, causal; headDim a
 * multiple of 4. Backward needs every row to be a query, in order ({@linkcode packedSpans},
 * {@linkcode sharedPrefixSpans}).
 */
export function attention(tape: Tape, qkv: Tensor, layout: AttentionLayout): Tensor {
  const sizes = sizesOf(qkv, layout);
  const { heads, keyValueHeads, headDim, queries } = sizes;
  const { stream, tuning } = tape.device;
  const block = blockOf(tuning, sizes, layout.spans);
  const blocks = tape.uploadOnce(layout, block, () => blocksOf(layout.spans, block));
  const count = blocks.size / BLOCK_WORDS;
  // Decoding reads a few rows of a large cache: copying all of it would cost more than it saves.
  const textures = tuning.readFrom === "textures" && queries >= qkv.rows;
  // A head begins with a texel, of four f32 or of eight f16.
  const operand = (tensor: Tensor) =>
    operandOf(tape, tensor, textures && (tensor.type === "f32" || headDim % 8 === 0));
  const source = operand(qkv);
  const shape: AttentionShape = {
    width: headDim / 4,
    block,
    source: source.source,
    neighbours: tuning.attentionNeighbours,
    workgroup: tuning.workgroup,
  };
  const y = tape.result([queries, heads * headDim], qkv.requiresGradient);
  const statistics = tape.empty([queries, 4 * statisticsWidth(heads)]);
  const numbers = {
    heads,
    keyValueHeads,
    scale: 1 / Math.sqrt(headDim),
    blocks: count,
    qkvWidth: source.width,
    statisticsWidth: statisticsWidth(heads),
  };
  const shared = { qkv: source.resource, blocks };
  stream.dispatch(
    kernelsOf(shape).forward,
    { ...shared, y, statistics },
    numbers,
    count * heads,
  );
  tape.record(y, (dy) => {
    const target = tape.target(qkv);
    if (target === undefined) return;
    requireBackward(layout, sizes, qkv.rows);
    const operandDy = operand(dy);
    const { query, key } = kernelsOf(shape, operandDy.source);
    const more = { ...numbers, dyWidth: operandDy.width, accumulate: target.accumulate };
    const bindings = { ...shared, dy: operandDy.resource, dqkv: target.gradient };
    stream.dispatch(query, { ...bindings, y, statistics }, more, count * heads);
    const known = operandOf(tape, statistics, operandDy.source !== "buffer").resource;
    stream.dispatch(key, { ...bindings, statistics: known }, more, count * keyValueHeads);
  });
  return y;
}

function requireBackward(layout: AttentionLayout, sizes: Sizes, rows: number): void {
  requirePacked(layout.spans, rows);
  const group = sizes.heads / sizes.keyValueHeads;
  const { spans } = layout;
  const longest = spans.reduce(
    (most, span) => Math.max(most, lookersEnd(spans, span) - span.row),
    0,
  );
  requireShape(
    group * (longest + 2) <= MAX_ITERATIONS,
    `attention: backward over ${longest} queries of ${group} heads that share keys takes more ` +
      `turns than ${MAX_ITERATIONS}`,
  );
}
