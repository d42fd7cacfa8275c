/**
 * A model against ten training steps of PyTorch's: logits, every gradient, losses, gradient norms, and
 * every weight after the last step.
 *
 * What is compared is float32 against float32, both rounded in their own order. PyTorch's own distance
 * from float64 says how much rounding does to each tensor; ours may be FACTOR times as far from
 * PyTorch's, or FLOOR where that is less.
 * @module
 */
import { assert } from "../../std/assert.ts";
import {
  AdamW,
  categoricalLoss,
  type Device,
  type Parameters,
  Tape,
  type Tensor,
} from "../../kernels/kernels.ts";
import { type PackedBatch, packSequences } from "../../models/batch.ts";
import { tensorsOf, type Trace } from "../reference/trace.ts";

/** A model to follow the trace with. */
export interface Followed {
  readonly device: Device;
  readonly parameters: Parameters;
  hidden(tape: Tape, batch: PackedBatch, rows: Uint32Array): Tensor;
  logits(tape: Tape, hidden: Tensor): Tensor;
}

/** Values or gradients by the names of the trace, read back from the device. */
export type ReadNamed = (
  what: "values" | "gradients",
) => Promise<ReadonlyMap<string, Float32Array>>;

/** Times PyTorch's own difference between float32 and float64. */
const FACTOR = 10;
/** Of a tensor before the first step: logits are of the size of 1, gradients too. */
const FLOOR = 2e-6;
/**
 * Of a weight after ten steps: Adam divides by the gradient's size, so a rounding error in a gradient
 * near zero moves its weight by a share of the learning rate, 1e-3.
 */
const FINAL_FLOOR = 5e-5;

/** Of a loss or a norm, as a share: sums of many numbers, and a logarithm of the adapter's own. */
const SCALAR_FLOOR = 5e-6;

/** One tensor of the table. */
interface Row {
  readonly name: string;
  readonly gap: number;
  readonly tolerance: number;
}

/** Largest |a − b|; infinite where one is NaN. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert(a.length === b.length, `${a.length} elements against ${b.length}`);
  return Array.from(a).reduce((most, value, i) => {
    const gap = Math.abs(value - b[i]!);
    return Number.isNaN(gap) ? Infinity : Math.max(most, gap);
  }, 0);
}

function rowOf(
  trace: Trace<unknown>,
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): Row {
  const size = Math.max(...Array.from(expected, Math.abs));
  const floor = name.startsWith("final/")
    ? FINAL_FLOOR
    : /^(losses|gradientNorms)$/.test(name)
    ? SCALAR_FLOOR * size
    : FLOOR;
  const tolerance = Math.max(FACTOR * trace.float64_difference[name]!, floor);
  return { name, gap: difference(actual, expected), tolerance };
}

/** Throws a table of all rows, the failing ones marked, where one is beyond its tolerance. */
function assertRows(rows: readonly Row[]): void {
  const lines = rows.map(({ name, gap, tolerance }) => {
    const mark = gap <= tolerance ? " " : "✗";
    return `${mark} ${gap.toExponential(1)} of ${tolerance.toExponential(1)}  ${name}`;
  });
  const holds = rows.every(({ gap, tolerance }) => gap <= tolerance);
  assert(holds, `largest difference and tolerance of each tensor:\n${lines.join("\n")}`);
}

function batchOf(trace: Trace<unknown>): PackedBatch {
  let start = 0;
  const sequences = trace.lengths.map((length) => trace.tokens.slice(start, start += length));
  return packSequences(sequences, Math.max(...trace.lengths));
}

function stepOf(model: Followed, trace: Trace<unknown>) {
  const tape = new Tape(model.device);
  const batch = batchOf(trace);
  const total = trace.weights.reduce((sum, weight) => sum + weight, 0);
  const rows = Uint32Array.from(batch.tokens.keys());
  const logits = model.logits(tape, model.hidden(tape, batch, rows));
  const loss = categoricalLoss(tape, logits, {
    targets: Uint32Array.from(trace.targets),
    weights: Float32Array.from(trace.weights, (weight) => weight / total),
  });
  tape.backward(logits);
  return { tape, logits, losses: loss.losses };
}

async function rowsOf(
  trace: Trace<unknown>,
  prefix: "gradient0" | "final",
  read: ReadNamed,
): Promise<Row[]> {
  const actual = await read(prefix === "final" ? "values" : "gradients");
  return [...tensorsOf(trace, prefix)].map(([name, { data }]) =>
    rowOf(trace, `${prefix}/${name}`, actual.get(name)!, data)
  );
}

/** Trains the model as the trace did and asserts that both went the same way. */
export async function followTrace(
  t: Deno.TestContext,
  trace: Trace<unknown>,
  model: Followed,
  read: ReadNamed,
): Promise<void> {
  const { optimiser } = trace;
  const { stream } = model.device;
  const clip = optimiser.gradientClip;
  const adamw = new AdamW(model.device, model.parameters, { ...optimiser, clip });
  const losses: number[] = [];
  const norms: number[] = [];
  for (let i = 0; i < trace.losses.length; i++) {
    const step = stepOf(model, trace);
    if (i === 0) {
      await t.step("logits before the first step", async () => {
        const expected = trace.tensors.get("logits0")!.data;
        assertRows([rowOf(trace, "logits0", await stream.read(step.logits), expected)]);
      });
      await t.step("every gradient of the first step", async () => {
        assertRows(await rowsOf(trace, "gradient0", read));
      });
    }
    adamw.step();
    losses.push((await stream.read(step.losses)).reduce((sum, value) => sum + value, 0));
    norms.push((await stream.read(adamw.norm))[0]!);
    step.tape.release();
  }
  await t.step("losses and gradient norms of every step", () => {
    assertRows([
      rowOf(trace, "losses", losses, trace.losses),
      rowOf(trace, "gradientNorms", norms, trace.gradientNorms),
    ]);
  });
  await t.step("every weight after the last step", async () => {
    assertRows(await rowsOf(trace, "final", read));
  });
  adamw.release();
}
