/**
 * Cross-entropy of a linear head, a chunk of the vocabulary at a time: equal to all at once, and
 * without the memory of all at once.
 */
import { assertEquals, assertGreater, assertLess, assertThrows } from "../../std/assert.ts";
import {
  categoricalLoss,
  linearCrossEntropy,
  type LinearCrossEntropyOptions,
  linearTransposed,
  requestDevice,
  ShapeError,
  Tape,
} from "../../kernels/kernels.ts";
import { Random } from "../../std/random.ts";
import { checkOperation } from "./check_operation.ts";
import { assertClose } from "./close.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";
import * as reference from "./reference/linear_cross_entropy.ts";

const gpu = useGpu();

function optionsOf(random: Random, rows: number, vocabulary: number) {
  return {
    targets: Uint32Array.from({ length: rows }, () => random.below(vocabulary)),
    weights: numbers(random, rows),
  };
}

for (const storage of ["f32", "f16"] as const) {
  Deno.test(`losses and both derivatives in ${storage} equal float64, in one chunk and in several`, () =>
    forAll(10, (random) => {
      const [rows, columns] = [between(random, 1, 20), between(random, 1, 40)];
      const vocabulary = between(random, 1, 700);
      const options = {
        ...optionsOf(random, rows, vocabulary),
        chunkElements: rows * between(random, 1, 700),
      };
      const given = { columns, ...options };
      return checkOperation(gpu(), random, {
        name: `linear cross-entropy (${rows}, ${columns}) against ${vocabulary} rows, ` +
          `${options.chunkElements} elements`,
        shapes: [[rows, columns], [vocabulary, columns]],
        tolerance: 5e-5,
        run: (tape, [hidden, head]) => linearCrossEntropy(tape, hidden!, head!, options).losses,
        forward: ([hidden, head]) => reference.linearCrossEntropy(given, hidden!, head!),
        backward: ([hidden, head], dy) =>
          reference.linearCrossEntropyBackward(given, hidden!, head!, dy),
      }, storage);
    }));
}

type Way = "chunks" | "all at once";

/** Losses, log probabilities, and derivatives of the summed loss by hidden and head. */
async function results(
  way: Way,
  given: { readonly shapes: readonly [number, number, number]; readonly chunkElements: number },
) {
  const [rows, vocabulary, columns] = given.shapes;
  const random = new Random(5);
  const hiddenData = numbers(random, rows * columns);
  const headData = numbers(random, vocabulary * columns, 0.3);
  const options = optionsOf(random, rows, vocabulary);
  return await gpu().run((tape) => {
    const hidden = gpu().leaf(tape, hiddenData, [rows, columns]);
    const head = gpu().leaf(tape, headData, [vocabulary, columns]);
    if (way === "chunks") {
      const loss = linearCrossEntropy(tape, hidden, head, { ...options, ...given });
      tape.backward(loss.losses);
      const { losses, logProbabilities } = loss;
      return gpu().read([losses, logProbabilities, hidden.gradient!, head.gradient!]);
    }
    const logits = linearTransposed(tape, hidden, head);
    const { losses, logProbabilities } = categoricalLoss(tape, logits, options);
    tape.backward(logits);
    return gpu().read([losses, logProbabilities, hidden.gradient!, head.gradient!]);
  });
}

for (
  const shapes of [[37, 1280, 64], [64, 1027, 128], [3, 5000, 64]] as const
) {
  Deno.test(`chunks of (${shapes}) give what all logits at once give`, async () => {
    const expected = await results("all at once", { shapes, chunkElements: 1 });
    for (const chunkElements of [1, shapes[0] * 600, 2 ** 24]) {
      const actual = await results("chunks", { shapes, chunkElements });
      const names = ["losses", "log probabilities", "by hidden", "by head"];
      for (const [i, name] of names.entries()) {
        assertClose(actual[i]!, expected[i]!, 2e-5, `${name}, ${chunkElements} elements`);
      }
    }
  });
}

Deno.test("a frozen head gets no derivative, and without gradients nothing is recorded", async () => {
  const random = new Random(2);
  const headData = numbers(random, 300 * 8);
  const hiddenData = numbers(random, 4 * 8);
  const options = { ...optionsOf(random, 4, 300), chunkElements: 1 };
  const run = (gradients: boolean, frozen: boolean) =>
    gpu().run(async (tape) => {
      const hidden = gpu().leaf(tape, hiddenData, [4, 8]);
      const head = frozen ? tape.upload(headData, [300, 8]) : gpu().leaf(tape, headData, [300, 8]);
      const { losses } = linearCrossEntropy(tape, hidden, head, options);
      if (gradients) tape.backward(losses);
      assertEquals(head.gradient !== undefined, gradients && !frozen);
      return await gpu().read(gradients ? [losses, hidden.gradient!] : [losses]);
    }, { gradients });
  const [losses, slopes] = await run(true, true);
  assertEquals(await run(true, false), [losses!, slopes!]);
  assertEquals(await run(false, false), [losses!]);
});

Deno.test("all logits are never in memory, forward or backward", async () => {
  const device = await requestDevice();
  const [rows, vocabulary, columns, chunk] = [256, 16_384, 64, 1024];
  const grown = async (way: Way) => {
    const tape = new Tape(device);
    const random = new Random(1);
    const hidden = tape.empty([rows, columns], { requiresGradient: true });
    const head = tape.empty([vocabulary, columns], { requiresGradient: true });
    device.stream.clear(hidden);
    device.stream.clear(head);
    for (const tensor of [hidden, head]) tensor.gradient = tape.empty(tensor.shape);
    const before = device.pool.allocatedBytes;
    const options = optionsOf(random, rows, vocabulary);
    if (way === "chunks") {
      const chunkElements = rows * chunk;
      const { losses } = linearCrossEntropy(tape, hidden, head, { ...options, chunkElements });
      tape.backward(losses);
    } else {
      const logits = linearTransposed(tape, hidden, head);
      categoricalLoss(tape, logits, options);
      tape.backward(logits);
    }
    await device.stream.settle();
    tape.release();
    return device.pool.allocatedBytes - before;
  };
  try {
    const allLogits = 4 * rows * vocabulary;
    const slice = 4 * columns * chunk;
    const inChunks = await grown("chunks");
    // Three chunks: as a buffer, as a texture to sum, as a texture to multiply; a texture of a part
    // of the head; that part's derivative before it is added; and small change.
    assertLess(inChunks, 3 * 4 * rows * chunk + 2 * slice + 2 ** 18);
    assertLess(inChunks, allLogits / 3);
    assertGreater(await grown("all at once"), allLogits);
  } finally {
    device.dispose();
  }
});

Deno.test("linearCrossEntropy refuses shapes that do not fit and targets outside the head", () => {
  const tape = new Tape(gpu().device);
  const [hidden, head] = [tape.empty([2, 8]), tape.empty([30, 8])];
  const fits = { targets: Uint32Array.of(0, 29), weights: Float32Array.of(1, 1) };
  const refuses = (
    options: Partial<LinearCrossEntropyOptions>,
    message: string,
    error: typeof ShapeError | typeof RangeError = ShapeError,
  ) =>
    assertThrows(
      () => linearCrossEntropy(tape, hidden, head, { ...fits, ...options }),
      error,
      message,
    );
  refuses({ targets: Uint32Array.of(0, 30) }, "target 30 of row 1 is outside the head (30,8)");
  refuses({ targets: Uint32Array.of(0) }, "got 1 and 2");
  refuses({ weights: Float32Array.of(1) }, "got 2 and 1");
  refuses({ chunkElements: 0 }, "chunkElements is 0", RangeError);
  refuses({ chunkElements: NaN }, "chunkElements is NaN", RangeError);
  assertThrows(
    () => linearCrossEntropy(tape, hidden, tape.empty([30, 9]), fits),
    ShapeError,
    "(2,8) and head (30,9) differ",
  );
  tape.release();
});
