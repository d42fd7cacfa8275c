import {
  assert,
  assertEquals,
  assertLess,
  assertNotEquals,
  assertRejects,
} from "../../../std/assert.ts";
import { type GenerateOptions, Generator } from "../../../models/onnx/generator.ts";
import { referenceLogits } from "../../reference/gpt2.ts";
import { exportToTemporary, randomModel, recitingModel } from "../../reference/models.ts";

const greedy: GenerateOptions = {
  maxTokens: 8,
  temperature: 0,
  seed: 1,
  batchSize: 64,
  signal: new AbortController().signal,
};
const model = randomModel();
const { vocab_size, n_positions } = model.config;
const prompts = [9, 3, 14, 1, 9, 6].map((length, n) =>
  Array.from({ length }, (_, i) => (31 * n + 53 * i + 7) % vocab_size)
);

async function withGenerator(
  of: typeof model,
  use: (generator: Generator) => Promise<void>,
): Promise<void> {
  const generator = await Generator.open(exportToTemporary(of));
  await use(generator);
  await generator.release();
}

Deno.test("greedy writing follows the reference's most likely tokens", async () => {
  await withGenerator(model, async (generator) => {
    const written = await generator.generate(prompts, greedy);
    prompts.forEach((prompt, row) => {
      const text = [...prompt];
      for (const token of written[row] ?? []) {
        const logits = referenceLogits(model.config, model.parameters, text);
        const last = logits.at(-1) ?? [];
        assertEquals(token, last.indexOf(Math.max(...last)));
        text.push(token);
      }
      assertEquals(text.length, prompt.length + 8);
    });
  });
});

Deno.test("what is written does not depend on the batch", async () => {
  await withGenerator(model, async (generator) => {
    for (const temperature of [0, 1]) {
      const options = { ...greedy, temperature, maxTokens: 12 };
      const together = await generator.generate(prompts, options);
      const pairs = await generator.generate(prompts, {
        ...options,
        batchSize: 2,
      });
      const backwards = await generator.generate(
        prompts.toReversed(),
        options,
      );
      const alone = await generator.generate(prompts.slice(2, 3), options);
      assertEquals(pairs, together);
      assertEquals(backwards.toReversed(), together);
      assertEquals(alone[0], together[2]);
    }
  });
});

Deno.test("rows that go on are not mixed up when others are dropped", async () => {
  await withGenerator(model, async (generator) => {
    // Short and long prompts alike end early, so that rows in the middle go on.
    const early = (prompt: readonly number[]) => prompt.length % 3 > 0;
    const uneven = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13].map((length, n) =>
      Array.from({ length }, (_, i) => (71 * n + 29 * i + 1) % vocab_size)
    );
    const options = { ...greedy, maxTokens: 20 };
    const alone: number[][] = [];
    for (const prompt of uneven) {
      const [written = []] = await generator.generate([prompt], {
        ...options,
        maxTokens: early(prompt) ? 8 : 20,
      });
      alone.push(written);
    }
    const ends = alone.filter(({ length }) => length === 8)
      .map((tokens) => tokens.join());
    const together = await generator.generate(uneven, {
      ...options,
      isComplete: (tokens) => ends.includes(tokens.join()),
    });
    assertEquals(together, alone);
    assertEquals(alone.map(({ length }) => length).sort(), [
      ...Array(3).fill(20),
      ...Array(7).fill(8),
    ]);
  });
});

Deno.test("drawing follows the seed and the temperature", async () => {
  await withGenerator(model, async (generator) => {
    const draw = (seed: number, temperature: number) =>
      generator.generate(prompts, { ...greedy, seed, temperature });
    const one = await draw(1, 1);
    assertEquals(await draw(1, 1), one);
    assertNotEquals(await draw(2, 1), one);
    assertEquals(
      await draw(1, 1e-4),
      await generator.generate(prompts, greedy),
    );
  });
});

Deno.test("drawn tokens are as frequent as the model says", async () => {
  await withGenerator(model, async (generator) => {
    const prompt = prompts[0] ?? [];
    const last = referenceLogits(model.config, model.parameters, prompt)
      .at(-1) ?? [];
    const sum = last.reduce((total, logit) => total + Math.exp(2 * logit), 0);
    const counts = new Map<number, number>();
    const options = { ...greedy, maxTokens: 1, temperature: 0.5 };
    const draws = 2000;
    for (let seed = 0; seed < draws; seed++) {
      const [written] = await generator.generate([prompt], {
        ...options,
        seed,
      });
      const token = written?.[0] ?? 0;
      counts.set(token, (counts.get(token) ?? 0) + 1);
    }
    const likely = last.indexOf(Math.max(...last));
    const expected = Math.exp(2 * (last[likely] ?? 0)) / sum;
    const deviation = Math.sqrt(expected * (1 - expected) / draws);
    const share = (counts.get(likely) ?? 0) / draws;
    assertLess(Math.abs(share - expected), 4 * deviation);
    assert(counts.size > 20);
  });
});

Deno.test("rows end at the end of text, each for itself", async () => {
  const script = Array.from({ length: 24 }, (_, i) => 50 + i);
  await withGenerator(recitingModel(script), async (generator) => {
    // Long prompts reach the script's end first; their rows are dropped on the way.
    const lengths = [23, 2, 20, 22, 21, 24, 25, 10];
    const written = await generator.generate(
      lengths.map((length) => Array(length).fill(5)),
      { ...greedy, maxTokens: 100 },
    );
    assertEquals(written, lengths.map((length) => script.slice(length - 1)));
  });
});

Deno.test("writing stops at the longest text, at the model's positions, and on demand", async () => {
  const script = Array(n_positions).fill(70);
  await withGenerator(recitingModel(script), async (generator) => {
    const count = async (length: number, change: Partial<GenerateOptions>) => {
      const [written] = await generator.generate([Array(length).fill(5)], {
        ...greedy,
        ...change,
      });
      return written?.length;
    };
    assertEquals(await count(4, { maxTokens: 11 }), 11);
    assertEquals(await count(30, { maxTokens: 100 }), n_positions - 30);
    const isComplete = (tokens: readonly number[]) => tokens.length >= 10;
    assertEquals(await count(4, { maxTokens: 100, isComplete }), 16);
  });
});

Deno.test("prompts that leave no room are refused", async () => {
  await withGenerator(model, async (generator) => {
    for (const length of [0, n_positions]) {
      await assertRejects(
        () => generator.generate([Array(length).fill(5)], greedy),
        RangeError,
        `a prompt of ${length} tokens`,
      );
    }
  });
});

Deno.test("an abort ends it between tokens", async () => {
  await withGenerator(model, async (generator) => {
    const controller = new AbortController();
    let tokens = 0;
    const isComplete = (written: readonly number[]) => {
      tokens = written.length;
      controller.abort(new Error("enough"));
      return false;
    };
    await assertRejects(
      () =>
        generator.generate([[5]], {
          ...greedy,
          maxTokens: 30,
          isComplete,
          signal: controller.signal,
        }),
      Error,
      "enough",
    );
    assertEquals(tokens, 8);
  });
});

Deno.test("a file that is no model is refused", async () => {
  const folder = exportToTemporary(model);
  Deno.writeTextFileSync(`${folder}/model.onnx`, "nonsense");
  await assertRejects(
    () => Generator.open(folder),
    TypeError,
    `onnxruntime cannot load ${folder}/model.onnx`,
  );
});
