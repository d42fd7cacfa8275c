/** The corridor with one thing changed about what it gives. */
import type { Environment, Info, Observation, StepResult } from "../../envs/environment.ts";
import { Corridor } from "./corridor.ts";

export function observing(change: (seen: Observation) => Observation): Environment {
  return new (class extends Corridor {
    protected override observation(): Observation {
      return change(super.observation());
    }
  })(6);
}

export function informing(change: (info: Info) => Info): Environment {
  return new (class extends Corridor {
    protected override info(): Info {
      return change(super.info());
    }
  })(6);
}

export function stepping(change: (result: StepResult) => StepResult): Environment {
  return new (class extends Corridor {
    override step(label: string): StepResult {
      return change(super.step(label));
    }
  })(6);
}
