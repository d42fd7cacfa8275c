/**
 * The GPT in jax-js. Its arrays are counted: a use that is not the last one says `.ref`.
 *
 * The embedding is a product with one-hot rows: the gradient of a gather compiles on neither backend
 * under `jit`, while one-hot rows are computed where the product reads them.
 * @module
 */
import { nn, numpy as np, tree } from "@jax-js/jax";
import type { GptShape } from "../../protocol.ts";

/** Parameters by their names in GPT-2. */
export type Parameters = Record<string, np.Array>;

function norm(p: Parameters, name: string, x: np.Array): np.Array {
  return nn.standardize(x, -1, { epsilon: 1e-5 })
    .mul(p[`${name}.weight`]!.ref)
    .add(p[`${name}.bias`]!.ref);
}

function linear(p: Parameters, name: string, x: np.Array): np.Array {
  return np.matmul(x, p[`${name}.weight`]!.ref).add(p[`${name}.bias`]!.ref);
}

/** Causal attention of (B·T, 3C), to (B·T, C). */
function attend(model: GptShape, batch: number, sequence: number, qkv: np.Array): np.Array {
  const { heads, width } = model;
  const size = width / heads;
  const split = np.transpose(qkv.reshape([batch, sequence, 3, heads, size]), [2, 0, 3, 1, 4]);
  const [query, key] = [split.ref.slice(0), split.ref.slice(1)];
  const value = split.slice(2);
  const scores = np.matmul(query, np.swapaxes(key, -1, -2)).mul(1 / Math.sqrt(size));
  const past = np.tril(np.ones([sequence, sequence])).astype(np.bool);
  const weights = nn.softmax(np.where(past, scores, -1e9), -1);
  return np.transpose(np.matmul(weights, value), [0, 2, 1, 3]).reshape([batch * sequence, width]);
}

/** Mean cross-entropy of `targets` (B·T) behind `tokens` (B·T). */
export function loss(
  model: GptShape,
  batch: number,
  p: Parameters,
  tokens: np.Array,
  targets: np.Array,
): np.Array {
  const rows = tokens.shape[0]!;
  const { layers, width, vocabulary } = model;
  const sequence = rows / batch;
  const words = np.matmul(nn.oneHot(tokens, vocabulary), p["wte.weight"]!.ref);
  const places = p["wpe.weight"]!.ref.slice([0, sequence]);
  let x = words.reshape([batch, sequence, width]).add(places).reshape([rows, width]);
  for (let layer = 0; layer < layers; layer++) {
    const name = `h.${layer}`;
    const qkv = linear(p, `${name}.attn.c_attn`, norm(p, `${name}.ln_1`, x.ref));
    x = x.add(linear(p, `${name}.attn.c_proj`, attend(model, batch, sequence, qkv)));
    const inner = linear(p, `${name}.mlp.c_fc`, norm(p, `${name}.ln_2`, x.ref));
    x = x.add(linear(p, `${name}.mlp.c_proj`, nn.gelu(inner, { approximate: true })));
  }
  const logits = np.matmul(norm(p, "ln_f", x), np.transpose(p["wte.weight"]!.ref));
  tree.dispose(p);
  return np.sum(nn.logSoftmax(logits, -1).mul(nn.oneHot(targets, vocabulary))).mul(-1 / rows);
}
