/**
 * Our training step: forward, cross-entropy, backward, AdamW, and the loss read back.
 * @module
 */
import { AdamW, categoricalLoss, type Device, Tape } from "../../kernels/kernels.ts";
import { packSequences } from "../../models/batch.ts";
import { Gpt2 } from "../../models/gpt2.ts";
import { gptConfig } from "../gpt.ts";
import type { TrainingTask } from "../protocol.ts";
import { type Prepared, readArrays, timed } from "../serve.ts";

/** Loads the model and takes the first steps. */
export async function openTraining(device: Device, task: TrainingTask): Promise<Prepared> {
  const weights = new Map(
    [...readArrays(task.weights)].map(([name, { shape, data }]) => {
      return [`transformer.${name}`, { shape: [...shape], data }];
    }),
  );
  const model = Gpt2.load(device, gptConfig(task.model), weights, { trainable: true });
  const optimizer = new AdamW(device, model.parameters, { ...task.optimizer, clip: 0 });
  const step = () => trainingStep(device, model, optimizer, task);
  const check: number[] = [];
  while (check.length < task.checkedSteps) check.push(await step());
  return {
    check,
    measure: (repetitions) =>
      timed(repetitions, async () => {
        for (let i = 0; i < repetitions; i++) await step();
      }),
    close() {
      optimizer.release();
      model.release();
    },
  };
}

async function trainingStep(
  device: Device,
  model: Gpt2,
  optimizer: AdamW,
  task: TrainingTask,
): Promise<number> {
  const tape = new Tape(device);
  const batch = packSequences(task.tokens, task.model.positions);
  const rows = Uint32Array.from(batch.tokens.keys());
  const logits = model.logits(tape, model.hidden(tape, batch, rows));
  const { losses } = categoricalLoss(tape, logits, {
    targets: Uint32Array.from(task.targets.flat()),
    weights: new Float32Array(rows.length).fill(1 / rows.length),
  });
  tape.backward(logits);
  optimizer.step();
  const values = await device.stream.read(losses);
  tape.release();
  return values.reduce((sum, loss) => sum + loss, 0);
}
