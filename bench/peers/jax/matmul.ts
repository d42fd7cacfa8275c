/**
 * jax-js's matrix product, compiled; a transposed operand is a view that its compiler fuses.
 * @module
 */
import { blockUntilReady, jit, numpy as np } from "@jax-js/jax";
import type { MatmulTask } from "../../protocol.ts";
import { type Prepared, readArrays, timed } from "../../serve.ts";

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
        for (let i = 1; i < repetitions; i++) multiply(a.ref, b.ref).dispose();
        const last = multiply(a.ref, b.ref);
        await blockUntilReady(last);
        last.dispose();
      }),
    close() {
      a.dispose();
      b.dispose();
      multiply.dispose();
    },
  };
}
