/**
 * The pass through a decoder's blocks, which is alike in all families.
 * @module
 */
import { attention, gatherRows, type Tape, type Tensor } from "../kernels/kernels.ts";
import type { PackedBatch } from "./batch.ts";
import type { CausalModel } from "./causal_model.ts";

/** What {@linkcode CausalModel.hidden} gives: final hidden states (N, C) of the wanted rows (N). */
export function hiddenStates(
  model: CausalModel,
  tape: Tape,
  batch: PackedBatch,
  rows: Uint32Array,
  { checkpoint = false }: { readonly checkpoint?: boolean },
): Tensor {
  const last = model.shape.layers - 1;
  let x = model.embed(tape, batch.tokens, batch.positions);
  for (let layer = 0; layer <= last; layer++) {
    const wanted = layer === last ? rows : undefined;
    const pass = (tape: Tape, [x]: readonly Tensor[]) =>
      block(model, tape, layer, x!, batch, wanted);
    x = checkpoint ? tape.checkpoint([x], pass) : pass(tape, [x]);
  }
  return model.finalNorm(tape, x);
}

/** A whole block, (M, C); of the last one only the wanted rows are computed to the end. */
function block(
  model: CausalModel,
  tape: Tape,
  layer: number,
  x: Tensor,
  { positions, spans }: PackedBatch,
  wanted: Uint32Array | undefined,
): Tensor {
  const { heads, keyValueHeads } = model.shape;
  const qkv = model.queryKeyValue(tape, layer, x, positions);
  const attended = attention(tape, qkv, { heads, keyValueHeads, spans });
  if (wanted === undefined) return model.finishBlock(tape, layer, x, attended);
  const rows = gatherRows(tape, attended, wanted);
  return model.finishBlock(tape, layer, gatherRows(tape, x, wanted), rows);
}
