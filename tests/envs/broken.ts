/** Environments that break the contract, one clause each. */
import type {
  Environment,
  Observation,
  ResetOptions,
  ResetResult,
  StepResult,
} from "../../envs/environment.ts";
import { informing, observing, stepping } from "./changed_corridor.ts";
import { Corridor } from "./corridor.ts";

let counter = 0;
let shared = 0;

/** Environments with one flaw each: the check that must find it, and what it must say. */
export const broken: Record<
  string,
  { make: () => Environment; check: string; says: string }
> = {
  "a start that ignores the seed": {
    make: () =>
      new (class extends Corridor {
        override reset(options: ResetOptions): ResetResult {
          return super.reset({
            ...options,
            state: options.state ?? { cell: counter++ % 4 },
          });
        }
      })(6),
    check: "reset is seeded",
    says: "everything random must come from the seed",
  },
  "steps that differ each time": {
    make: () =>
      new (class extends Corridor {
        override step(label: string): StepResult {
          return { ...super.step(label), reward: counter++ };
        }
      })(6),
    check: "steps are deterministic",
    says: "step 1: the same seed and labels gave",
  },
  "a crash in the starts of tests": {
    make: () =>
      new (class extends Corridor {
        override reset(options: ResetOptions): ResetResult {
          if (options.split === "test") new Array(-1);
          return super.reset(options);
        }
      })(6),
    check: "training and test starts are apart",
    says: "Invalid array length",
  },
  "an episode kept outside the instance": {
    make: () =>
      new (class extends Corridor {
        override reset(options: ResetOptions): ResetResult {
          const result = super.reset(options);
          shared = this.cell;
          return result;
        }
        override step(label: string): StepResult {
          this.cell = shared;
          const result = super.step(label);
          shared = this.cell;
          return result;
        }
      })(6),
    check: "instances are independent",
    says: "must belong to the instance",
  },
  "steps that the last episode has left": {
    make: () =>
      new (class extends Corridor {
        override reset(options: ResetOptions): ResetResult {
          const { steps } = this;
          const result = super.reset(options);
          this.steps = steps % 18;
          return result;
        }
      })(6),
    check: "episodes leave nothing behind",
    says: "reset must forget everything",
  },
  "no state text": {
    make: () => observing(({ history, actions }) => ({ history, state: "", actions })),
    check: "observations have the right shape",
    says: "seed 0, reset: observation.state is empty",
  },
  "labels of two words": {
    make: () =>
      observing((seen) => ({
        ...seen,
        actions: [...seen.actions, { label: "go on", text: "on" }],
      })),
    check: "labels are unique single words",
    says: '"go on" is empty or has white space',
  },
  "a label that comes too late": {
    make: () =>
      observing(({ actions, ...seen }) => ({
        ...seen,
        actions: actions.map(({ label, text }) => ({ label: label === "1" ? "2" : label, text })),
      })),
    check: "labels are the first of 0 to 199, then letters",
    says: "2 actions must carry the labels 0 to 1, each once; got 0, 2",
  },
  "a label twice": {
    make: () =>
      observing((seen) => ({
        ...seen,
        actions: [...seen.actions, ...seen.actions],
      })),
    check: "labels are unique single words",
    says: 'label "0" is offered twice',
  },
  "an unknown label taken for a step": {
    make: () =>
      new (class extends Corridor {
        override step(label: string): StepResult {
          return super.step(label === "1" ? "1" : "0");
        }
      })(6),
    check: "an unknown label is a RangeError",
    says: 'step("no such label") was accepted; expected a RangeError',
  },
  "the next label taken for a step": {
    make: () =>
      new (class extends Corridor {
        override step(label: string): StepResult {
          return super.step(label === "2" ? "1" : label);
        }
      })(6),
    check: "an unknown label is a RangeError",
    says: 'step("2") was accepted; expected a RangeError',
  },
  "a step without an episode": {
    make: () =>
      new (class extends Corridor {
        protected override over = false;
      })(6),
    check: "stepping before reset throws",
    says: "a step was taken before any episode was started",
  },
  "success from the start": {
    make: () => informing((info) => ({ ...info, success: true })),
    check: "info has success and a serialisable state",
    says: "reset: info.success is true before the first step",
  },
  "an episode that never ends": {
    make: () =>
      new (class extends Corridor {
        override step(label: string): StepResult {
          this.steps = 0;
          return super.step(this.cell + 1 >= this.length ? "0" : label);
        }
      })(6),
    check: "every episode ends, either terminated or truncated",
    says: "seed 0, step 50: the episode still goes on; truncate it at a horizon",
  },
  "both ends at once": {
    make: () => stepping((result) => ({ ...result, truncated: result.terminated })),
    check: "every episode ends, either terminated or truncated",
    says: "terminated and truncated at once",
  },
  "steps after the end": {
    make: () =>
      new (class extends Corridor {
        override step(label: string): StepResult {
          this.over = false;
          return super.step(label);
        }
      })(6),
    check: "stepping after the end throws",
    says: "a step was taken although the episode was over",
  },
  "success that is a number": {
    make: () =>
      informing((info) => ({
        ...info,
        success: Number(info.success) as never,
      })),
    check: "info has success and a serialisable state",
    says: "expected info.success to be true or false, got 0",
  },
  "a state that JSON cannot hold": {
    make: () => informing((info) => ({ ...info, state: new Map([["cell", 1]]) })),
    check: "info has success and a serialisable state",
    says: "changes on its way through JSON",
  },
  "a reward that is not a number": {
    make: () => stepping((result) => ({ ...result, reward: 0 / 0 })),
    check: "rewards are finite numbers",
    says: "step 1: expected a finite reward, got NaN",
  },
  "a reset that ignores the state": {
    make: () =>
      new (class extends Corridor {
        override reset({ seed }: ResetOptions): ResetResult {
          return super.reset({ seed });
        }
      })(6),
    check: "reset({ state }) returns to a state",
    says: "reset({ state }) did not return there",
  },
  "a snapshot that loses an action": {
    make: () =>
      new (class extends Corridor {
        override reset(options: ResetOptions): ResetResult {
          const { observation, info } = super.reset(options);
          const actions = observation.actions.slice(0, options.state === undefined ? 2 : 1);
          return { observation: { ...observation, actions }, info };
        }
      })(6),
    check: "reset({ state }) returns to a state",
    says: "reset({ state }) did not return there",
  },
  "an expert with labels of its own": {
    make: () =>
      new (class extends Corridor {
        override expert(): string {
          return "2";
        }
      })(6),
    check: "the expert's labels are offered",
    says: 'the expert says "2", which is not offered (0 1)',
  },
  "an expert who goes the wrong way": {
    make: () =>
      new (class extends Corridor {
        override expert(): string {
          return "0";
        }
      })(6),
    check: "the expert reaches success in every task",
    says: "the expert succeeded in none of 10 episodes",
  },
  "an empty remark": {
    make: () =>
      new (class extends Corridor {
        override remark(): string {
          return "";
        }
      })(6),
    check: "remarks are text",
    says: 'expected remark() to give text or undefined, got ""',
  },
  "a mistake that is not offered": {
    make: () =>
      new (class extends Corridor {
        override mistakes(): string[] {
          return ["2"];
        }
      })(6),
    check: "mistakes to plant are offered, and not the expert's",
    says: 'mistakes() names "2", which is not offered (0 1)',
  },
  "a mistake that is the best thing to do": {
    make: () =>
      new (class extends Corridor {
        override mistakes(): string[] {
          return ["1"];
        }
      })(6),
    check: "mistakes to plant are offered, and not the expert's",
    says: 'mistakes() names "1", the expert\'s own label',
  },
  "the hidden state in the history": {
    make: () =>
      new (class extends Corridor {
        protected override observation(): Observation {
          const history = `${JSON.stringify({ cell: this.cell })} `;
          return { ...super.observation(), history };
        }
      })(6),
    check: "the hidden state does not leak into observations",
    says: 'the observation holds info.state as JSON: {"cell":',
  },
  "one observation for all steps": {
    make: () => {
      const seen = {
        history: "",
        state: "",
        actions: [] as Observation["actions"],
      };
      return observing((observation) => Object.assign(seen, observation));
    },
    check: "observations do not change after they were given",
    says: "return a new one from each step",
  },
  "splits that overlap": {
    make: () =>
      new (class extends Corridor {
        override reset({ split, ...options }: ResetOptions): ResetResult {
          return super.reset({
            ...options,
            seed: options.seed + (split === "test" ? 1 : 0),
          });
        }
      })(6),
    check: "training and test starts are apart",
    says: 'starts a training episode and one of split "test"',
  },
};
