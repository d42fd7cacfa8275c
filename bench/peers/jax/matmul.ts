/**
 * jax-js's matrix product, compiled; a transposed operand is a view that its compiler fuses.
 *
 * jax-js computes when a result is asked for: one that is disposed of before that is never computed,
 * and would look very fast. So every result is kept until it has been waited for.
 * @module
 */
import { blockUntilReady, jit, numpy as np } from "@jax-js/jax";
import type { MatmulTask } from "../../protocol.ts";
import { type Prepared, readArrays, timed } from "../../serve.ts";

/** Results waited for together: each wait costs about 10 ms on WebGPU, each result its memory. */
const TOGETHER = 8;

/** Uploads the operands and multiplies them once. */
export async function openMatmul(task: MatmulTask): Promise<Prepared> {
  const arrays = readArrays(task.operands);
  const upload = (name: string) => {
    const { data, shape } = arrays.get(name)!;
    return np.array(data).reshape([...shape]);
  };
  const [a, b] = [upload("a"), upload("b")];
  const { transposes } = task;
  const multiply = jit((a: np.Array, b: np.Array) =>
    np.matmul(
      transposes === "TN" ? np.transpose(a) : a,
      transposes === "NT" ? np.transpose(b) : b,
    )
  );
  const values = await multiply(a.ref, b.ref).data();
  return {
    check: task.probes.map((position) => values[position]!),
    measure: (repetitions) =>
      timed(repetitions, async () => {
        for (let left = repetitions; left > 0; left -= TOGETHER) {
          const count = Math.min(left, TOGETHER);
          const results = Array.from({ length: count }, () => multiply(a.ref, b.ref));
          await blockUntilReady(results);
          for (const result of results) result.dispose();
        }
      }),
    close() {
      a.dispose();
      b.dispose();
      multiply.dispose();
    },
  };
}
