/**
 * Trajectories for supervised learning: noisy ones, and good ones with one mistake in them.
 * @module
 */
import type { Spoiler } from "../agents/agent.ts";
import type { Environment, Observation, ResetOptions } from "../envs/environment.ts";
import type { Random } from "../std/random.ts";
import type { Behaviour, Situation } from "./behaviour.ts";

/** A situation in which an action was taken. */
export interface Visit {
  /** What the player was shown. */
  readonly observation: Observation;
  /** What the teacher knows of it. */
  readonly spoiler: Spoiler;
  /** The label that was taken. */
  readonly label: string;
  /** True where the label is a planted mistake, from which nobody should learn to act. */
  readonly planted: boolean;
  /** Labels that the environment would plant here; undefined where it leaves that open. */
  readonly mistakes: readonly string[] | undefined;
}

/** An episode from its start to its end. */
export interface Trajectory {
  /** One visit a step, in order. */
  readonly visits: readonly Visit[];
  /** True where the task was achieved. */
  readonly success: boolean;
}

type Choose = (
  situation: Situation,
  step: number,
) => Promise<string> | string;

/** An episode played by a behaviour. */
export function playTrajectory(
  env: Environment,
  start: ResetOptions,
  behaviour: Behaviour,
  random: Random,
): Promise<Trajectory> {
  return play(
    env,
    start,
    async (situation) => await behaviour.act(situation, random),
  );
}

/**
 * The expert's episode with one mistake planted: at a random step a wrong action is taken that does not
 * end the episode, and the expert goes on from there. Wrong is what makes the episode longer or spoils its
 * success, so another equally short way does not count. Where the environment says which labels make good
 * mistakes (`mistakes()`), only those are tried. Undefined where no mistake can be planted.
 * Throws an Error where the environment cannot plan.
 */
export async function playNegative(
  env: Environment,
  start: ResetOptions,
  random: Random,
): Promise<Trajectory | undefined> {
  const good = await play(env, start, expertLabel);
  for (const step of random.shuffle([...good.visits.keys()])) {
    const visit = good.visits[step] as Visit;
    const labels = visit.mistakes ?? visit.observation.actions.map(({ label }) => label);
    const others = labels.filter((label) => label !== visit.label);
    for (const wrong of random.shuffle(others)) {
      const trajectory = await play(
        env,
        start,
        (situation, now) => now === step ? wrong : expertLabel(situation),
        step,
      );
      if (isMistake(trajectory, good, step)) return trajectory;
    }
  }
  return undefined;
}

function isMistake(tried: Trajectory, good: Trajectory, step: number): boolean {
  const goesOn = tried.visits.length > step + 1;
  const worse = tried.visits.length > good.visits.length ||
    (good.success && !tried.success);
  return goesOn && worse;
}

function expertLabel({ observation, best }: Situation): string {
  if (best !== undefined) return best;
  throw new Error(
    `negative examples need an environment that can plan, and expert() gave nothing on ${
      JSON.stringify(observation.state)
    }: set negatives to 0, or give the environment an expert()`,
  );
}

async function play(
  env: Environment,
  start: ResetOptions,
  choose: Choose,
  planted?: number,
): Promise<Trajectory> {
  const visits: Visit[] = [];
  let { observation, info } = await env.reset(start);
  for (let ended = false; !ended;) {
    const best = await env.expert?.();
    const remark = await env.remark?.();
    const mistakes = await env.mistakes?.();
    const step = visits.length;
    const label = await choose({ observation, best }, step);
    visits.push({
      observation,
      spoiler: {
        ...(best === undefined ? {} : { best }),
        ...(remark === undefined ? {} : { remark }),
      },
      label,
      planted: step === planted,
      mistakes,
    });
    const result = await env.step(label);
    ({ observation, info } = result);
    ended = result.terminated || result.truncated;
  }
  return { visits, success: info.success };
}
