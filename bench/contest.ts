/**
 * The workers of one section: started, compared task by task, ended; and what went wrong on the way.
 * @module
 */
import type { Task } from "./protocol.ts";
import type { Compared } from "./results.ts";
import { compare, type Effort } from "./rounds.ts";
import { speedup, spread } from "./statistics.ts";
import { type Contestant, MissingError, Worker } from "./worker.ts";

/** Ours and its peers, ready to be compared. */
export class Contest implements AsyncDisposable {
  /** What went wrong, as sentences without a full stop; in the order it happened. */
  readonly problems: string[] = [];
  /** True once a peer failed or computed something else. */
  failed = false;
  readonly #workers: Worker[] = [];

  private constructor(private readonly effort: Effort) {}

  /** Starts ours, then the peers; a peer that is not there is noted. Throws where ours cannot start. */
  static async start(
    ours: Contestant,
    peers: readonly Contestant[],
    effort: Effort,
  ): Promise<Contest> {
    const contest = new Contest(effort);
    contest.#workers.push(await Worker.start(ours));
    for (const peer of peers) {
      try {
        contest.#workers.push(await Worker.start(peer));
      } catch (error) {
        if (!(error instanceof MissingError)) throw error;
        contest.note(`${peer.name}: not measured (${error.message})`);
      }
    }
    return contest;
  }

  /** Versions of those who take part, by name. */
  get versions(): Record<string, string> {
    return Object.fromEntries(this.#workers.map(({ name, details }) => [name, details.version]));
  }

  /** Our worker. */
  get ours(): Worker {
    return this.#workers[0]!;
  }

  /**
   * Measures a task on all. `label` names it in problems; `amount` is the work of one repetition, so
   * that rates are amount per second. `tolerance` says how far checks may lie apart. `alone` leaves the
   * peers out of this one.
   */
  async run(
    label: string,
    task: Task,
    options: { readonly amount: number; readonly tolerance: number; readonly alone?: boolean },
  ): Promise<Compared> {
    const { seconds, problems } = await compare(
      options.alone ? [this.ours] : this.#workers,
      task,
      options.tolerance,
      this.effort,
    );
    for (const [name, problem] of problems) {
      this.failed = true;
      this.note(`${name}, ${label}: ${problem}`);
    }
    return ratesOf(seconds, options.amount);
  }

  /** Ends the workers. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) await worker[Symbol.asyncDispose]();
  }

  /** Tells a problem now, and keeps it for the results. */
  note(problem: string): void {
    this.problems.push(problem);
    console.error(problem);
  }
}

/** Rates from seconds by name, `ours` among them; names without seconds are left out. */
export function ratesOf(
  seconds: ReadonlyMap<string, readonly number[]>,
  amount: number,
): Compared {
  const own = seconds.get("ours")!;
  const rows = [...seconds].filter(([, values]) => values.length > 0).map(([name, values]) => {
    const { median, min, max } = spread(values);
    return {
      name,
      rate: amount / median,
      range: { min: amount / max, max: amount / min },
      ratio: speedup(own, values),
    };
  });
  const peers = rows.filter(({ name }) => name !== "ours");
  return {
    ours: rows.find(({ name }) => name === "ours")!.rate,
    peers: Object.fromEntries(peers.map(({ name, rate }) => [name, rate])),
    ranges: Object.fromEntries(rows.map(({ name, range }) => [name, range])),
    ratios: Object.fromEntries(peers.map(({ name, ratio }) => [name, ratio])),
  };
}
