/**
 * The order in which instances run: each once what it needs is over, as many at a time as there is room.
 * @module
 */
import type { StageInstance } from "./workflow.ts";

/** How much may run at a time. */
export interface Room {
  /** Instances. At least 1. */
  readonly instances: number;
  /** Instances that compute on the device. At least 1. */
  readonly onDevice: number;
}

/** Steps through the instances of one workflow; used once. */
export class Schedule {
  /** Instances whose needs are over, by their place in the plan. */
  readonly #ready: number[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #missing: number[];
  readonly #dependents: number[][];
  #onDevice = 0;

  /** `instances` are in the order of the plan: each behind those it needs. */
  constructor(readonly instances: readonly StageInstance[], readonly room: Room) {
    const places = new Map(instances.map(({ name }, place) => [name, place]));
    this.#dependents = instances.map(() => []);
    this.#missing = instances.map(({ needs }, place) => {
      const needed = new Set(needs.flatMap((name) => places.get(name) ?? []));
      for (const other of needed) this.#dependents[other]?.push(place);
      return needed.size;
    });
    this.#missing.forEach((count, place) => {
      if (count === 0) this.#ready.push(place);
    });
  }

  /**
   * Takes `step` through every instance; where several could be next, in the order of the plan. No new
   * one begins once the signal is aborted or a step has thrown; that error is thrown when those that
   * run are over.
   */
  async run(step: (instance: StageInstance) => Promise<void>, signal: AbortSignal): Promise<void> {
    const errors: unknown[] = [];
    for (;;) {
      const next = signal.aborted || errors.length > 0 ? undefined : this.#next();
      if (next !== undefined) {
        this.#begin(next, step, errors);
        continue;
      }
      if (this.#running.size === 0) break;
      await Promise.race(this.#running);
    }
    if (errors.length > 0) throw errors[0];
  }

  /** The first instance that there is room for. */
  #next(): number | undefined {
    if (this.#running.size >= this.room.instances) return undefined;
    const at = this.#ready.findIndex((place) =>
      !this.#usesDevice(place) || this.#onDevice < this.room.onDevice
    );
    return at === -1 ? undefined : this.#ready.splice(at, 1)[0];
  }

  #begin(
    place: number,
    step: (instance: StageInstance) => Promise<void>,
    errors: unknown[],
  ): void {
    const instance = this.instances[place];
    if (instance === undefined) throw new RangeError(`no instance at place ${place}`);
    if (this.#usesDevice(place)) this.#onDevice++;
    const work = step(instance).catch((error) => {
      errors.push(error);
    }).then(() => {
      if (this.#usesDevice(place)) this.#onDevice--;
      this.#running.delete(work);
      for (const other of this.#dependents[place] ?? []) this.#release(other);
    });
    this.#running.add(work);
  }

  #release(place: number): void {
    const missing = (this.#missing[place] ?? 0) - 1;
    this.#missing[place] = missing;
    if (missing > 0) return;
    const at = this.#ready.findLastIndex((other) => other < place);
    this.#ready.splice(at + 1, 0, place);
  }

  #usesDevice(place: number): boolean {
    return this.instances[place]?.module.usesDevice === true;
  }
}
