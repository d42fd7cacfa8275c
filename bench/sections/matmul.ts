/**
 * Matrix products by shape, and the adapter's peak to hold them against.
 * @module
 */
import type { Contest } from "../contest.ts";
import { writeArrays } from "../gpt.ts";
import type { MatmulTask, Transposes } from "../protocol.ts";
import type { MatmulRow, Results } from "../results.ts";
import type { Worker } from "../worker.ts";
import { Random } from "../../std/random.ts";

/** A product by its transposes and M, K, N. */
export type Product = readonly [Transposes, number, number, number];

/** Two cubes, the products of a training step, and one whose operands exceed any cache. */
export const products: readonly Product[] = [
  ["NN", 512, 512, 512],
  ["NN", 1024, 1024, 1024],
  ["NN", 2048, 128, 512],
  ["NN", 2048, 512, 128],
  ["NN", 1024, 384, 1536],
  ["TN", 512, 2048, 128],
  ["NT", 1024, 1536, 384],
  ["NN", 4096, 1024, 1024],
];

/** Elements of a result that are compared. */
const PROBES = 16;
/** Sums of a few thousand products of numbers below 1/2 in different orders. */
const TOLERANCE = 1e-3;

/** `NN 1024 × 1024 × 1024`. */
export function labelOf([transposes, ...shape]: Product): string {
  return `${transposes} ${shape.join(" × ")}`;
}

/** The task of a product, its random operands written into `folder`. */
export function matmulTask(folder: string, [transposes, m, k, n]: Product): MatmulTask {
  const random = new Random(3);
  const operand = (rows: number, columns: number, transposed: boolean) => ({
    shape: transposed ? [columns, rows] : [rows, columns],
    data: Float32Array.from({ length: rows * columns }, () => random.next() - 0.5),
  });
  const operands = new Map([
    ["a", operand(m, k, transposes === "TN")],
    ["b", operand(k, n, transposes === "NT")],
  ]);
  return {
    kind: "matmul",
    transposes,
    shape: [m, k, n],
    operands: writeArrays(`${folder}/operands.f32`, operands),
    probes: Array.from({ length: PROBES }, () => random.below(m * n)),
  };
}

/**
 * Measures products, and before each of them the adapter's peak, because a busy machine hides it: the
 * best one counts for all. A product on the adapter that beats it is told as a problem: the peak is
 * none then.
 */
export async function measureMatmul(
  contest: Contest,
  folder: string,
  shapes: readonly Product[] = products,
): Promise<Pick<Results, "peak" | "matmul">> {
  const rows: MatmulRow[] = [];
  let peak = 0;
  for (const product of shapes) {
    peak = Math.max(peak, await measurePeak(contest.ours));
    const [transposes, m, k, n] = product;
    const label = labelOf(product);
    const rates = await contest.run(label, matmulTask(folder, product), {
      amount: 2 * m * k * n / 1e9,
      tolerance: TOLERANCE,
    });
    rows.push({ shape: [m, k, n], transposes, ...rates });
    console.error(`${label}: ${describe(rates)}`);
  }
  // Of the peers, one alone computes on the adapter; the processor itself may well be faster.
  const onAdapter = rows.flatMap(({ ours, peers }) => [ours, peers["jax-js-webgpu"] ?? 0]);
  const fastest = Math.max(...onAdapter);
  if (fastest > peak) {
    contest.note(
      `peak: measured as ${peak.toFixed(1)} GFLOP/s, but a product reached ${
        fastest.toFixed(1)
      }; ` +
        `shares of it are too high`,
    );
  }
  return { peak, matmul: rows.map((row) => ({ ...row, shareOfPeak: row.ours / peak })) };
}

function describe({ ours, peers }: Pick<MatmulRow, "ours" | "peers">): string {
  const others = Object.entries(peers).map(([name, rate]) => `${name} ${rate.toFixed(1)}`);
  return [`ours ${ours.toFixed(1)}`, ...others].join(", ") + " GFLOP/s";
}

/** The adapter's peak in GFLOP/s. */
async function measurePeak(worker: Worker): Promise<number> {
  await worker.ask({ method: "open", task: { kind: "peak" } });
  const { seconds } = await worker.ask({ method: "measure", repetitions: 1 });
  await worker.ask({ method: "close" });
  return 1 / seconds!;
}
