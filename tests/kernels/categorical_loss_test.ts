/**
 * Cross-entropy, policy gradient and entropy bonus, fused with their derivative.
 */
import { assert, assertEquals, assertThrows } from "../../std/assert.ts";
import {
  categoricalLoss,
  type CategoricalLossOptions,
  ShapeError,
  Tape,
  Tensor,
} from "../../kernels/kernels.ts";
import { Random } from "../../std/random.ts";
import { assertClose, assertSameBits } from "./close.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";
import * as reference from "./reference/categorical_loss.ts";

const gpu = useGpu();

interface Case extends reference.CategoricalLossCase {
  readonly logits: Float32Array<ArrayBuffer>;
}

function caseOf(random: Random, rows: number, columns: number): Case {
  const choices = Uint32Array.from(
    { length: rows },
    () => between(random, 1, columns),
  );
  return {
    columns,
    logits: numbers(random, rows * columns, 4),
    targets: choices.map((count) => random.below(count)),
    weights: numbers(random, rows),
    choices,
    entropyWeight: random.next() < 0.5 ? 0 : random.next(),
  };
}

type Storage = "f32" | "f16";

/** Losses, log probabilities, entropies and derivatives by the logits. */
function run(
  { logits, columns, ...options }: Case,
  storage: Storage = "f32",
): Promise<Float32Array<ArrayBuffer>[]> {
  return gpu().run((tape) => {
    const input = gpu().leaf(tape, logits, [logits.length / columns, columns], storage);
    const loss = categoricalLoss(tape, input, options);
    return gpu().read([
      loss.losses,
      loss.logProbabilities,
      loss.entropies,
      input.gradient!,
    ]);
  }, { storage });
}

/** Derivatives are stored as the logits are, the rest as f32. */
async function check(
  given: Case,
  tolerance: number,
  storage: Storage = "f32",
): Promise<void> {
  const results = await run(given, storage);
  const logits = storage === "f16" ? Float16Array.from(given.logits) : given.logits;
  const expected = reference.categoricalLoss(given, Float64Array.from(logits));
  const { losses, logProbabilities, entropies, dLogits } = expected;
  for (
    const [i, [what, numbers]] of Object.entries(
      { losses, logProbabilities, entropies, dLogits },
    ).entries()
  ) {
    const rounded = storage === "f16" && what === "dLogits";
    assertClose(results[i]!, numbers, rounded ? 1e-3 : tolerance, what);
  }
}

function lossAt(given: Case, logits: Float64Array): number {
  return reference.categoricalLoss(given, logits).losses
    .reduce((sum, loss) => sum + loss, 0);
}

for (const storage of ["f32", "f16"] as const) {
  Deno.test(`losses over some choices in ${storage}, entropies and derivatives equal float64`, () =>
    forAll(12, async (random) => {
      // Rows of one part and of several, and rows shorter than a load of four.
      const columns = between(random, 1, [5, 70, 1600][random.below(3)]!);
      const given = caseOf(random, between(random, 1, 40), columns);
      await check(given, 2e-5, storage);
      const first = await run(given, storage);
      (await run(given, storage)).forEach((numbers, i) =>
        assertSameBits(numbers, first[i]!, `run again, output ${i}`)
      );
    }));
}

for (const columns of [511, 512, 513, 1024, 1025]) {
  Deno.test(`rows of ${columns} columns are cut into parts without loss`, () =>
    check(caseOf(new Random(columns), 5, columns), 2e-5));
}

Deno.test("the reference's derivative is the slope of its loss", () =>
  forAll(20, (random) => {
    const given = caseOf(random, 2, 6);
    const logits = Float64Array.from(given.logits);
    const slopes = reference.categoricalLoss(given, logits).dLogits;
    const measured = logits.map((_, i) => {
      const at = (shift: number) => lossAt(given, logits.map((l, j) => l + (i === j ? shift : 0)));
      return (at(1e-5) - at(-1e-5)) / 2e-5;
    });
    assertClose(slopes, measured, 1e-7, "derivative");
    return Promise.resolve();
  }));

Deno.test("logits beyond the choices count for nothing, whatever they are", async () => {
  const [losses, , entropies, slopes] = await run({
    columns: 3,
    logits: Float32Array.of(1, 2, NaN, 5, NaN, Infinity),
    targets: Uint32Array.of(1, 0),
    weights: Float32Array.of(1, 1),
    choices: Uint32Array.of(2, 1),
    entropyWeight: 0.1,
  });
  const loss = Math.log(1 + Math.exp(-1)) - 0.1 * entropies![0]!;
  assertClose(losses!, [loss, 0], 1e-6, "losses");
  assertEquals([slopes![2], slopes![4], slopes![5]], [0, 0, 0]);
});

Deno.test("by default all columns are choices and entropy has no weight", () =>
  gpu().run(async (tape) => {
    const logits = tape.upload(Float32Array.of(0, 0, 0, 0), [1, 4]);
    const { losses, entropies } = categoricalLoss(tape, logits, {
      targets: Uint32Array.of(3),
      weights: Float32Array.of(2),
    });
    const [loss, entropy] = await gpu().read([losses, entropies]);
    assertClose(loss!, [2 * Math.log(4)], 1e-6, "loss");
    assertClose(entropy!, [Math.log(4)], 1e-6, "entropy");
  }));

for (const type of ["f32", "f16"] as const) {
  Deno.test(`logits in ${type} may be any slice of a buffer, its last one too`, () =>
    gpu().run(async (tape) => {
      const bytes = type === "f16" ? 2 : 4;
      const whole = tape.empty([4096 / bytes], { type });
      const options = { targets: Uint32Array.of(1, 30, 0), weights: Float32Array.of(1, 2, 3) };
      for (const offset of [0, 256, 3328, whole.buffer.size - 512]) {
        const logits = new Tensor([3, 37], whole.buffer, offset, false, type);
        const data = numbers(new Random(offset), 3 * 37, 2);
        gpu().write(logits, data);
        const { losses } = categoricalLoss(tape, logits, options);
        const [actual] = await gpu().read([losses]);
        const expected = reference.categoricalLoss({
          ...options,
          columns: 37,
          choices: Uint32Array.of(37, 37, 37),
          entropyWeight: 0,
        }, Float64Array.from(data));
        assertClose(actual!, expected.losses, type === "f16" ? 2e-3 : 2e-5, `offset ${offset}`);
      }
    }));
}

Deno.test("large logits neither overflow nor lose the choice", () =>
  check({
    columns: 4,
    logits: Float32Array.of(1e4, 1e4 - 2, -1e4, 9e3),
    targets: Uint32Array.of(1),
    weights: Float32Array.of(1),
    choices: Uint32Array.of(4),
    entropyWeight: 0,
  }, 1e-3));

Deno.test("GPT-2's whole vocabulary is summed to its end", () => {
  const random = new Random(1);
  const given = caseOf(random, 3, 50_257);
  const choices = Uint32Array.of(50_257, 50_256, 50_257);
  const targets = Uint32Array.of(50_256, 0, 50_255);
  return check({
    ...given,
    choices,
    targets,
    weights: Float32Array.of(1, 1, 1),
  }, 2e-4);
});

Deno.test("a choice that is impossible adds nothing, and a logit that is no number is seen", async () => {
  const given = {
    columns: 3,
    targets: Uint32Array.of(1),
    weights: Float32Array.of(1),
    choices: Uint32Array.of(3),
    entropyWeight: 0.5,
  };
  const [losses, , entropies, slopes] = await run({
    ...given,
    logits: Float32Array.of(-Infinity, 2, 2),
  });
  assertClose(entropies!, [Math.log(2)], 1e-6, "entropy");
  assertClose(losses!, [0.5 * Math.log(2)], 1e-6, "loss");
  assertClose(slopes!, [0, -0.5, 0.5], 1e-6, "slopes");
  for (const odd of [NaN, Infinity]) {
    const [lost] = await run({ ...given, logits: Float32Array.of(1, 2, odd) });
    assert(Number.isNaN(lost![0]), `the loss beside a logit of ${odd} is ${lost![0]}`);
  }
});

const WIDE = 304_001;

Deno.test("a vocabulary of 304,001 is summed to its end, by one row that has neighbours", async () => {
  const given = {
    columns: WIDE,
    logits: new Float32Array(3 * WIDE),
    targets: Uint32Array.of(0, WIDE - 1, 5),
    weights: Float32Array.of(1, 2, 0),
    choices: Uint32Array.of(WIDE, WIDE, 7),
    entropyWeight: 0,
  };
  const [losses, , , slopes] = await run(given);
  const log = Math.log(WIDE);
  assertClose(losses!, [log, 2 * log, 0], 1e-5, "losses");
  const p = 1 / WIDE;
  const around = slopes!.slice(2 * WIDE - 2, 2 * WIDE + 1);
  assertClose(around, [2 * p, 2 * p - 2, 0], 1e-8, "slopes where the second row ends");
  assertClose(slopes!.slice(0, 2), [p - 1, p], 1e-8, "first slopes");
});

const WIDEST = 512 * 65_535;

Deno.test("categoricalLoss refuses targets that are no choices, and shapes that do not fit", () => {
  const tape = new Tape(gpu().device);
  const logits = tape.empty([2, 5]);
  const fits = {
    targets: Uint32Array.of(0, 4),
    weights: Float32Array.of(1, 1),
    choices: Uint32Array.of(5, 5),
  };
  const refuses = (
    options: Partial<CategoricalLossOptions>,
    message: string,
    input = logits,
  ) =>
    assertThrows(
      () => categoricalLoss(tape, input, { ...fits, ...options }),
      ShapeError,
      message,
    );
  refuses({ targets: Uint32Array.of(0, 5) }, "target 5 of row 1");
  refuses({ choices: Uint32Array.of(0, 5) }, "target 0 of row 0");
  refuses({ choices: Uint32Array.of(5, 6) }, "6 choices in 5 columns");
  refuses({ weights: Float32Array.of(1) }, "got 2, 1 and 2");
  refuses({ choices: Uint32Array.of(5) }, "got 2, 2 and 1");
  const wide = new Tensor([2, WIDEST + 1], logits.buffer, 0, false);
  refuses({}, `${WIDEST + 1} columns exceed`, wide);
  refuses({}, "holds u32, not floats", tape.empty([2, 5], { type: "u32" }));
  tape.release();
});

Deno.test("categoricalLoss refuses logits that have a derivative already, and whole numbers", () =>
  gpu().run((tape) => {
    const options = { targets: Uint32Array.of(1), weights: Float32Array.of(1) };
    const logits = tape.upload(new Float32Array(4), [1, 4]);
    categoricalLoss(tape, logits, options);
    assertThrows(() => categoricalLoss(tape, logits, options), ShapeError, "derivative already");
    const indices = tape.upload(new Uint32Array(4), [1, 4]);
    assertThrows(() => categoricalLoss(tape, indices, options), ShapeError, "holds u32");
    return Promise.resolve();
  }));
