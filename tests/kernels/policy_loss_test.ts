/**
 * Policy gradient, clipped ratio, entropy bonus and divergence from a reference, fused with their
 * derivative.
 */
import { assertEquals, assertThrows } from "../../std/assert.ts";
import {
  policyLoss,
  type PolicyLossOptions,
  ShapeError,
  Tape,
  Tensor,
} from "../../kernels/kernels.ts";
import { Random } from "../../std/random.ts";
import { assertClose, assertSameBits } from "./close.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";
import * as reference from "./reference/policy_loss.ts";

const gpu = useGpu();

type Storage = "f32" | "f16";

interface Case extends Omit<reference.PolicyLossCase, "divergence"> {
  readonly logits: Float32Array<ArrayBuffer>;
  readonly divergence?: { readonly reference: Float32Array<ArrayBuffer>; readonly weight: number };
}

const NAMES = [
  "losses",
  "logProbabilities",
  "entropies",
  "ratios",
  "clipped",
  "drifts",
  "divergences",
] as const;

function rounded(values: Float32Array<ArrayBuffer>, storage: Storage): Float32Array<ArrayBuffer> {
  return storage === "f16" ? Float32Array.from(Float16Array.from(values)) : values;
}

/** With old probabilities about a fifth away from today's, and a reference that is another policy. */
function caseOf(random: Random, rows: number, columns: number, storage: Storage): Case {
  const choices = Uint32Array.from({ length: rows }, () => between(random, 1, columns));
  const given = {
    columns,
    logits: rounded(numbers(random, rows * columns, 4), storage),
    targets: choices.map((count) => random.below(count)),
    weights: numbers(random, rows),
    choices,
    entropyWeight: random.next() < 0.5 ? 0 : random.next(),
  };
  const away = numbers(random, rows, 0.4);
  const now = Float64Array.from(given.logits);
  const oldLogProbabilities = away.map((shift, row) =>
    reference.policyLossRow(given, now, row).logProbability + shift
  );
  const other = rounded(numbers(random, rows * columns, 4), storage);
  return {
    ...given,
    ...(random.next() < 0.3 ? {} : { proximal: { oldLogProbabilities, clip: 0.2 } }),
    ...(random.next() < 0.3 ? {} : { divergence: { reference: other, weight: random.next() } }),
  };
}

/** All results by name, and the derivative by the logits. */
function run(
  { logits, columns, divergence, ...options }: Case,
  storage: Storage = "f32",
  referenceStorage: Storage = storage,
): Promise<Float32Array<ArrayBuffer>[]> {
  const shape = [logits.length / columns, columns];
  return gpu().run((tape) => {
    const input = gpu().leaf(tape, logits, shape, storage);
    const loss = policyLoss(tape, input, {
      ...options,
      ...(divergence === undefined ? {} : {
        divergence: {
          reference: gpu().leaf(tape, divergence.reference, shape, referenceStorage),
          weight: divergence.weight,
        },
      }),
    });
    return gpu().read([...NAMES.map((name) => loss[name]), input.gradient!]);
  }, { storage });
}

function expectedOf({ divergence, ...given }: Case, logits?: Float64Array) {
  const at = logits ?? Float64Array.from(given.logits);
  const whole = {
    ...given,
    ...(divergence === undefined
      ? {}
      : { divergence: { ...divergence, reference: Float64Array.from(divergence.reference) } }),
  };
  return Array.from(given.targets, (_, row) => reference.policyLossRow(whole, at, row));
}

async function check(given: Case, storage: Storage = "f32"): Promise<Float32Array[]> {
  const results = await run(given, storage);
  const rows = expectedOf(given);
  const expected = [
    rows.map((row) => row.loss),
    rows.map((row) => row.logProbability),
    rows.map((row) => row.entropy),
    rows.map((row) => row.ratio),
    rows.map((row) => row.clipped),
    rows.map((row) => row.drift),
    rows.map((row) => row.divergence),
  ];
  for (const [i, name] of NAMES.entries()) assertClose(results[i]!, expected[i]!, 3e-5, name);
  const slopes = rows.flatMap(({ dLogits }) => [...dLogits]);
  assertClose(results.at(-1)!, slopes, storage === "f16" ? 2e-3 : 3e-5, "derivative");
  return results;
}

for (const storage of ["f32", "f16"] as const) {
  Deno.test(`policy losses in ${storage} and their derivative equal float64`, () =>
    forAll(16, async (random) => {
      const columns = between(random, 1, random.next() < 0.3 ? 5 : 230);
      const given = caseOf(random, between(random, 1, 90), columns, storage);
      const first = await check(given, storage);
      (await run(given, storage)).forEach((again, i) =>
        assertSameBits(again, first[i] as Float32Array<ArrayBuffer>, `run again, output ${i}`)
      );
    }));
}

Deno.test("a reference may be stored otherwise than the logits", async () => {
  const given = caseOf(new Random(3), 9, 31, "f16");
  const divergence = { reference: rounded(numbers(new Random(4), 9 * 31), "f16"), weight: 0.5 };
  const expected = (await run({ ...given, divergence }))[6]!;
  for (const [storage, other] of [["f32", "f16"], ["f16", "f32"]] as const) {
    assertEquals((await run({ ...given, divergence }, storage, other))[6], expected);
  }
});

Deno.test("the reference's derivative is the slope of its loss", () =>
  forAll(30, (random) => {
    const given = caseOf(random, 2, 6, "f32");
    const logits = Float64Array.from(given.logits);
    const lossAt = (at: Float64Array) =>
      expectedOf(given, at).reduce((sum, { loss }) => sum + loss, 0);
    const slopes = expectedOf(given).flatMap(({ dLogits }) => [...dLogits]);
    const measured = logits.map((_, i) => {
      const at = (shift: number) => lossAt(logits.map((l, j) => l + (i === j ? shift : 0)));
      return (at(1e-5) - at(-1e-5)) / 2e-5;
    });
    assertClose(slopes, measured, 1e-7, "derivative");
    return Promise.resolve();
  }));

/** Two equal choices of which the first was taken, with each of these weights. */
function coin(weights: readonly number[], old: number, clip: number): Case {
  const rows = weights.length;
  return {
    columns: 2,
    logits: new Float32Array(2 * rows),
    targets: new Uint32Array(rows),
    weights: Float32Array.from(weights),
    choices: new Uint32Array(rows).fill(2),
    entropyWeight: 0,
    proximal: { oldLogProbabilities: new Float32Array(rows).fill(old), clip },
  };
}

Deno.test("the clip stops advantages of the sign that moves the ratio further, and no others", async () => {
  const half = Math.log(0.5);
  const above = await check(coin([1, -1, 0], half - 0.3, 0.2));
  assertEquals([...above[4]!], [1, 0, 0]);
  assertEquals([...above.at(-1)!.slice(0, 2)], [0, 0]);
  assertEquals([...above.at(-1)!.slice(4)], [0, 0]);
  const below = await check(coin([1, -1, 0], half + 0.3, 0.2));
  assertEquals([...below[4]!], [0, 1, 0]);
  assertEquals([...below.at(-1)!.slice(2)], [0, 0, 0, 0]);
});

Deno.test("a ratio exactly at a bound still counts, one beyond it does not", async () => {
  const still = await run(coin([1, -1], Math.log(0.5), 0));
  assertEquals([...still[3]!], [1, 1]);
  assertEquals([...still[4]!], [0, 0]);
  assertEquals([...still.at(-1)!], [-0.5, 0.5, 0.5, -0.5]);
  for (const shift of [-0.25, 0.25]) {
    const old = Math.log(0.5) + shift;
    const weights = shift < 0 ? [1] : [-1];
    const ratio = (await run(coin(weights, old, 0.9)))[3]![0]!;
    const clip = Math.abs(ratio - 1);
    const [at, beyond] = [clip, clip - 2 ** -22];
    assertEquals((await run(coin(weights, old, at)))[4]![0], 0, `shift ${shift}, at the bound`);
    assertEquals((await run(coin(weights, old, beyond)))[4]![0], 1, `shift ${shift}, beyond it`);
  }
});

Deno.test("a step of no weight counts for nothing, however far its ratio has run away", async () => {
  const results = await run(coin([0], -100, 0.2));
  assertEquals(results[3]![0], Infinity);
  assertEquals(Math.abs(results[0]![0]!), 0);
  assertEquals([...results.at(-1)!].map(Math.abs), [0, 0]);
});

Deno.test("small changes of the policy are not lost in its drift", async () => {
  for (const shift of [1e-3, -1e-3, 0.099, 0.101, -2]) {
    const { logits, proximal, ...given } = coin([1], Math.log(0.5) - shift, 10);
    const drift = (await run({ logits, proximal: proximal!, ...given }))[5]![0]!;
    const log = Math.log(0.5) - proximal!.oldLogProbabilities[0]!;
    // The old log probability near −0.69 has a rounding error of 3e-8, that of the new as much.
    const slack = Math.abs(Math.exp(log) - 1) * 1.2e-7;
    assertClose([drift - (Math.expm1(log) - log)], [0], slack + 2e-5 * log * log, `shift ${shift}`);
  }
});

Deno.test("one choice alone has nothing to learn", async () => {
  const results = await check({
    columns: 3,
    logits: Float32Array.of(7, NaN, Infinity),
    targets: Uint32Array.of(0),
    weights: Float32Array.of(2),
    choices: Uint32Array.of(1),
    entropyWeight: 0.3,
    proximal: { oldLogProbabilities: Float32Array.of(0), clip: 0.2 },
    divergence: { reference: Float32Array.of(-3, NaN, NaN), weight: 0.5 },
  });
  const [losses, logs, entropies, ratios, clipped, drifts, divergences, slopes] = results;
  assertEquals([losses![0], ratios![0], clipped![0]], [-2, 1, 0]);
  assertClose([logs![0]!, entropies![0]!, drifts![0]!, divergences![0]!], [0, 0, 0, 0], 0, "rest");
  assertClose(slopes!, [0, 0, 0], 0, "slopes");
});

Deno.test("columns beyond the choices count for nothing, impossible choices add nothing", async () => {
  await check({
    columns: 5,
    logits: Float32Array.of(1, 2, -Infinity, NaN, NaN, 3, -1, 0, -Infinity, Infinity),
    targets: Uint32Array.of(1, 0),
    weights: Float32Array.of(1, -1),
    choices: Uint32Array.of(3, 4),
    entropyWeight: 0.1,
    proximal: { oldLogProbabilities: Float32Array.of(-0.4, -0.1), clip: 0.2 },
    divergence: {
      reference: Float32Array.of(0, 1, 2, NaN, NaN, 1, 1, 1, -Infinity, NaN),
      weight: 0.7,
    },
  });
});

Deno.test("logits that are no number are seen in the loss", async () => {
  const given = { ...coin([1], -0.7, 0.2), entropyWeight: 0 };
  const [losses] = await run({ ...given, logits: Float32Array.of(0, NaN) });
  assertEquals(losses![0], NaN);
});

Deno.test("logits of any size neither overflow nor hide a small divergence", async () => {
  const { proximal: _, ...given } = coin([1], 0, 0);
  const results = await run({
    ...given,
    logits: Float32Array.of(1e4, 1e4 - 2),
    divergence: { reference: Float32Array.of(-1e4, -1e4 - 2), weight: 1 },
  });
  assertClose(results[6]!, [0], 1e-7, "divergence of equal policies");
  assertClose(results[1]!, [-Math.log1p(Math.exp(-2))], 1e-6, "log probability");
});

const WIDEST = 65_524;

Deno.test("the widest row is walked to its end", async () => {
  const random = new Random(6);
  const logits = numbers(random, 2 * WIDEST);
  logits[WIDEST - 1] = 8;
  logits[2 * WIDEST - 1] = 9;
  await check({
    columns: WIDEST,
    logits,
    targets: Uint32Array.of(WIDEST - 1, 0),
    weights: Float32Array.of(1, 1),
    choices: Uint32Array.of(WIDEST, WIDEST),
    entropyWeight: 0.1,
    divergence: { reference: numbers(random, 2 * WIDEST), weight: 0.1 },
  });
});

Deno.test("policyLoss refuses what does not fit", () => {
  const tape = new Tape(gpu().device);
  const logits = tape.empty([2, 5]);
  const fits = { targets: Uint32Array.of(0, 4), weights: Float32Array.of(1, 1) };
  const refuses = (
    options: Partial<PolicyLossOptions>,
    message: string,
    input = logits,
    error: typeof ShapeError | typeof RangeError = ShapeError,
  ) => assertThrows(() => policyLoss(tape, input, { ...fits, ...options }), error, message);
  const two = Float32Array.of(-1, -1);
  refuses({ targets: Uint32Array.of(0, 5) }, "target 5 of row 1");
  refuses({ choices: Uint32Array.of(5, 6) }, "6 choices in 5 columns");
  refuses({ weights: Float32Array.of(1) }, "policy loss: logits (2,5) need 2 targets");
  refuses(
    { proximal: { oldLogProbabilities: two.slice(1), clip: 0.1 } },
    "need 2 old log probabilities, got 1",
  );
  for (const clip of [-0.1, NaN, Infinity]) {
    const proximal = { oldLogProbabilities: two, clip };
    refuses({ proximal }, `clip is ${clip}`, logits, RangeError);
  }
  const other = (shape: number[]) => ({ divergence: { reference: tape.empty(shape), weight: 1 } });
  refuses(other([2, 4]), "reference (2,4) differ");
  refuses(other([1, 5]), "reference (1,5) differ");
  const indices = tape.empty([2, 5], { type: "u32" });
  refuses({}, "holds u32", indices);
  refuses({ divergence: { reference: indices, weight: 1 } }, "holds u32");
  refuses({}, `${WIDEST + 1} columns exceed`, new Tensor([2, WIDEST + 1], logits.buffer, 0, false));
  tape.release();
});
