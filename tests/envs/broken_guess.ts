/** The environment of workflows/custom/, broken as its author might have broken it: one flaw each. */
import type { Observation, ResetOptions } from "../../envs/environment.ts";
import { Guess } from "../../workflows/custom/guess.ts";

let resets = 0;

/** The flaw, the check that must find it, and what it must say. */
export const brokenGuesses: Record<
  string,
  { make: () => Guess; check: string; says: string }
> = {
  "a secret that does not come from the seed": {
    make: () =>
      new (class extends Guess {
        protected override draw(_seed: number, task: string, split: string) {
          return super.draw(resets++, task, split);
        }
      })(),
    check: "reset is seeded",
    says: "everything random must come from the seed",
  },
  "a history that reset does not clear": {
    make: () =>
      new (class extends Guess {
        override reset(options: ResetOptions) {
          const { last } = this;
          super.reset(options);
          this.last = last;
          return this.seen();
        }
      })(),
    check: "episodes leave nothing behind",
    says: "reset must forget everything",
  },
  "labels that begin at 1": {
    make: () =>
      new (class extends Guess {
        protected override observe(): Observation {
          const { actions, ...rest } = super.observe();
          return {
            ...rest,
            actions: actions.map(({ label, text }) => ({ label: `${Number(label) + 1}`, text })),
          };
        }
        override step(label: string) {
          return super.step(`${Number(label) - 1}`);
        }
        override expert(): string | undefined {
          const label = super.expert();
          return label && `${Number(label) + 1}`;
        }
      })(),
    check: "labels are the first of 0 to 199, then letters",
    says: "reset: 10 actions must carry the labels 0 to 9, each once; got 1, 2, 3",
  },
  "the same label for two guesses": {
    make: () =>
      new (class extends Guess {
        protected override observe(): Observation {
          const { actions, ...rest } = super.observe();
          return { ...rest, actions: actions.with(7, { label: "1", text: "guess 7" }) };
        }
      })(),
    check: "labels are unique single words",
    says: 'reset: label "1" is offered twice',
  },
  "guesses that run out by rule and by limit": {
    make: () =>
      new (class extends Guess {
        override step(label: string) {
          return { ...super.step(label), truncated: this.state.left === 0 };
        }
      })(),
    check: "every episode ends, either terminated or truncated",
    says: "terminated and truncated at once",
  },
  "a hint that tells the secret in other words": {
    make: () =>
      new (class extends Guess {
        protected override observe(): Observation {
          const seen = super.observe();
          return { ...seen, state: `${seen.state} ${this.state.secret > 4 ? "High" : "Low"}.` };
        }
      })(),
    check: "the hidden state does not leak into observations",
    says: "the observation changes with info.state.secret, which the player must not see",
  },
  "an expert who guesses what it cannot be": {
    make: () =>
      new (class extends Guess {
        override expert(): string | undefined {
          return this.over() ? undefined : this.state.low > 0 ? "0" : "9";
        }
      })(),
    check: "the expert reaches success in every task",
    says: 'task "three": the expert succeeded in none of 10 episodes',
  },
  "a snapshot whose secret is drawn anew": {
    make: () =>
      new (class extends Guess {
        override reset(options: ResetOptions) {
          super.reset(options);
          const { low, high } = this.state;
          this.state.secret = low + options.seed % (high - low + 1);
          return this.seen();
        }
      })(),
    check: "reset({ state }) returns to a state",
    says: "reset({ state }) did not return there",
  },
  "a snapshot that leaves out what was decided": {
    make: () =>
      new (class extends Guess {
        #mood = 0;
        override step(label: string) {
          return { ...super.step(label), reward: ++this.#mood };
        }
        override reset(options: ResetOptions) {
          if (options.state === undefined) this.#mood = 0;
          return super.reset(options);
        }
      })(),
    check: "reset({ state }) returns to a state",
    says: "two instances with the same seed went on differently",
  },
};
