/**
 * How far a stage is, how fast, and how long it will take, from its progress events.
 * @module
 */
import type { StageProgress } from "../engine/events.ts";
import { duration, quantity } from "./words.ts";

/** Follows one attempt of one stage. */
export class ProgressMeter {
  #began: number;
  #first: { time: number; done: number } | undefined;
  #last: { time: number; event: StageProgress } | undefined;

  /** `now` in milliseconds: when the attempt began. */
  constructor(now: number) {
    this.#began = now;
  }

  /** Takes in an event that arrived at `now`. */
  update(event: StageProgress, now: number): void {
    // What a stage does before its first step says nothing about its rate.
    if (this.#first === undefined || event.done < this.#first.done) {
      this.#first = { time: now, done: event.done };
    }
    this.#last = { time: now, event };
  }

  /** Share of the work that is done, 0 to 1; undefined before the first event. */
  get share(): number | undefined {
    if (this.#last === undefined) return undefined;
    const { done, total } = this.#last.event;
    return total > 0 ? Math.min(1, done / total) : 0;
  }

  /** `168/400 steps, 12.3/s, 18 s left`; the time so far where there is no event yet. */
  describe(now: number): string {
    if (this.#last === undefined) return duration((now - this.#began) / 1000);
    const { time, event: { done, total, unit } } = this.#last;
    const parts = [`${quantity(done)}/${quantity(total)} ${unit}`];
    const rate = this.#rate();
    if (rate !== undefined) {
      parts.push(`${quantity(rate)}/s`);
      const left = (total - done) / rate - (now - time) / 1000;
      if (done < total) parts.push(`${duration(Math.max(0, left))} left`);
    }
    return parts.join(", ");
  }

  /** Units a second as of the newest event; undefined until there is enough to tell. */
  #rate(): number | undefined {
    if (this.#first === undefined || this.#last === undefined) return undefined;
    const { time, event: { done } } = this.#last;
    const seconds = (time - this.#first.time) / 1000;
    const since = done - this.#first.done;
    if (since > 0 && seconds > 0.2) return since / seconds;
    const whole = (time - this.#began) / 1000;
    return done > 0 && whole > 1 ? done / whole : undefined;
  }
}
