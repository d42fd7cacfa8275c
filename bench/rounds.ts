/**
 * One task, measured on several workers in turns: ours, a peer, the next peer, ours again. Whatever
 * slows the machine for a while hits all alike.
 * @module
 */
import type { Task } from "./protocol.ts";
import type { Worker } from "./worker.ts";

/** How long to measure. */
export interface Effort {
  /** Measurements of each worker. */
  readonly rounds: number;
  /** Seconds one measurement should take; a slow task is run once however long it takes. */
  readonly seconds: number;
  /** A worker that has used so many seconds leaves after a round; it is measured once at least. */
  readonly patience: number;
}

/** What came out of comparing. */
export interface Comparison {
  /** Seconds of one repetition by worker, one a round. Empty for a worker that failed. */
  readonly seconds: ReadonlyMap<string, readonly number[]>;
  /** The first worker's check. */
  readonly check: readonly number[];
  /** What went wrong, by worker. */
  readonly problems: ReadonlyMap<string, string>;
}

/** Repetitions a measurement may have. */
const MOST_REPETITIONS = 100;

/**
 * Whether two checks agree: as many numbers, none further apart than `tolerance`; otherwise where they
 * differ.
 */
export function disagreement(
  expected: readonly number[],
  actual: readonly number[],
  tolerance: number,
): string | undefined {
  if (actual.length !== expected.length) {
    return `${actual.length} results where ours has ${expected.length}`;
  }
  const position = expected.findIndex((value, i) => !(Math.abs(value - actual[i]!) <= tolerance));
  if (position < 0) return undefined;
  return `result ${position + 1} is ${actual[position]}, ours is ${expected[position]}`;
}

/**
 * Opens the task on every worker, checks that all compute the same as the first, then measures. A
 * worker that fails or disagrees is left out and its problem told; where the first fails, this throws.
 */
export async function compare(
  workers: readonly Worker[],
  task: Task,
  tolerance: number,
  effort: Effort,
): Promise<Comparison> {
  const problems = new Map<string, string>();
  const entrants: Entrant[] = [];
  let check: readonly number[] = [];
  for (const worker of workers) {
    const first = worker === workers[0];
    try {
      const opened = (await worker.ask({ method: "open", task })).check!;
      if (first) check = opened;
      const wrong = disagreement(check, opened, tolerance);
      if (wrong === undefined) entrants.push(await calibrate(worker, effort));
      else problems.set(worker.name, `it computes something else: ${wrong}`);
    } catch (error) {
      if (first) throw error;
      problems.set(worker.name, (error as Error).message);
    }
  }
  await measure(entrants, effort, problems);
  for (const worker of workers) await close(worker, problems);
  const seconds = new Map(entrants.map((entrant) => [entrant.worker.name, entrant.seconds]));
  return { seconds, check, problems };
}

/** A worker with a problem may have no task open, or be gone. */
async function close(worker: Worker, problems: ReadonlyMap<string, string>): Promise<void> {
  try {
    await worker.ask({ method: "close" });
  } catch (error) {
    if (!problems.has(worker.name)) throw error;
  }
}

interface Entrant {
  readonly worker: Worker;
  readonly repetitions: number;
  readonly seconds: number[];
  spent: number;
}

/** One run to warm up, which also tells how many a measurement should have. */
async function calibrate(worker: Worker, effort: Effort): Promise<Entrant> {
  const { seconds } = await worker.ask({ method: "measure", repetitions: 1 });
  const wanted = Math.round(effort.seconds / seconds!);
  return {
    worker,
    repetitions: Math.min(Math.max(wanted, 1), MOST_REPETITIONS),
    seconds: [],
    spent: seconds!,
  };
}

async function measure(
  entrants: readonly Entrant[],
  { rounds, patience }: Effort,
  problems: Map<string, string>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const entrant of entrants) {
      const { worker, repetitions, spent } = entrant;
      if (round > 0 && spent > patience || problems.has(worker.name)) continue;
      try {
        const { seconds } = await worker.ask({ method: "measure", repetitions });
        entrant.seconds.push(seconds!);
        entrant.spent += seconds! * repetitions;
      } catch (error) {
        // Without the first there is nothing to compare with.
        if (entrant === entrants[0]) throw error;
        problems.set(worker.name, (error as Error).message);
        entrant.seconds.length = 0;
      }
    }
  }
}
