/**
 * Our matrix product. Operands start as buffers each time: turning them into textures is part of
 * the price, as it is in a training step.
 * @module
 */
import { type Device, matmul, Tape } from "../../kernels/kernels.ts";
import type { MatmulTask } from "../protocol.ts";
import { type Prepared, readArrays, timed } from "../serve.ts";

/** Uploads the operands and multiplies them once. */
export async function openMatmul(device: Device, task: MatmulTask): Promise<Prepared> {
  const arrays = readArrays(task.operands);
  const upload = (name: string) => {
    const { data, shape } = arrays.get(name)!;
    return device.upload(data, shape);
  };
  const [a, b] = [upload("a"), upload("b")];
  const out = device.empty([task.shape[0], task.shape[2]]);
  const multiply = () => {
    const tape = new Tape(device, { gradients: false });
    matmul(tape, { transposes: task.transposes, a, b, out });
    tape.release();
  };
  multiply();
  const values = await device.stream.read(out);
  return {
    check: task.probes.map((position) => values[position]!),
    measure: (repetitions) =>
      timed(repetitions, async () => {
        for (let i = 0; i < repetitions; i++) multiply();
        await device.stream.settle();
      }),
    close() {
      for (const { buffer } of [a, b, out]) device.pool.release(buffer);
    },
  };
}
