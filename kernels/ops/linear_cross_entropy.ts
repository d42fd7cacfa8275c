/**
 * Cross-entropy over a large vocabulary without its logits: they are made a chunk of the vocabulary
 * at a time, summed up and forgotten, and made again for the derivative (Wijmans et al. 2024, "Cut
 * your losses in large-vocabulary language models").
 *
 * With logits (N, V) in memory the loss of one long text can cost more than the rest of the model;
 * here no more than three chunks (N, R) are held at once, for one more product in four.
 * @module
 */
import { requireShape } from "../errors.ts";
import { defineKernel } from "../kernel.ts";
import { Tape } from "../tape.ts";
import { bytesOf, Tensor } from "../tensor.ts";
import { matmul } from "./matmul/matmul.ts";
import { flatImage, storedAs } from "./row_parts.ts";
import { type Logits, softmaxDeclarations, softmaxSlopes, softmaxSums } from "./softmax.ts";

/** Rows of the head in multiples of this start where a slice of a buffer may, in f32 and in f16. */
const CHUNK_STEP = 128;

/** Elements of a chunk of logits: 16 MiB in f32. */
const CHUNK_ELEMENTS = 2 ** 22;

const joinKernel = defineKernel({
  label: "linear cross-entropy, join a chunk",
  bindings: {
    logits: "read float", // (N, R): this chunk's
    rows: "read vec2u", // (N, 2): the target's column in this chunk or beyond it, R
    weights: "read f32", // (N)
    sums: "read vec4f", // (N, parts, 4): this chunk's
    state: "write vec4f", // (N, 4): highest, total, the target's logit, 0
    losses: "write f32", // (N)
    logProbabilities: "write f32", // (N)
  },
  parameters: { columns: "u32", parts: "u32", isFirst: "u32" },
  workgroupSize: 8,
  declarations: softmaxDeclarations,
  // What is written before the last chunk is not yet the loss.
  body: `let before = select(state[index], vec4f(NONE, 0.0, 0.0, 0.0), p.isFirst == 1u);
var all = Softmax(before.x, before.y, 0.0);
for (var part = 0u; part < p.parts; part++) {
  let found = sums[index * p.parts + part];
  all = joined(all, Softmax(found.x, found.y, 0.0));
}
var chosen = before.z;
let hit = rows[index].x;
if (hit < p.columns) { chosen = f32(logits[index * p.columns + hit]); }
state[index] = vec4f(all.highest, all.total, chosen, 0.0);
let logProbability = chosen - all.highest - log(all.total);
losses[index] = -weights[index] * logProbability;
logProbabilities[index] = logProbability;`,
});

const factsKernel = defineKernel({
  label: "linear cross-entropy, facts of rows",
  bindings: {
    state: "read vec4f", // (N, 4)
    weights: "read f32", // (N)
    dLosses: "read f32", // (N)
    facts: "write vec4f", // (N, 4): highest, log total, 0, weight
  },
  parameters: {},
  workgroupSize: 8,
  body: `let known = state[index];
facts[index] = vec4f(known.x, log(known.y), 0.0, weights[index] * dLosses[index]);`,
});

/** What the loss is of. */
export interface LinearCrossEntropyOptions {
  /** (N): the row of the head that was right. */
  readonly targets: Uint32Array;
  /** (N): 1/N for a mean cross-entropy. */
  readonly weights: Float32Array;
  /**
   * Logits held at a time, at most; 128 for each of the N positions are the least. Default 4,194,304,
   * 16 MiB in f32.
   */
  readonly chunkElements?: number;
}

/** Per position, both (N). */
export interface LinearCrossEntropy {
  /** `−weight · log p(target)`; the loss is their sum, and its derivative by them, 1, is set. */
  readonly losses: Tensor;
  /** `log p(target)` */
  readonly logProbabilities: Tensor;
}

/** One chunk of the vocabulary: rows `start`..`start + size` of the head. */
interface Chunk {
  readonly start: number;
  readonly size: number;
}

function chunksOf(tape: Tape, positions: number, vocabulary: number, elements: number): Chunk[] {
  const widest = Math.min(elements / positions, tape.device.gpu.limits.maxTextureDimension2D);
  const size = Math.max(1, Math.floor(widest / CHUNK_STEP)) * CHUNK_STEP;
  return Array.from({ length: Math.ceil(vocabulary / size) }, (_, i) => {
    const start = i * size;
    return { start, size: Math.min(size, vocabulary - start) };
  });
}

function sliceOf(tensor: Tensor, { start, size }: Chunk): Tensor {
  const { buffer, columns, type } = tensor;
  const offset = tensor.offset + start * columns * bytesOf(type);
  return new Tensor([size, columns], buffer, offset, false, type);
}

function check(hidden: Tensor, head: Tensor, options: LinearCrossEntropyOptions): void {
  const { targets, weights, chunkElements = CHUNK_ELEMENTS } = options;
  requireShape(
    hidden.columns === head.columns,
    `linear cross-entropy: hidden (${hidden.shape}) and head (${head.shape}) differ in their last extent`,
  );
  requireShape(
    targets.length === hidden.rows && weights.length === hidden.rows,
    `linear cross-entropy: hidden (${hidden.shape}) needs ${hidden.rows} targets and weights, got ` +
      `${targets.length} and ${weights.length}`,
  );
  for (const [row, target] of targets.entries()) {
    requireShape(
      target < head.rows,
      `linear cross-entropy: target ${target} of row ${row} is outside the head (${head.shape})`,
    );
  }
  if (!(chunkElements > 0)) {
    throw new RangeError(
      `linear cross-entropy: chunkElements is ${chunkElements}, must be positive`,
    );
  }
}

/** One call: what all its chunks share. */
interface Call {
  readonly hidden: Tensor;
  readonly head: Tensor;
  readonly targets: Uint32Array;
}

/**
 * Makes the logits of one chunk on a tape of their own, so that their memory is free again for the
 * next chunk.
 */
function withChunk(
  tape: Tape,
  { hidden, head, targets }: Call,
  chunk: Chunk,
  use: (inner: Tape, logits: Tensor, input: Logits, slice: Tensor) => void,
): void {
  const inner = new Tape(tape.device, { gradients: false, storage: tape.storage });
  try {
    const logits = inner.result([hidden.rows, chunk.size], false);
    const slice = sliceOf(head, chunk);
    matmul(inner, { transposes: "NT", a: hidden, b: slice, out: logits });
    // A target in an earlier chunk wraps round to a column far beyond this one.
    const rows = new Uint32Array(2 * targets.length);
    targets.forEach((target, row) => rows.set([target - chunk.start, chunk.size], 2 * row));
    use(inner, logits, {
      image: flatImage(inner, logits),
      stored: storedAs("linear cross-entropy", logits),
      columns: chunk.size,
      rows: inner.upload(rows, [targets.length, 2]),
    }, slice);
  } finally {
    inner.release();
  }
}

/**
 * Cross-entropy of `hidden` (N, C) against the rows of `head` (V, C), the logits being
 * `hidden · headᵀ`, which are never all in memory. Go on with `tape.backward(losses)`. Throws a
 * ShapeError where shapes do not fit together or a target is outside the head, a RangeError where
 * `chunkElements` is not positive.
 */
export function linearCrossEntropy(
  tape: Tape,
  hidden: Tensor,
  head: Tensor,
  options: LinearCrossEntropyOptions,
): LinearCrossEntropy {
  check(hidden, head, options);
  const { stream } = tape.device;
  const { targets, chunkElements = CHUNK_ELEMENTS } = options;
  const count = hidden.rows;
  const call = { hidden, head, targets };
  const chunks = chunksOf(tape, count, head.rows, chunkElements);
  const weights = tape.upload(options.weights);
  const requiresGradient = hidden.requiresGradient || head.requiresGradient;
  const losses = tape.empty([count], { requiresGradient });
  const logProbabilities = tape.empty([count]);
  const state = tape.empty([count, 4]);
  for (const chunk of chunks) {
    withChunk(tape, call, chunk, (inner, logits, input) => {
      const sums = softmaxSums(inner, input);
      stream.dispatch(
        joinKernel,
        { logits, rows: input.rows, weights, sums, state, losses, logProbabilities },
        { columns: chunk.size, parts: sums.shape[1]!, isFirst: chunk.start === 0 ? 1 : 0 },
        count,
      );
    });
  }
  losses.gradient = tape.upload(new Float32Array(count).fill(1));
  tape.record(losses, (dLosses) => {
    const facts = tape.empty([count, 4]);
    stream.dispatch(factsKernel, { state, weights, dLosses, facts }, {}, count);
    backward(tape, call, chunks, facts);
  });
  return { losses, logProbabilities };
}

function backward(tape: Tape, call: Call, chunks: readonly Chunk[], facts: Tensor): void {
  const { hidden, head } = call;
  const toHidden = tape.target(hidden);
  const toHead = tape.target(head);
  for (const chunk of chunks) {
    withChunk(tape, call, chunk, (inner, logits, input, slice) => {
      softmaxSlopes(inner, input, { facts, dLogits: logits });
      if (toHead !== undefined) {
        const out = sliceOf(toHead.gradient, chunk);
        const { accumulate } = toHead;
        matmul(inner, { transposes: "TN", a: logits, b: hidden, out, accumulate });
      }
      if (toHidden !== undefined) {
        const accumulate = chunk.start === 0 ? toHidden.accumulate : 1;
        const out = toHidden.gradient;
        matmul(inner, { transposes: "NN", a: logits, b: slice, out, accumulate });
      }
    });
  }
}
