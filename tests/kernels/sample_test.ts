/**
 * Sampling: the likeliest choice, the softmax's distribution, the mask, the seeds. What is kept of
 * the likeliest is tested in `sample_cut_test.ts`.
 */
import { assert, assertEquals, assertRejects, assertThrows } from "../../std/assert.ts";
import {
  NonFiniteError,
  readChoices,
  sample,
  type SampleOptions,
  ShapeError,
  Tape,
  Tensor,
} from "../../kernels/kernels.ts";
import { deriveSeed, Random } from "../../std/random.ts";
import { useGpu } from "./gpu.ts";
import { between, forAll, numbers } from "./property.ts";
import { logSoftmax } from "./reference/categorical_loss.ts";

const gpu = useGpu();

function run(
  logits: Float32Array<ArrayBuffer>,
  options: SampleOptions,
  storage: "f32" | "f16" = "f32",
): Promise<Uint32Array> {
  return gpu().run((tape) => {
    const rows = options.seeds.length;
    const input = gpu().leaf(tape, logits, [rows, logits.length / rows], storage);
    return readChoices(tape.device, sample(tape, input, options));
  }, { gradients: false });
}

/** The same row, again and again. */
function repeated(row: Float32Array, times: number): Float32Array<ArrayBuffer> {
  const all = new Float32Array(row.length * times);
  for (let i = 0; i < times; i++) all.set(row, i * row.length);
  return all;
}

/** Pearson's Σ (observed − expected)² / expected. */
function chiSquare(chosen: Uint32Array, probabilities: Float64Array): number {
  const counts = new Float64Array(probabilities.length);
  for (const choice of chosen) counts[choice]!++;
  return probabilities.reduce((sum, p, i) => {
    const expected = p * chosen.length;
    return sum + (counts[i]! - expected) ** 2 / expected;
  }, 0);
}

for (const storage of ["f32", "f16"] as const) {
  Deno.test(`temperature 0 takes the likeliest of the choices in ${storage}, the first of equals`, () =>
    forAll(8, async (random) => {
      const [rows, columns] = [
        between(random, 1, 30),
        between(random, 1, random.next() < 0.5 ? 50 : 1600),
      ];
      const logits = numbers(random, rows * columns, 5).map(Math.round);
      const choices = Uint32Array.from(
        { length: rows },
        () => between(random, 1, columns),
      );
      const chosen = await run(logits, {
        seeds: new Uint32Array(rows),
        temperature: 0,
        choices,
      }, storage);
      const expected = choices.map((count, row) => {
        const among = logits.slice(row * columns, row * columns + count);
        return among.indexOf(among.reduce((a, b) => Math.max(a, b)));
      });
      assertEquals(chosen, expected);
    }));
}

for (
  const { temperature, seeds } of [
    { temperature: 1, seeds: "consecutive" },
    { temperature: 0.5, seeds: "derived" },
    { temperature: 2, seeds: "multiples of 65,536" },
  ]
) {
  Deno.test(`choices follow the softmax at temperature ${temperature}, seeds ${seeds}`, async () => {
    const times = 20_000;
    const row = Float32Array.of(0.3, -1, 1.5, 0, -0.4, 2, 1);
    const count = 6; // the last column is no choice
    const chosen = await run(repeated(row, times), {
      temperature,
      choices: new Uint32Array(times).fill(count),
      seeds: Uint32Array.from({ length: times }, (_, i) => {
        if (seeds === "derived") return deriveSeed(7, i);
        return seeds === "consecutive" ? i : i * 65_536;
      }),
    });
    assert(chosen.every((choice) => choice < count));
    const scaled = Float64Array.from(row, (logit) => logit / temperature);
    const statistic = chiSquare(
      chosen,
      logSoftmax(scaled, count).map(Math.exp),
    );
    // 5 degrees of freedom exceed 25.7 once in ten thousand.
    assert(statistic < 25.7, `chi square is ${statistic}`);
  });
}

Deno.test("a seed decides the choice, whichever row it stands in", async () => {
  const row = numbers(new Random(1), 200);
  const seeds = Uint32Array.from({ length: 60 }, (_, i) => deriveSeed(3, i));
  const logits = repeated(row, seeds.length);
  const chosen = await run(logits, { seeds });
  assertEquals(await run(logits, { seeds }), chosen);
  const reversed = await run(logits, { seeds: seeds.slice().reverse() });
  assertEquals(reversed.reverse(), chosen);
  assert(new Set(chosen).size > 30, "different seeds choose differently");
});

Deno.test("choices whose probability vanishes are never taken", async () => {
  const row = Float32Array.of(-Infinity, 5, -200, 5, -Infinity);
  const seeds = Uint32Array.from({ length: 500 }, (_, i) => i);
  const chosen = await run(repeated(row, seeds.length), { seeds });
  assertEquals([...new Set(chosen)].sort(), [1, 3]);
});

Deno.test("the last draw before 1 is a choice, even where rounding leaves a remainder", async () => {
  // The seed whose draw is the largest there is; the first and the last column have no
  // probability.
  const rows = 300;
  const seeds = new Uint32Array(rows).fill(29_400_446);
  const logits = numbers(new Random(4), rows * 100);
  for (let row = 0; row < rows; row++) logits[row * 100] = logits[row * 100 + 99] = -Infinity;
  const chosen = await run(logits, { seeds });
  assert(chosen.every((choice) => choice > 0 && choice < 99));
});

const WIDE = 304_001;

Deno.test("a vocabulary of 304,001 can yield its last column, in any row", async () => {
  const row = new Float32Array(WIDE).fill(-50);
  row[WIDE - 1] = 50;
  const seeds = Uint32Array.from({ length: 5 }, (_, i) => i);
  const likeliest = await run(repeated(row, 5), { seeds, temperature: 0 });
  assertEquals([...likeliest], Array(5).fill(WIDE - 1));
  row[WIDE - 2] = 50;
  const chosen = await run(repeated(row, 5), { seeds });
  assertEquals([...new Set(chosen)].sort(), [WIDE - 2, WIDE - 1]);
});

for (const temperature of [0, 1]) {
  Deno.test(`a row without a finite highest logit is an error at temperature ${temperature}`, async () => {
    const seeds = Uint32Array.of(1, 2, 3);
    for (const odd of [NaN, Infinity, -NaN]) {
      for (const at of [600, 1199]) {
        const logits = numbers(new Random(1), 1800);
        logits[at] = odd;
        await assertRejects(
          () => run(logits, { seeds, temperature }),
          NonFiniteError,
          "row 1 of 3: its logits hold NaN or infinity",
        );
      }
    }
    const behind = numbers(new Random(1), 1800).fill(NaN, 1100, 1200);
    const choices = Uint32Array.of(600, 500, 600);
    assertEquals((await run(behind, { seeds, temperature, choices })).length, 3);
    const nothing = new Float32Array(3).fill(-Infinity);
    await assertRejects(
      () => run(nothing, { seeds: Uint32Array.of(1), temperature }),
      NonFiniteError,
      "row 0 of 1",
    );
  });
}

const WIDEST = 512 * 32_000;

Deno.test("the widest row is walked to its end", async () => {
  const row = new Float32Array(WIDEST).fill(-60);
  row[WIDEST - 1] = 5;
  for (const temperature of [0, 1]) {
    const chosen = await run(row, { seeds: Uint32Array.of(3), temperature });
    assertEquals([...chosen], [WIDEST - 1]);
  }
});

Deno.test("sample refuses rows without choices, and shapes that do not fit", () => {
  const tape = new Tape(gpu().device);
  const logits = tape.empty([2, 5]);
  const refuses = (
    options: Partial<SampleOptions>,
    message: string,
    input = logits,
  ) =>
    assertThrows(
      () => sample(tape, input, { seeds: Uint32Array.of(1, 2), ...options }),
      ShapeError,
      message,
    );
  refuses({ seeds: Uint32Array.of(1) }, "got 1 and 2");
  refuses({ choices: Uint32Array.of(1) }, "got 2 and 1");
  refuses({ choices: Uint32Array.of(1, 0) }, "row 1 has 0 choices");
  refuses({ choices: Uint32Array.of(6, 1) }, "row 0 has 6 choices");
  const wide = new Tensor([2, WIDEST + 1], logits.buffer, 0, false);
  refuses({}, `at most ${WIDEST} columns`, wide);
  refuses({}, "holds u32, not floats", tape.empty([2, 5], { type: "u32" }));
  for (
    const [options, message] of [
      [{ temperature: -1 }, "temperature is -1"],
      [{ temperature: NaN }, "temperature is NaN"],
      [{ topK: 0 }, "topK is 0"],
      [{ topK: 1.5 }, "topK is 1.5"],
      [{ topP: 0 }, "topP is 0"],
      [{ topP: 1.01 }, "topP is 1.01"],
      [{ topP: NaN }, "topP is NaN"],
    ] as const
  ) {
    assertThrows(
      () => sample(tape, logits, { seeds: Uint32Array.of(1, 2), ...options }),
      RangeError,
      message,
    );
  }
  tape.release();
});
