/**
 * Sampling from the likeliest choices alone: top-k, top-p, both.
 */
import { assert, assertEquals, assertLess } from "../../std/assert.ts";
import { readChoices, sample, type SampleOptions } from "../../kernels/kernels.ts";
import { deriveSeed, Random } from "../../std/random.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";
import { choose, probabilities, type SampleCase, unitInterval } from "./reference/sample.ts";

const gpu = useGpu();

type Storage = "f32" | "f16";

function run(
  logits: Float32Array<ArrayBuffer>,
  options: SampleOptions,
  storage: Storage = "f32",
): Promise<Uint32Array> {
  return gpu().run((tape) => {
    const rows = options.seeds.length;
    const input = gpu().leaf(tape, logits, [rows, logits.length / rows], storage);
    return readChoices(tape.device, sample(tape, input, options));
  }, { gradients: false });
}

/** Sums of f32 weights differ from those of float64 by less than this share. */
const SLACK = 1e-5;

/**
 * Whether a choice is that of float64, or would be with a share or a uniform number that differ by
 * rounding; `exact` tells which.
 */
function judge(
  logits: Float64Array,
  given: SampleCase,
  uniform: number,
  choice: number,
): { allowed: boolean; exact: boolean } {
  if (choose(probabilities(logits, given), uniform) === choice) {
    return { allowed: true, exact: true };
  }
  const allowed = [0, -SLACK, SLACK].some((shift) => {
    // All of the probability is kept without summing.
    const topP = given.topP === 1 ? 1 : given.topP * (1 + shift);
    const shares = probabilities(logits, { ...given, topP });
    return shares[choice]! > 0 && choose(shares, uniform - SLACK) <= choice &&
      choice <= choose(shares, uniform + SLACK);
  });
  return { allowed, exact: false };
}

function caseOf(random: Random, columns: number): SampleCase {
  return {
    temperature: [1, 0.7, 1.6][random.below(3)]!,
    topK: random.next() < 0.3 ? Infinity : between(random, 1, columns),
    topP: random.next() < 0.3 ? 1 : 0.02 + 0.97 * random.next(),
  };
}

/** Choices beside float64's; gives how many are not the very same. */
async function compare(
  random: Random,
  given: SampleCase,
  logits: Float32Array<ArrayBuffer>,
  choices: Uint32Array,
  storage: Storage,
): Promise<number> {
  const columns = logits.length / choices.length;
  const seeds = choices.map(() => random.below(2 ** 32));
  const { topK, ...options } = given;
  const chosen = await run(logits, {
    ...options,
    ...(topK === Infinity ? {} : { topK }),
    seeds,
    choices,
  }, storage);
  let others = 0;
  for (const [row, count] of choices.entries()) {
    const among = Float64Array.from(logits.subarray(row * columns, row * columns + count));
    const uniform = unitInterval(seeds[row]!);
    const { allowed, exact } = judge(among, given, uniform, chosen[row]!);
    assert(allowed, `row ${row}, ${JSON.stringify(given)}: ${chosen[row]} of ${count} choices`);
    if (!exact) others++;
  }
  return others;
}

for (const storage of ["f32", "f16"] as const) {
  Deno.test(`choices among the likeliest in ${storage} are float64's for the same uniform number`, async () => {
    let [others, all] = [0, 0];
    await forAll(24, async (random) => {
      const columns = between(random, 1, random.next() < 0.5 ? 60 : 1400);
      const rows = between(random, 1, 40);
      // Of a few values only, so that many are tied, or of as many as there are columns.
      const tied = random.next() < 0.4;
      const logits = numbers(random, rows * columns, 4)
        .map((value) =>
          tied ? Math.round(value) : storage === "f16" ? Math.f16round(value) : value
        );
      const choices = Uint32Array.from({ length: rows }, () => between(random, 1, columns));
      others += await compare(random, caseOf(random, columns), logits, choices, storage);
      all += rows;
    });
    assertLess(others, Math.max(2, 0.01 * all));
  });
}

Deno.test("the likeliest of 152,000 columns are found", async () => {
  const random = new Random(8);
  const columns = 152_000;
  const logits = numbers(random, 3 * columns, 6);
  const choices = Uint32Array.of(columns, columns - 1, 151_936);
  for (
    const given of [
      { temperature: 1, topK: Infinity, topP: 1 },
      { temperature: 1, topK: 50, topP: 1 },
      { temperature: 0.8, topK: Infinity, topP: 0.9 },
      { temperature: 1.5, topK: 140_000, topP: 0.999 },
    ]
  ) {
    assertLess(await compare(random, given, logits, choices, "f32"), 2);
  }
});

/** Choices of one row with many seeds, counted. */
async function countsOf(row: readonly number[], options: Omit<SampleOptions, "seeds">) {
  const times = 4000;
  const logits = new Float32Array(row.length * times);
  for (let i = 0; i < times; i++) logits.set(row, i * row.length);
  const seeds = Uint32Array.from({ length: times }, (_, i) => deriveSeed(11, i));
  const counts = new Float64Array(row.length);
  for (const choice of await run(logits, { ...options, seeds })) counts[choice]!++;
  return { counts, times };
}

for (
  const options of [
    { topK: 3 },
    { topP: 0.7 },
    { topP: 0.7, temperature: 2 },
    { topK: 4, topP: 0.8, temperature: 0.7 },
  ]
) {
  Deno.test(`frequencies follow the distribution cut by ${JSON.stringify(options)}`, async () => {
    const row = [0.3, -1, 1.5, 0, -0.4, 2, 1, 0.9];
    const { counts, times } = await countsOf(row, options);
    const expected = probabilities(
      Float64Array.from(row),
      { temperature: 1, topK: Infinity, topP: 1, ...options },
    );
    let statistic = 0;
    for (const [i, share] of expected.entries()) {
      if (share === 0) assertEquals(counts[i], 0, `column ${i} is cut away`);
      else statistic += (counts[i]! - share * times) ** 2 / (share * times);
    }
    // 7 degrees of freedom exceed 29.9 once in ten thousand; fewer exceed it less often.
    assertLess(statistic, 29.9);
  });
}

async function kept(row: readonly number[], options: Omit<SampleOptions, "seeds">) {
  const { counts } = await countsOf(row, options);
  return [...counts.keys()].filter((i) => counts[i]! > 0);
}

Deno.test("of equals the first are kept, by number and by share", async () => {
  assertEquals(await kept([1, 3, 1, 1, 3, 1], { topK: 3 }), [0, 1, 4]);
  assertEquals(await kept([1, 1, 1, 1, 1, 1, 1, 1], { topP: 0.5 }), [0, 1, 2, 3]);
  assertEquals(await kept([1, 1, 1, 1, 1, 1, 1, 1], { topP: 0.51 }), [0, 1, 2, 3, 4]);
  assertEquals(await kept([1, 1, 1, 1, 1, 1, 1, 1], { topK: 4, topP: 0.5 }), [0, 1]);
  assertEquals(await kept([-0, 0, -0, 0, -1], { topK: 3 }), [0, 1, 2]);
});

Deno.test("equals in several parts of a row are kept in their order", async () => {
  const row = new Float32Array(1200).fill(-1);
  for (const at of [3, 511, 512, 700, 1100, 1199]) row[at] = 2;
  const [times, seeds] = [300, Uint32Array.from({ length: 300 }, (_, i) => i)];
  const logits = new Float32Array(times * row.length);
  for (let i = 0; i < times; i++) logits.set(row, i * row.length);
  const chosen = await run(logits, { seeds, topK: 4 });
  assertEquals([...new Set(chosen)].sort((a, b) => a - b), [3, 511, 512, 700]);
});

Deno.test("a share that the likeliest has alone, and a count of one, leave it alone", async () => {
  assertEquals(await kept([0, 5, 1], { topP: 0.5 }), [1]);
  assertEquals(await kept([0, 5, 1], { topP: 1e-30 }), [1]);
  assertEquals(await kept([0, 5, 5], { topK: 1 }), [1]);
});

Deno.test("more than there are keeps all; impossible choices are never taken", async () => {
  assertEquals(await kept([0, 0, 0], { topK: 3 }), [0, 1, 2]);
  assertEquals(await kept([0, 0, 0], { topK: 1000, topP: 1 }), [0, 1, 2]);
  assertEquals(await kept([0, -Infinity, 0, -Infinity], { topK: 3 }), [0, 2]);
  assertEquals(await kept([0, -Infinity, 0, -Infinity], { topP: 0.999999 }), [0, 2]);
});

Deno.test("a share of almost all keeps no more than the count does, rounding or not", async () => {
  const random = new Random(12);
  const [rows, columns, topK] = [4000, 150, 40];
  // Every other row has many ties.
  const logits = numbers(random, rows * columns, 2).map((value, i) =>
    Math.floor(i / columns) % 2 === 0 ? 0.093 * Math.round(8 * value) : value
  );
  const seeds = Uint32Array.from({ length: rows }, () => random.below(2 ** 32));
  const chosen = await run(logits, { seeds, topK, topP: 1 - 2 ** -24 });
  for (const [row, choice] of chosen.entries()) {
    const among = Float64Array.from(logits.subarray(row * columns, (row + 1) * columns));
    const shares = probabilities(among, { temperature: 1, topK, topP: 1 });
    assert(shares[choice]! > 0, `row ${row}: ${choice} is not among the ${topK} likeliest`);
  }
});
