import { assert, assertEquals, assertLess } from "../../../std/assert.ts";
import { type OpenSession, openSession, type Tensor } from "../../../models/onnx/session.ts";
import { referenceLogits } from "../../reference/gpt2.ts";
import { exportToTemporary, randomModel } from "../../reference/models.ts";

const model = randomModel();
const { n_layer, n_head, n_embd, vocab_size } = model.config;
const size = n_embd / n_head;
const text = (length: number, first: number) =>
  Array.from({ length }, (_, i) => (first + 37 * i) % vocab_size);

function furthest(a: readonly number[], b: readonly number[]): number {
  assertEquals(a.length, b.length);
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? NaN))));
}

/** One run; a token of -1 is padding. */
async function run(
  { session, integers, floats }: OpenSession,
  tokens: number[][],
  { positions, mask, cache }: {
    positions: number[][];
    mask: number[][];
    cache?: Record<string, Tensor>;
  },
): Promise<Record<string, Tensor>> {
  const tensor = (rows: number[][]) =>
    integers(BigInt64Array.from(rows.flat(), BigInt), [
      rows.length,
      rows[0]?.length ?? 0,
    ]);
  const feeds: Record<string, Tensor> = {
    input_ids: tensor(tokens.map((row) => row.map((id) => Math.max(id, 0)))),
    position_ids: tensor(positions),
    attention_mask: tensor(mask),
  };
  for (let layer = 0; layer < n_layer; layer++) {
    for (const part of ["key", "value"]) {
      feeds[`past_key_values.${layer}.${part}`] = cache?.[`present.${layer}.${part}`] ??
        floats(new Float32Array(0), [tokens.length, n_head, 0, size]);
    }
  }
  return await session.run(feeds);
}

function rowsOf(tensor: Tensor | undefined): number[][] {
  assert(tensor?.data instanceof Float32Array);
  const { data } = tensor;
  const count = data.length / vocab_size;
  return Array.from(
    { length: count },
    (_, i) => [...data.subarray(i * vocab_size, (i + 1) * vocab_size)],
  );
}

async function withSession(
  use: (open: OpenSession) => Promise<void>,
): Promise<void> {
  const open = await openSession(`${exportToTemporary(model)}/model.onnx`);
  await use(open);
  await open.session.release();
}

Deno.test("a whole prompt gives the reference's logits", async () => {
  await withSession(async (open) => {
    const tokens = text(17, 3);
    const outputs = await run(open, [tokens], {
      positions: [tokens.map((_, i) => i)],
      mask: [tokens.map(() => 1)],
    });
    const expected = referenceLogits(model.config, model.parameters, tokens);
    const logits = rowsOf(outputs.logits);
    assertLess(furthest(logits.flat(), expected.flat()), 1e-4);
    assertEquals(rowsOf(outputs.last_logits), logits.slice(-1));
    const last = expected.at(-1) ?? [];
    assertEquals(outputs.next_token?.dims, [1, 1]);
    assertEquals(
      Number(outputs.next_token?.data[0]),
      last.indexOf(Math.max(...last)),
    );
  });
});

Deno.test("padding on the left changes nothing", async () => {
  await withSession(async (open) => {
    const [long, short] = [text(9, 5), text(4, 100)];
    const padding = long.length - short.length;
    const outputs = await run(
      open,
      [long, [...Array(padding).fill(-1), ...short]],
      {
        positions: [
          long.map((_, i) => i),
          [...Array(padding).fill(0), ...short.map((_, i) => i)],
        ],
        mask: [
          long.map(() => 1),
          long.map((_, i) => i < padding ? 0 : 1),
        ],
      },
    );
    const logits = rowsOf(outputs.logits);
    const { config, parameters } = model;
    assertLess(
      furthest(
        logits.slice(0, long.length).flat(),
        referenceLogits(config, parameters, long).flat(),
      ),
      1e-4,
    );
    assertLess(
      furthest(
        logits.slice(long.length + padding).flat(),
        referenceLogits(config, parameters, short).flat(),
      ),
      1e-4,
    );
  });
});

Deno.test("step by step with the cache gives what the whole text gives", async () => {
  await withSession(async (open) => {
    const texts = [text(12, 7), text(12, 200)];
    const expected = texts.map((tokens) => referenceLogits(model.config, model.parameters, tokens));
    let cache: Record<string, Tensor> = {};
    // First five tokens at once, then two, then one by one.
    for (let at = 0, count = 5; at < 12; at += count, count = at < 6 ? 2 : 1) {
      const slice = texts.map((tokens) => tokens.slice(at, at + count));
      cache = await run(open, slice, {
        positions: slice.map((row) => row.map((_, i) => at + i)),
        mask: slice.map((row) => Array(at + row.length).fill(1)),
        cache,
      });
      const wanted = expected.flatMap((rows) => rows.slice(at, at + count));
      assertLess(furthest(rowsOf(cache.logits).flat(), wanted.flat()), 1e-4);
    }
    assertEquals(cache["present.1.value"]?.dims, [2, n_head, 12, size]);
  });
});

Deno.test("an export has the model's tokenizer and always the same bytes", () => {
  const [one, two] = [exportToTemporary(model), exportToTemporary(model)];
  const names = [...Deno.readDirSync(one)].map(({ name }) => name).sort();
  assertEquals(names, [
    "config.json",
    "model.onnx",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  for (const name of names) {
    const bytes = Deno.readFileSync(`${one}/${name}`);
    assertEquals(bytes, Deno.readFileSync(`${two}/${name}`), name);
  }
});
