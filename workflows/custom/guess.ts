/** A game of one's own: find a secret digit in as many guesses as halving takes. */
import { z } from "zod";
import type { EnvironmentModule, Observation, ResetOptions } from "../../envs/environment.ts";
import { Random } from "../../std/random.ts";

const DIGITS = Array.from("0123456789");

/** How many digits are possible in each task, and how many guesses there are: enough for who halves. */
const TASKS = { three: { width: 3, guesses: 2 }, seven: { width: 7, guesses: 3 } };

const digit = z.int().min(0).max(9);
const stateSchema = z.strictObject({ low: digit, high: digit, left: z.int().min(1), secret: digit })
  .refine(({ low, high, secret }) => low <= secret && secret <= high, "secret: low to high");

export class Guess {
  /** All there is to know. No observation may depend on the secret. */
  protected state = { low: 1, high: 0, left: 0, secret: 0 };
  protected last = "";

  reset({ seed, task = "seven", split = "all", state }: ResetOptions) {
    this.last = "";
    this.state = state === undefined ? this.draw(seed, task, split) : stateSchema.parse(state);
    return this.seen();
  }

  step(label: string) {
    const { low, high, secret, left } = this.state;
    if (this.over()) throw new Error("the episode is over; call reset");
    const guess = DIGITS.indexOf(label);
    if (guess < 0) throw new RangeError(`expected a label from "0" to "9", got "${label}"`);
    this.last = `${guess} was ${guess < secret ? "low" : guess > secret ? "high" : "right"}. `;
    // Once the digit is found, nothing lies between the bounds.
    this.state = {
      low: guess <= secret ? Math.max(low, guess + 1) : low,
      high: guess >= secret ? Math.min(high, guess - 1) : high,
      left: left - 1,
      secret,
    };
    // To run out of guesses is a rule of the game, not a limit around it: terminated, not truncated.
    const reward = guess === secret ? 1 : 0;
    return { ...this.seen(), reward, terminated: this.over(), truncated: false };
  }

  expert(): string | undefined {
    return this.over() ? undefined : DIGITS[(this.state.low + this.state.high) >> 1];
  }

  protected draw(seed: number, task: string, split: string) {
    if (task !== "three" && task !== "seven") throw new RangeError(`no task "${task}"`);
    const { width, guesses } = TASKS[task];
    // Where the digits begin at 2 or 6, the start is kept for tests.
    const lows = DIGITS.keys().filter((low) => low + width <= DIGITS.length)
      .filter((low) => split === "all" || (low % 4 === 2) === (split === "test"));
    const random = new Random(seed);
    const low = random.pick([...lows]);
    return { low, high: low + width - 1, left: guesses, secret: low + random.below(width) };
  }

  protected over(): boolean {
    return this.state.left === 0 || this.state.low > this.state.high;
  }

  protected observe(): Observation {
    const { low, high, left } = this.state;
    const state = low > high ? "Found." : `It lies from ${low} to ${high}. Guesses left ${left}.`;
    const actions = DIGITS.map((label) => ({ label, text: `guess ${label}` }));
    return { history: this.last, state, actions };
  }

  protected seen() {
    const info = { success: this.state.low > this.state.high, state: { ...this.state } };
    return { observation: this.observe(), info };
  }
}

const guess: EnvironmentModule<Record<string, never>> = {
  name: "guess",
  version: "1",
  description: "Find a secret digit; every guess is told to be too low or too high.",
  with: z.strictObject({}),
  tasks: Object.keys(TASKS),
  make: () => new Guess(),
};
export default guess;
