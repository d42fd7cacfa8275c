/**
 * Checkpoints of a training: everything that its further steps depend on, so that one that goes on from
 * them ends with the same bytes as one that was never stopped.
 *
 * `training.json` has what is not on the device, and what training it is of; `tensors.safetensors` the
 * parameters and the optimiser's moments. Random streams and the order of the data follow from seed and
 * step, so they are not in it. Where checkpoints are kept, whole or not at all, is the caller's affair.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import type { AdamW, StatePart } from "../kernels/kernels.ts";
import {
  eachSafetensor,
  readSafetensorShapes,
  writeSafetensorsAsTheyCome,
} from "../models/safetensors.ts";
import { CheckpointClock } from "./checkpoint_clock.ts";

/** Keeps checkpoints; a stage's are such a store. */
export interface CheckpointStore {
  /** Folder of the newest one; undefined where there is none. */
  latest(): Promise<string | undefined>;
  /** `write` fills the folder it is given. */
  save(step: number, write: (folder: string) => Promise<void>): Promise<void>;
  /** Removes all: the training begins again. */
  clear(): Promise<void>;
}

/** Whether and how often work is saved. Nothing it leaves depends on that. */
export interface CheckpointOptions {
  /** Where they are kept. */
  readonly store: CheckpointStore;
  /**
   * Steps (iterations, episodes) from one to the next. Left out: by the clock, every half minute, or less often
   * where saving would take more than a twentieth of the time.
   */
  readonly every?: number | undefined;
  /** Told where the work goes on, or why it cannot. */
  readonly log: (message: string) => void;
}

/** A training as its checkpoints see it. */
export interface CheckpointedTraining<State> {
  /** Undefined where nothing is saved. */
  readonly options: CheckpointOptions | undefined;
  /** All that the course of the training follows from, as JSON: a checkpoint of another one is refused. */
  readonly identity: Readonly<Record<string, unknown>>;
  /** Has what is on the device. */
  readonly optimizer: AdamW;
  /** What is not on the device, as JSON. */
  readonly state: z.ZodType<State>;
  /** Puts that state back. Throws where it is none, which refuses the checkpoint. */
  readonly restore: (state: State) => void;
  /** An aborted training is saved once more. */
  readonly signal: AbortSignal;
}

const FORMAT = 1;
/** Saves one training, and puts it back where a checkpoint was taken. */
export class TrainingCheckpoints<State> {
  readonly #training: CheckpointedTraining<State>;
  readonly #clock = new CheckpointClock();

  /** Touches nothing. */
  constructor(training: CheckpointedTraining<State>) {
    this.#training = training;
  }

  /** Goes on from the newest checkpoint, where there is one that fits; throws what the store throws. */
  async resume(): Promise<void> {
    const { options } = this.#training;
    const folder = await options?.store.latest();
    if (options === undefined || folder === undefined) return;
    try {
      const step = this.#restore(folder);
      options.log(`goes on from the checkpoint of step ${step}`);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      options.log(`training starts from the beginning: the checkpoint ${error.message}`);
      await options.store.clear();
    }
  }

  /**
   * Saves the training after a step, where it is time to. Throws a NonFiniteError, and saves nothing, where
   * the optimiser has met a gradient that is no number.
   */
  async offer(step: number, state: () => State): Promise<void> {
    const { options, signal } = this.#training;
    if (options === undefined) return;
    const isDue = options.every === undefined ? this.#clock.isDue : step % options.every === 0;
    if (!isDue && !signal.aborted) return;
    await this.#clock.time(async () => {
      await this.#training.optimizer.check();
      await options.store.save(step, (folder) => this.#write(folder, step, state()));
    });
  }

  async #write(folder: string, step: number, state: State): Promise<void> {
    const { optimizer, identity } = this.#training;
    const { steps, stateShapes } = optimizer;
    const file = { format: FORMAT, step, optimizerSteps: steps, identity, state };
    await Deno.writeTextFile(join(folder, "training.json"), JSON.stringify(file));
    const tensors = join(folder, "tensors.safetensors");
    await writeSafetensorsAsTheyCome(tensors, stateShapes, optimizer.readState());
  }

  /** Everything is looked at before anything is changed. Returns the step. */
  #restore(folder: string): number {
    const { optimizer, restore, identity } = this.#training;
    const file = refuseUnless(() => this.#readFile(folder), "is malformed");
    requireSame(file.identity, identity, "is of another training");
    const tensors = join(folder, "tensors.safetensors");
    const shapes = refuseUnless(() => readSafetensorShapes(tensors), "is malformed");
    const shapesOf = (all: ReadonlyMap<string, readonly number[]>) =>
      Object.fromEntries([...all].map(([name, shape]) => [name, `[${shape}]`]));
    requireSame(
      shapesOf(shapes),
      shapesOf(optimizer.stateShapes),
      "is of a model of another shape",
    );
    refuseUnless(() => restore(file.state), "is malformed");
    optimizer.restore(file.optimizerSteps, partsIn(tensors));
    return file.step;
  }

  #readFile(folder: string) {
    const schema = z.strictObject({
      format: z.literal(FORMAT),
      step: z.int().positive(),
      optimizerSteps: z.int().positive(),
      identity: z.record(z.string(), z.unknown()),
      state: this.#training.state,
    });
    return schema.parse(JSON.parse(Deno.readTextFileSync(join(folder, "training.json"))));
  }
}

/** A checkpoint that this training cannot go on from; the message is what it "is". */
class RefusedError extends Error {}

/** The result of looking at a checkpoint; what is thrown meanwhile says what is wrong with it. */
function refuseUnless<T>(look: () => T, problem: string): T {
  try {
    return look();
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new RefusedError(`${problem} (${reason})`, { cause });
  }
}

/** Both as JSON has them. */
function requireSame(
  found: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, unknown>>,
  problem: string,
): void {
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
  const text = (value: unknown) => JSON.stringify(value) ?? "nothing";
  const differences = keys.filter((key) => text(found[key]) !== text(expected[key]))
    .map((key) => `${key} is ${text(found[key])} there and ${text(expected[key])} here`);
  if (differences.length === 0) return;
  const more = differences.length > 3 ? `; and ${differences.length - 3} more` : "";
  throw new RefusedError(`${problem} (${differences.slice(0, 3).join("; ")}${more})`);
}

function* partsIn(path: string): Generator<StatePart> {
  for (const [name, { data }] of eachSafetensor(path)) yield [name, data];
}
