/**
 * GPT-2's forward pass in plain float64: slow, and short enough to be checked by eye. Every other
 * implementation is compared with this one, and this one with PyTorch.
 */
import type { Gpt2Config } from "../../models/gpt2_config.ts";
import type { Tensor } from "../../models/safetensors.ts";

/** A matrix as rows. */
type Matrix = number[][];

/**
 * Logits of one sequence.
 *
 * @param parameters by their Hugging Face names, `transformer.` prefix included
 * @param tokens at positions 0, 1, …
 * @returns one row of `vocab_size` logits for each position
 */
export function referenceLogits(
  config: Gpt2Config,
  parameters: ReadonlyMap<string, Tensor>,
  tokens: readonly number[],
): Matrix {
  const get = (name: string): Matrix => {
    const tensor = parameters.get(`transformer.${name}`);
    if (tensor === undefined) throw new Error(`no parameter ${name}`);
    const columns = tensor.shape.at(-1) ?? 1;
    const rows = tensor.data.length / columns;
    return Array.from(
      { length: rows },
      (_, r) => [...tensor.data.subarray(r * columns, (r + 1) * columns)],
    );
  };
  const norm = (x: Matrix, name: string) =>
    layerNorm(x, get(`${name}.weight`), get(`${name}.bias`), config);
  const linear = (x: Matrix, name: string) =>
    addRow(multiply(x, get(`${name}.weight`)), get(`${name}.bias`));

  const [embedding, position] = [get("wte.weight"), get("wpe.weight")];
  let x = tokens.map((token, at) => add([embedding[token] ?? []], [position[at] ?? []])[0] ?? []);
  for (let layer = 0; layer < config.n_layer; layer++) {
    const block = `h.${layer}`;
    const attended = attention(
      linear(norm(x, `${block}.ln_1`), `${block}.attn.c_attn`),
      config,
    );
    x = add(x, linear(attended, `${block}.attn.c_proj`));
    const hidden = linear(norm(x, `${block}.ln_2`), `${block}.mlp.c_fc`)
      .map((row) => row.map(gelu));
    x = add(x, linear(hidden, `${block}.mlp.c_proj`));
  }
  return multiply(norm(x, "ln_f"), transpose(embedding));
}

function attention(qkv: Matrix, { n_head, n_embd }: Gpt2Config): Matrix {
  const size = n_embd / n_head;
  const part = (row: number[], which: number, head: number) =>
    row.slice(which * n_embd + head * size, which * n_embd + (head + 1) * size);
  return qkv.map((row, at) => {
    const result: number[] = [];
    for (let head = 0; head < n_head; head++) {
      const seen = qkv.slice(0, at + 1);
      const query = part(row, 0, head);
      const scores = seen.map((other) => dot(query, part(other, 1, head)) / Math.sqrt(size));
      const values = seen.map((other) => part(other, 2, head));
      result.push(...multiply([softmax(scores)], values)[0] ?? []);
    }
    return result;
  });
}

function softmax(scores: number[]): number[] {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

function gelu(x: number): number {
  const inner = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
  return 0.5 * x * (1 + Math.tanh(inner));
}

function layerNorm(
  x: Matrix,
  [weight = []]: Matrix,
  [bias = []]: Matrix,
  config: Gpt2Config,
): Matrix {
  return x.map((row) => {
    const mean = row.reduce((a, b) => a + b, 0) / row.length;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length;
    const scale = 1 / Math.sqrt(variance + config.layer_norm_epsilon);
    return row.map((value, i) => (value - mean) * scale * (weight[i] ?? 0) + (bias[i] ?? 0));
  });
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

function multiply(a: Matrix, b: Matrix): Matrix {
  const columns = transpose(b);
  return a.map((row) => columns.map((column) => dot(row, column)));
}

function transpose(a: Matrix): Matrix {
  return (a[0] ?? []).map((_, column) => a.map((row) => row[column] ?? 0));
}

function add(a: Matrix, b: Matrix): Matrix {
  return a.map((row, r) => row.map((value, c) => value + (b[r]?.[c] ?? 0)));
}

function addRow(a: Matrix, [row = []]: Matrix): Matrix {
  return a.map((values) => values.map((value, c) => value + (row[c] ?? 0)));
}
