/**
 * A user's own environment, as small as it gets: walk from a seeded cell of a corridor to its end.
 * The tests load it by path, and break it in many ways.
 */
import { z } from "zod";
import type {
  Environment,
  EnvironmentModule,
  Info,
  Observation,
  ResetOptions,
  ResetResult,
  StepResult,
} from "../../envs/environment.ts";
import { Random } from "../../std/random.ts";

export class Corridor implements Environment {
  protected cell = 0;
  protected steps = 0;
  protected over = true;

  constructor(protected readonly length: number) {}

  reset({ seed, state, split }: ResetOptions): ResetResult {
    const half = Math.floor(this.length / 2);
    const random = new Random(seed);
    this.cell = (state as { cell: number } | undefined)?.cell ??
      (split === "test" ? random.below(half) : half + random.below(this.length - half));
    this.steps = 0;
    this.over = false;
    return { observation: this.observation(), info: this.info() };
  }

  step(label: string): StepResult {
    if (this.over) throw new Error("the episode is over; call reset");
    if (label !== "0" && label !== "1") throw new RangeError(label);
    this.cell = Math.max(0, this.cell + (label === "1" ? 1 : -1));
    this.steps++;
    const terminated = this.cell >= this.length;
    const truncated = !terminated && this.steps === 20;
    this.over = terminated || truncated;
    return {
      observation: this.observation(),
      reward: terminated ? 1 : 0,
      terminated,
      truncated,
      info: this.info(),
    };
  }

  expert(): string | undefined {
    return this.over ? undefined : "1";
  }

  remark(): string | undefined {
    return this.over ? undefined : "The door is ahead. So I go on.";
  }

  mistakes(): string[] {
    return this.over ? [] : ["0"];
  }

  protected observation(): Observation {
    return {
      history: "",
      state: `The door is ${this.length - this.cell} cells ahead.`,
      actions: [{ label: "0", text: "back" }, { label: "1", text: "on" }],
    };
  }

  protected info(): Info {
    return {
      success: this.cell >= this.length,
      state: { cell: this.cell },
    };
  }
}

const corridor: EnvironmentModule<{ length: number }> = {
  name: "corridor",
  version: "1",
  description: "Walk to the end of a corridor.",
  with: z.strictObject({ length: z.int().min(2).default(6) }),
  tasks: ["walk"],
  make: ({ length }) => new Corridor(length),
};
export default corridor;
