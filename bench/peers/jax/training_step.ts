/**
 * jax-js's training step: loss and gradient in one compiled function, AdamW in another. (As one
 * function they were no faster on `wasm`.) Neither jax-js's own attention nor norms, GELU or
 * cross-entropy written otherwise changed the time of either backend by more than noise.
 * @module
 */
import { blockUntilReady, jit, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import type { TrainingTask } from "../../protocol.ts";
import { type Prepared, readArrays, timed } from "../../serve.ts";
import { adamw, type State } from "./adamw.ts";
import { loss, type Parameters } from "./gpt.ts";

/** Loads the model and takes the first steps. */
export async function openTraining(task: TrainingTask): Promise<Prepared> {
  const training = new Training(task);
  const check: number[] = [];
  while (check.length < task.checkedSteps) check.push(await training.step());
  return {
    check,
    measure: (repetitions) =>
      timed(repetitions, async () => {
        for (let i = 0; i < repetitions; i++) await training.step();
      }),
    close: () => training.close(),
  };
}

function indices(rows: readonly (readonly number[])[]): np.Array {
  return np.array(Int32Array.from(rows.flat()), { dtype: np.int32 });
}

class Training {
  readonly #tokens: np.Array;
  readonly #targets: np.Array;
  readonly #gradient;
  readonly #update;
  #state: State;
  #steps = 0;

  constructor(private readonly task: TrainingTask) {
    const { model, tokens, targets, optimizer } = task;
    this.#tokens = indices(tokens);
    this.#targets = indices(targets);
    const arrays = [...readArrays(task.weights)];
    const all = (make: (data: Float32Array<ArrayBuffer>) => Float32Array<ArrayBuffer>) =>
      Object.fromEntries(arrays.map(([name, { shape, data }]) => {
        return [name, np.array(make(data)).reshape([...shape])];
      }));
    const zeros = (data: Float32Array) => new Float32Array(data.length);
    this.#state = [all((data) => data.slice()), all(zeros), all(zeros)];
    const batch = tokens.length;
    this.#gradient = jit(valueAndGrad((p: Parameters, x: np.Array, y: np.Array) => {
      return loss(model, batch, p, x, y);
    }));
    this.#update = jit((state: State, gradients: Parameters, c1: np.Array, c2: np.Array) => {
      return adamw(optimizer, state, gradients, c1, c2);
    });
  }

  async step(): Promise<number> {
    const { beta1, beta2 } = this.task.optimizer;
    const step = ++this.#steps;
    const [loss, gradients] = this.#gradient(
      tree.ref(this.#state[0]),
      this.#tokens.ref,
      this.#targets.ref,
    );
    const corrections = [beta1, beta2].map((beta) => np.array([1 / (1 - beta ** step)]));
    this.#state = this.#update(this.#state, gradients, corrections[0]!, corrections[1]!);
    const [value] = await loss.data();
    await blockUntilReady(this.#state);
    return value!;
  }

  close(): void {
    tree.dispose(this.#state);
    this.#tokens.dispose();
    this.#targets.dispose();
    this.#gradient.dispose();
    this.#update.dispose();
  }
}
